"""What the numbers are reckoned from, read from the rows of commerce and from the books."""
