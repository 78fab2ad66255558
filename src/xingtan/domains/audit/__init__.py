"""Who did what, kept for good: an append-only list that nobody, the owner included, can edit."""
