"""Pure rules of commerce."""
