"""Checkout, orders and receipts; the sandbox's hosted page; the studio's orders, prices and books."""
