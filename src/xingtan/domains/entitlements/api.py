"""The door to entitlements."""

from xingtan.domains.entitlements.exports import export_part
from xingtan.domains.entitlements.parts import PartGrant, end_part, grant_part, holds_part, part_sources, parts_held
from xingtan.domains.entitlements.queries import (
    Holding,
    Right,
    accessible,
    has_access,
    holder_count,
    holdings,
    last_end,
    may_use,
    owned_for_good,
    rights_from,
)
from xingtan.domains.entitlements.use_cases import (
    Grant,
    PastRight,
    SourceKind,
    end,
    extend,
    grant,
    keep_past_rights,
    shorten,
)

__all__ = [
    "Grant",
    "Holding",
    "PartGrant",
    "PastRight",
    "Right",
    "SourceKind",
    "accessible",
    "end",
    "end_part",
    "export_part",
    "extend",
    "grant",
    "grant_part",
    "has_access",
    "holder_count",
    "holdings",
    "holds_part",
    "keep_past_rights",
    "last_end",
    "may_use",
    "owned_for_good",
    "part_sources",
    "parts_held",
    "rights_from",
    "shorten",
]
