"""The rows behind each number: what it is the sum, or the count, of."""

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Deferral, OrderLine, SalesOrder
from xingtan.domains.commerce.numbers.queries.sold import sold
from xingtan.domains.commerce.numbers.queries.spans import spans, trials
from xingtan.domains.commerce.numbers.rules.curves import Span, curves, standing
from xingtan.domains.commerce.numbers.rules.movements import KINDS, Movement, movements
from xingtan.domains.commerce.numbers.rules.sales import AHEAD, Sold
from xingtan.domains.commerce.numbers.views import Row


def rows(session: Session, viewer: Viewer, code: str, *, over: Period, currency: str) -> tuple[Row, ...]:
    """Return the rows behind a number of `FORMULAS` or a kind of movement, of one currency and a period that ends.

    They name people, so whoever asks may read orders; `NotFound` for a number that has no rows of its own.
    """
    viewer.require(Permission.ORDERS_READ)
    read = _ROWS.get(code)
    if read is None:
        raise NotFound(say("There is nothing here."))
    return tuple(one for one in read(session, over) if one.amount.currency == currency)


def _monthly(session: Session, over: Period) -> Iterable[Row]:
    return (_span(one, one.monthly) for one in _standing(session, over))


def _yearly(session: Session, over: Period) -> Iterable[Row]:
    return (_span(one, one.yearly) for one in _standing(session, over))


def _standing(session: Session, over: Period) -> Iterable[Span]:
    assert over.ends_at is not None  # noqa: S101 - as `rows` promises
    return standing(spans(session, until=over.ends_at), before=over.ends_at)


def _span(one: Span, amount: Money) -> Row:
    return Row(
        one.starts_at, one.title, one.person_id, amount, subscription_id=one.subscription_id, word=str(one.every)
    )  # fmt: skip


def _moves(session: Session, over: Period, kinds: Iterable[str] = KINDS) -> Iterable[Row]:
    assert over.ends_at is not None  # noqa: S101 - as `rows` promises
    found = spans(session, until=over.ends_at)
    titles = {one.subscription_id: one.title for one in found}
    return (_move(one, titles) for one in movements(curves(found), over) if one.kind in kinds)


def _move(one: Movement, titles: Mapping[UUID, str]) -> Row:
    names = dict.fromkeys(titles[each] for each in one.subscription_ids)
    return Row(
        one.at, ", ".join(names), one.person_id, one.change, subscription_id=one.subscription_ids[0],
        before=one.before, after=one.after, word=one.kind,
    )  # fmt: skip


def _of_kind(kind: str) -> Callable[[Session, Period], Iterable[Row]]:
    return lambda session, over: _moves(session, over, (kind,))


def _trials(session: Session, over: Period) -> Iterable[Row]:
    for one in trials(session, over):
        word = "converted" if one.is_converted else "ended"
        yield Row(
            one.ended_at, one.title, one.person_id, Money(0, one.currency), subscription_id=one.subscription_id,
            word=word,
        )  # fmt: skip


def _sales(session: Session, over: Period) -> Iterable[Row]:
    return (_sold(one, one.gross) for one in sold(session, over) if one.kind != AHEAD and not one.is_return)


def _returns(session: Session, over: Period) -> Iterable[Row]:
    return (_sold(one, one.gross) for one in sold(session, over) if one.kind != AHEAD and one.is_return)


def _tax(session: Session, over: Period) -> Iterable[Row]:
    found = (one for one in sold(session, over) if one.kind != AHEAD and one.tax)
    return (_sold(one, -one.tax if one.is_return else one.tax) for one in found)


def _net(session: Session, over: Period) -> Iterable[Row]:
    found = (one for one in sold(session, over) if one.kind != AHEAD)
    return (_sold(one, -one.net if one.is_return else one.net) for one in found)


def _sold(one: Sold, amount: Money) -> Row:
    return Row(one.at, one.title, one.person_id, amount, order=one.order, word=one.kind)


def _deferred(session: Session, _over: Period) -> Iterable[Row]:
    """Yield what is not earned as it is now: earlier days are in the journal of the account."""
    rest = Deferral.total_minor - Deferral.earned_minor - Deferral.returned_minor
    wanted = (
        select(Deferral.ends_at, OrderLine.title, SalesOrder.person_id, SalesOrder.number, Deferral.currency, rest)
        .join(OrderLine, OrderLine.id == Deferral.line_id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(rest > 0)
        .order_by(Deferral.ends_at, Deferral.id)
    )
    for ends_at, title, person_id, number, currency, minor in session.execute(wanted):
        yield Row(ends_at, title, person_id, Money(minor, currency), order=number, word="until")


_ROWS: Mapping[str, Callable[[Session, Period], Iterable[Row]]] = {
    **dict.fromkeys(("mrr", "subscribers", "arpu"), _monthly),
    "arr": _yearly,
    **dict.fromkeys(("revenue_churn", "net_retention"), _moves),
    **dict.fromkeys(("ltv", "churn"), _of_kind("churned")),
    **{kind: _of_kind(kind) for kind in KINDS},
    "trial_conversion": _trials,
    "gross": _sales,
    **dict.fromkeys(("refunded", "refund_rate"), _returns),
    "tax": _tax,
    "net": _net,
    "deferred": _deferred,
}
