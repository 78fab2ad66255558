"""Promotions, read."""
