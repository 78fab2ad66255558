"""Referrals, through their rows."""
