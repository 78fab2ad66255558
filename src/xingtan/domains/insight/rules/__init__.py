"""Pure rules of insight."""
