"""What must hold of promotion at any moment, recomputed from the rows."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import CodeBatch, Gift, OrderLine, RedeemCode, SalesOrder
from xingtan.domains.entitlements import api as entitlements


def check(session: Session, *, at: datetime) -> Iterator[str]:
    """Yield what does not hold: M12 for codes, E5 for gifts, and what gifts owe."""
    yield from _codes_differ(session)
    yield from _gifts_owe_otherwise(session)
    yield from _gifts_give_otherwise(session, at)


def _codes_differ(session: Session) -> Iterator[str]:
    redeemed = select(RedeemCode.batch_id, func.count()).where(RedeemCode.state == "redeemed")
    counts = dict(session.execute(redeemed.group_by(RedeemCode.batch_id)).all())
    for batch_id, taken in session.execute(select(CodeBatch.id, CodeBatch.taken)):
        if counts.get(batch_id, 0) != taken:
            yield f"M12: batch {batch_id} counts {taken} codes, {counts.get(batch_id, 0)} are redeemed"


def _gifts_owe_otherwise(session: Session) -> Iterator[str]:
    net = OrderLine.amount_minor - OrderLine.tax_minor - (OrderLine.returned_minor - OrderLine.returned_tax_minor)
    owed = (
        select(SalesOrder.currency, func.sum(net))
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .join(Gift, Gift.id == OrderLine.subject_id)
        .where(OrderLine.kind == "gift", Gift.state.in_(("waiting", "returning")))
        .group_by(SalesOrder.currency)
    )
    wanted = {currency: int(minor) for currency, minor in session.execute(owed) if minor}
    stands = {
        one.balance.currency: -one.balance.minor
        for one in books.trial_balance(session, SYSTEM)
        if one.account == books.GIFTS and one.balance
    }
    for currency in sorted(wanted.keys() | stands.keys()):
        if wanted.get(currency, 0) != stands.get(currency, 0):
            yield f"M9: gifts owe {wanted.get(currency, 0)} {currency}, the books say {stands.get(currency, 0)}"


def _gifts_give_otherwise(session: Session, at: datetime) -> Iterator[str]:
    rights = {one.source_id: one.person_id for one in entitlements.rights_from(session, ("gift",), at=at)}
    for gift in session.scalars(select(Gift)):
        wanted = gift.claimed_by_id if gift.state == "claimed" else None
        if rights.get(gift.id) != wanted:
            yield f"E5: gift {gift.id} is {gift.state} and gives a right to {rights.get(gift.id)}"
