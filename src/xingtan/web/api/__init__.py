"""The academy for programs: ``/api/v1``."""
