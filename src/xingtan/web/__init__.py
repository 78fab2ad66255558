"""The pages and the API: one room per domain, one typed page per template."""
