"""Closed vocabularies as constraints."""

from collections.abc import Iterable


def one_of(column: str, words: Iterable[str]) -> str:
    """Return the SQL condition that `column` holds one of `words`."""
    return f"({column} IN ({', '.join(repr(word) for word in sorted(words))}))"
