"""The door to entitlements."""

from xingtan.domains.entitlements.exports import export_part
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
from xingtan.domains.entitlements.use_cases import Grant, PastRight, SourceKind, end, grant, keep_past_rights

__all__ = [
    "Grant",
    "Holding",
    "PastRight",
    "Right",
    "SourceKind",
    "accessible",
    "end",
    "export_part",
    "grant",
    "has_access",
    "holder_count",
    "holdings",
    "keep_past_rights",
    "may_use",
    "rights_from",
]
