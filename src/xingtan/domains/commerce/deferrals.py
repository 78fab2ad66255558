"""What was paid for days to come: earned day by day, and given back from what is not earned yet.

1. How much is earned at an instant is a pure function of the row (`earned_by`). 2. Earned, returned and rest add up
to the total at any moment (a constraint). 3. Earning twice at one instant earns once.
"""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import Deferral, OrderLine
from xingtan.domains.commerce.rules.earning import earned_by
from xingtan.infra.db import new_id

_AT_ONCE = 5_000


def defer(session: Session, line: OrderLine, net: Money, over: Period) -> None:
    """Have `net` of the line be earned over the period; nothing is earned of nothing."""
    if not net:
        return
    if over.ends_at is None:
        msg = "what is earned day by day has a last day"
        raise Broken(msg)
    session.add(
        Deferral(
            id=new_id(), line_id=line.id, currency=net.currency, total_minor=net.minor, earned_minor=0,
            returned_minor=0, starts_at=over.starts_at, ends_at=over.ends_at, closed_at=None,
        )
    )  # fmt: skip
    session.flush()


def take_back(session: Session, line_id: UUID, net: Money, *, at: datetime) -> list[tuple[str, Money]]:
    """Give `net` of a line back, what is not earned first; return the accounts that give it."""
    row = session.scalar(select(Deferral).where(Deferral.line_id == line_id).with_for_update())
    if row is None:
        return [(books.REFUNDS, net)]
    rest = row.total_minor - row.earned_minor - row.returned_minor
    unearned = min(net.minor, rest)
    row.returned_minor += unearned
    if unearned == rest and row.closed_at is None:
        row.closed_at = at
    shares = [(books.DEFERRED, Money(unearned, net.currency)), (books.REFUNDS, net - Money(unearned, net.currency))]
    return [(account, amount) for account, amount in shares if amount]


def earn_the_rest(session: Session, line_id: UUID, *, clock: Clock) -> None:
    """Earn what is left of the line's money now: its service is done, or has been ended without a refund."""
    row = session.scalar(select(Deferral).where(Deferral.line_id == line_id).with_for_update())
    if row is None or row.closed_at is not None:
        return
    rest = row.total_minor - row.earned_minor - row.returned_minor
    row.earned_minor, row.closed_at = row.earned_minor + rest, clock.now()
    _post(session, {row.currency: rest}, row.id, clock=clock)


def earn_due(session: Session, *, until: datetime, after: UUID | None, clock: Clock) -> UUID | None:
    """Earn what is due at `until` of the next lines behind `after`, in one entry per currency.

    Return the last one looked at, to go on behind it in a transaction of its own; None when there are no more.
    """
    wanted = select(Deferral).where(Deferral.closed_at.is_(None), Deferral.starts_at < until)
    if after is not None:
        wanted = wanted.where(Deferral.id > after)
    rows = session.scalars(wanted.order_by(Deferral.id).limit(_AT_ONCE).with_for_update()).all()
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        now_earned = _target(row, until)
        sums[row.currency] += now_earned - row.earned_minor
        row.earned_minor = now_earned
        if row.ends_at <= until:
            row.closed_at = until
    _post(session, sums, new_id(), clock=clock)
    return rows[-1].id if len(rows) == _AT_ONCE else None


def _target(row: Deferral, at: datetime) -> int:
    left = row.total_minor - row.returned_minor
    return max(row.earned_minor, earned_by(left, Period(row.starts_at, row.ends_at), at))


def _post(session: Session, sums: dict[str, int], reference_id: UUID, *, clock: Clock) -> None:
    for currency, minor in sorted(sums.items()):
        if not minor:
            continue
        amount = Money(minor, currency)
        lines = (books.Line(books.DEFERRED, amount), books.Line(books.SALES, -amount))
        entry = books.Entry(f"earned:{reference_id}:{currency}", "earned", "deferral", reference_id, lines)
        books.post(session, entry, clock=clock)
