"""Pure reckoning of numbers, from spans of time that are paid for."""
