"""Any sequence of everything that can happen in commerce."""
