"""News: a fact that one domain tells and others may hear.

A subclass is a frozen dataclass whose fields are plain data (UUID, datetime, str, int, bool, None, `Money`, tuples of
these) and never personal data: an event outlives the person's key.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """A fact, named in the past tense by `kind`, e.g. ``commerce.order_paid``."""

    kind: ClassVar[str]
