"""The outside world, once each: database, outbox, jobs, mail, files, search, vault, settings, telemetry."""
