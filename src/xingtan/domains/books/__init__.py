"""Books: double entry for every fact that moves money. Nothing here knows what was sold, or to whom."""
