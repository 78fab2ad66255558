"""Wallets, credits and uses: what was paid ahead, and how it is used up. How orders are paid is not known here."""
