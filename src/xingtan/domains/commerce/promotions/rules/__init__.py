"""Pure rules of promotion."""
