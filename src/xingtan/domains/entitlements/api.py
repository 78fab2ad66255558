"""The door to entitlements."""

from xingtan.domains.entitlements.queries import (
    Holding,
    Right,
    accessible,
    has_access,
    holder_count,
    holdings,
    may_use,
    rights_from,
)
from xingtan.domains.entitlements.use_cases import Grant, SourceKind, end, grant

__all__ = [
    "Grant",
    "Holding",
    "Right",
    "SourceKind",
    "accessible",
    "end",
    "grant",
    "has_access",
    "holder_count",
    "holdings",
    "may_use",
    "rights_from",
]
