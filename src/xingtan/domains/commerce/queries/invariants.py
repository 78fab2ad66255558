"""What must hold of commerce at any moment, recomputed from the rows. An empty list: all of it holds."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.machines import KEPT
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder
from xingtan.domains.entitlements import api as entitlements

UNKNOWN_AT_MOST = timedelta(hours=24)
_PAID = ("paid", "partly_refunded", "refunded")


def check(session: Session, *, at: datetime) -> list[str]:
    """Return what does not hold: M5, M7, M9, M10, M13, E1, E2; the books' own M1 to M3 are `books.api.check`."""
    return [
        *_refunds_exceed(session),
        *_paid_otherwise_than_once(session),
        *_lines_miss_the_total(session),
        *_books_differ(session),
        *_unknown_too_long(session, at),
        *_access_differs(session, at),
    ]


def _refunds_exceed(session: Session) -> Iterator[str]:
    back: dict[UUID, int] = defaultdict(int)
    live = select(Refund.payment_id, Refund.amount_minor).where(Refund.state != "failed")
    for payment_id, minor in session.execute(live):
        back[payment_id] += minor
    for payment in session.scalars(select(Payment)):
        if back[payment.id] != payment.refunding_minor or payment.refunding_minor > (payment.received_minor or 0):
            yield f"M5: payment {payment.id} gives back {back[payment.id]} of {payment.received_minor}"


def _paid_otherwise_than_once(session: Session) -> Iterator[str]:
    kept = dict(
        session.execute(
            select(Payment.order_id, func.count()).where(Payment.state.in_(KEPT)).group_by(Payment.order_id)
        ).all()
    )
    for order in session.scalars(select(SalesOrder)):
        wanted = 1 if order.state in _PAID and order.total_minor else 0
        if kept.get(order.id, 0) != wanted:
            yield f"M7: order {order.number} is {order.state} and keeps {kept.get(order.id, 0)} payments"


def _lines_miss_the_total(session: Session) -> Iterator[str]:
    sums = select(SalesOrder.number, SalesOrder.total_minor, func.sum(OrderLine.amount_minor))
    grouped = sums.join(OrderLine, OrderLine.order_id == SalesOrder.id).group_by(SalesOrder.id)
    for number, total, of_lines in session.execute(grouped):
        if total != of_lines:
            yield f"M9: the lines of order {number} add up to {of_lines} instead of {total}"


def _books_differ(session: Session) -> Iterator[str]:
    """Compare what the books say of each provider with what payments and refunds say (M10's near side)."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for payment in session.scalars(select(Payment).where(Payment.received_minor.is_not(None))):
        wanted[books.provider_account(payment.provider), payment.received_currency or ""] += payment.received_minor or 0
    settled = select(Payment.provider, Refund.currency, Refund.amount_minor).join(
        Payment, Payment.id == Refund.payment_id
    )
    for provider, currency, minor in session.execute(settled.where(Refund.state == "succeeded")):
        wanted[books.provider_account(provider), currency] -= minor
    found = {
        (one.account, one.balance.currency): one.balance.minor
        for one in books.trial_balance(session, SYSTEM)
        if one.account.startswith("assets:provider:")
    }
    for account, currency in wanted.keys() | found.keys():
        theirs, ours = found.get((account, currency), 0), wanted.get((account, currency), 0)
        if theirs != ours:
            yield f"M10: the books say {theirs} {currency} in {account}, the payments say {ours}"


def _unknown_too_long(session: Session, at: datetime) -> Iterator[str]:
    old = at - UNKNOWN_AT_MOST
    for payment_id in session.scalars(select(Payment.id).where(Payment.state == "unknown", Payment.created_at < old)):
        yield f"M13: payment {payment_id} has been unknown for more than a day"
    for refund_id in session.scalars(select(Refund.id).where(Refund.state == "unknown", Refund.created_at < old)):
        yield f"M13: refund {refund_id} has been unknown for more than a day"


def _access_differs(session: Session, at: datetime) -> Iterator[str]:
    """Compare what orders say of access with what entitlements say: E1, E2 and E3."""
    gives = {
        (order_id, person_id, product_id): state in ("paid", "partly_refunded")
        for order_id, person_id, product_id, state in session.execute(
            select(SalesOrder.id, SalesOrder.person_id, OrderLine.product_id, SalesOrder.state).join(
                OrderLine, OrderLine.order_id == SalesOrder.id
            )
        )
    }
    live = {
        (one.source_id, one.person_id, one.product_id)
        for one in entitlements.rights_from(session, ("order", "free"), at=at)
    }
    for key, should in gives.items():
        if should and key not in live:
            yield f"E1: order {key[0]} is paid, and gives no access"
        if not should and key in live:
            yield f"E2: order {key[0]} gives access, and is not paid"
    yield from (f"E1: a right names order {order_id}, which has no such line" for order_id, _, _ in live - gives.keys())
