"""What changes endpoints and messages."""
