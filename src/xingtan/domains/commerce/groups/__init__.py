"""Buying together: a place is paid, and becomes the thing itself when the group is complete."""
