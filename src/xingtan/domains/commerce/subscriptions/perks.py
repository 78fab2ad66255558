"""What members pay less: the largest discount of their tiers, on what is kept or rented and not theirs already."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.rules.quoting import Discount, NewLine, reduced
from xingtan.domains.commerce.subscriptions.tiers import memberships

LOWERED = ("access", "rental")


def less_membership(
    session: Session, person_id: UUID | None, lines: Sequence[NewLine], *, at: datetime
) -> tuple[NewLine, ...]:  # fmt: skip
    """Return the lines lowered by the person's best membership; unchanged for others."""
    joined = memberships(session, person_id, at=at) if person_id is not None else ()
    mine = [one for one in joined if one.is_paid]  # what is kept for ever is not lowered by a trial
    if not mine or not mine[0].discount_bp:
        return tuple(lines)
    best = mine[0]
    label = next(iter(best.names.values()), "")
    return tuple(
        reduced(line, Discount("member", best.tier_id, label, line.reduced.share(best.discount_bp)))
        if line.kind in LOWERED else line
        for line in lines
    )  # fmt: skip
