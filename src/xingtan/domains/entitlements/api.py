"""The door to entitlements."""

from xingtan.domains.entitlements.queries import Holding, accessible, has_access, holder_count, holdings, may_use
from xingtan.domains.entitlements.use_cases import Grant, SourceKind, end, grant

__all__ = [
    "Grant",
    "Holding",
    "SourceKind",
    "accessible",
    "end",
    "grant",
    "has_access",
    "holder_count",
    "holdings",
    "may_use",
]
