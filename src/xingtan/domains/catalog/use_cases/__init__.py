"""What can be done to the catalogue: one file per noun."""
