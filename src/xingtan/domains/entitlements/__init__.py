"""Entitlements: who may use what, since when, and by what right."""
