"""The business, one package per domain, each with one door: `api`."""
