"""Groups, through their rows."""
