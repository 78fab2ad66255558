"""Pure rules of privacy: purposes, their texts, and what a stranger's browser says."""
