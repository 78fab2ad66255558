"""Xingtan 杏坛: a paid-knowledge business in a box for one independent creator."""

__version__ = "0.1.0"
