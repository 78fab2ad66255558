"""Promotion: coupons, redeem codes, gifts, bundles, add-ons, purchasing power, checkouts that were left."""
