"""Fiscal documents: receipts, invoices and credit notes, numbered without gaps; and the tax that stands in them."""
