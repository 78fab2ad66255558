"""The worker: turns news into jobs, runs jobs, keeps the schedule. In the web process, or beside it."""
