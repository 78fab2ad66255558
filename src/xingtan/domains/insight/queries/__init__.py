"""What the studio reads of the behaviour log."""
