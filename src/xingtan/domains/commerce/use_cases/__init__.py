"""What changes an offer, an order, a payment or a refund."""
