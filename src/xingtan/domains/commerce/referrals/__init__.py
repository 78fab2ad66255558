"""Referrals: a learner's own link gives a friend a discount once, and her a reward when the order is mature."""
