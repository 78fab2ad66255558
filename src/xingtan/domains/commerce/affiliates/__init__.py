"""Affiliates (推广员): who brought a buyer earns a share of what she paid, for as long as it stays paid."""
