"""Insight: what people did, if they allowed it, and what the owner may read from it."""
