"""Subscriptions, membership tiers, instalments: what is paid again and again."""
