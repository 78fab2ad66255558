"""Commission: which rule counts, how much it gives, how much of it is left after a refund. Pure.

1. Commission is rounded down, so it never exceeds its rule. 2. It follows what is left of the line: taking back is the
difference between two roundings, and all of it goes with the last unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.period import Period

_WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A commission rule; None means any. `renewals`: first, months (of the first `months`), always."""

    id: UUID
    affiliate_id: UUID | None
    product_id: UUID | None
    product_kind: str | None
    rate_bp: int
    renewals: str
    months: int | None
    holds: Period
    created_at: datetime


def rule_for(
    rules: Iterable[Rule], *, affiliate_id: UUID, product_id: UUID | None, product_kind: str | None, at: datetime
) -> Rule | None:
    """Return the narrowest rule that holds: this affiliate before any, a product before a kind before any; newest."""
    fitting = [
        rule
        for rule in rules
        if at in rule.holds
        and rule.affiliate_id in (None, affiliate_id)
        and rule.product_id in (None, product_id)
        and rule.product_kind in (None, product_kind)
    ]
    return max(fitting, key=_narrowness, default=None)


def _narrowness(rule: Rule) -> tuple[bool, bool, bool, datetime, UUID]:
    return (
        rule.affiliate_id is not None, rule.product_id is not None, rule.product_kind is not None, rule.created_at,
        rule.id,
    )  # fmt: skip


def commission(net_minor: int, rate_bp: int) -> int:
    """Return what `rate_bp` of `net_minor` gives, rounded down."""
    return net_minor * rate_bp // _WHOLE_BP


def taken_back(net_minor: int, rate_bp: int, *, returned_minor: int, before: int) -> int:
    """Return how much more goes back once `returned_minor` of the net is gone, of which `before` went back already."""
    kept = commission(net_minor - returned_minor, rate_bp)
    return commission(net_minor, rate_bp) - kept - before
