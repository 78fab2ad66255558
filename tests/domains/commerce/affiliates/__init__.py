"""Affiliates, through their rows."""
