"""What a buyer tries who wants more than she pays for."""
