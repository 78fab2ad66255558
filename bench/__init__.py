"""Measurements, side by side with a floor in the same run; each module prints a table."""
