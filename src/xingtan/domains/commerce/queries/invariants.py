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
from xingtan.domains.commerce.models import (
    Deferral,
    Dispute,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    Reservation,
    SalesOrder,
)
from xingtan.domains.commerce.money_in import WALLET
from xingtan.domains.commerce.queries import (
    invariants_affiliates,
    invariants_groups,
    invariants_promotions,
    invariants_services,
    invariants_subscriptions,
    invariants_wallets,
)
from xingtan.domains.commerce.reservations import COUNTERS
from xingtan.domains.entitlements import api as entitlements

UNKNOWN_AT_MOST = timedelta(hours=24)
_PAID = ("paid", "partly_refunded", "refunded", "charged_back")


def check(session: Session, *, at: datetime) -> list[str]:
    """Return what does not hold: M5, M7, M9, M10, M13, E1, E2; the books' own M1 to M3 are `books.api.check`."""
    return [
        *_refunds_exceed(session),
        *_paid_otherwise_than_once(session),
        *_lines_miss_the_total(session),
        *_lines_return_otherwise(session),
        *_deferred_differs(session),
        *_counters_differ(session),
        *_books_differ(session),
        *_unknown_too_long(session, at),
        *_access_differs(session, at),
        *invariants_affiliates.check(session, at=at),
        *invariants_groups.check(session, at=at),
        *invariants_promotions.check(session, at=at),
        *invariants_services.check(session, at=at),
        *invariants_subscriptions.check(session, at=at),
        *invariants_wallets.check(session, at=at),
    ]


def _refunds_exceed(session: Session) -> Iterator[str]:
    back: dict[UUID, int] = defaultdict(int)
    live = select(Refund.payment_id, Refund.amount_minor).where(Refund.state != "failed")
    for payment_id, minor in session.execute(live):
        back[payment_id] += minor
    disputed: dict[UUID, int] = defaultdict(int)
    for payment_id, minor in session.execute(
        select(Dispute.payment_id, Dispute.amount_minor).where(Dispute.state != "won")
    ):
        disputed[payment_id] += minor
    for payment in session.scalars(select(Payment)):
        wanted = (back[payment.id], disputed[payment.id])
        if wanted != (payment.refunding_minor, payment.disputed_minor) or sum(wanted) > (payment.received_minor or 0):
            yield f"M5: payment {payment.id} gives back {sum(wanted)} of {payment.received_minor}"


def _lines_return_otherwise(session: Session) -> Iterator[str]:
    """Compare what lines say went back with what refunds and lost disputes say of them."""
    said: dict[UUID, tuple[int, int]] = {
        line_id: (int(minor), int(tax))
        for line_id, minor, tax in session.execute(
            select(RefundLine.line_id, func.sum(RefundLine.amount_minor), func.sum(RefundLine.tax_minor)).group_by(
                RefundLine.line_id
            )
        )
    }
    wanted = select(OrderLine).where((OrderLine.returned_minor > 0) | (OrderLine.returned_tax_minor > 0))
    for line in session.scalars(wanted):
        if said.pop(line.id, (0, 0)) != (line.returned_minor, line.returned_tax_minor):
            yield f"M9: line {line.id} says {line.returned_minor} went back, its refunds say otherwise"
    yield from (f"M9: line {line_id} gave back what it does not know of" for line_id in said)


def _deferred_differs(session: Session) -> Iterator[str]:
    """Compare what the books defer with what the rows have not earned yet."""
    rest = Deferral.total_minor - Deferral.earned_minor - Deferral.returned_minor
    rows = {
        currency: int(minor)
        for currency, minor in session.execute(select(Deferral.currency, func.sum(rest)).group_by(Deferral.currency))
    }
    for currency in rows.keys() | {one.balance.currency for one in books.trial_balance(session, SYSTEM)}:
        theirs = -books.balance(session, SYSTEM, account=books.DEFERRED, currency=currency).minor
        if theirs != rows.get(currency, 0):
            yield f"M3: the books defer {theirs} {currency}, the rows {rows.get(currency, 0)}"


def _counters_differ(session: Session) -> Iterator[str]:
    """Compare each counter of scarce things with the orders that hold or have them (M6, M12)."""
    for kind, counter in COUNTERS.items():
        live = dict(
            session.execute(
                select(Reservation.source_id, func.count())
                .where(Reservation.kind == kind, Reservation.state != "released")
                .group_by(Reservation.source_id)
            ).all()
        )
        for row_id, taken in session.execute(select(counter.row_id, counter.taken)):
            if taken != live.get(row_id, 0):
                yield f"M12: {kind} {row_id} counts {taken}, and {live.get(row_id, 0)} orders have it"


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
        if payment.provider != WALLET:
            theirs = (payment.received_minor or 0) - payment.fee_minor - payment.disputed_minor
            wanted[books.provider_account(payment.provider), payment.received_currency or ""] += theirs
    settled = select(Payment.provider, Refund.currency, Refund.amount_minor).join(
        Payment, Payment.id == Refund.payment_id
    )
    for provider, currency, minor in session.execute(
        settled.where(Refund.state == "succeeded", Payment.provider != WALLET)
    ):
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
    """Compare what orders say of access for ever with what entitlements say: E1, E2 and E3."""
    gives: dict[tuple[UUID, UUID, UUID | None], bool] = defaultdict(bool)
    rows = select(
        SalesOrder.id, SalesOrder.person_id, OrderLine.product_id, SalesOrder.state,
        OrderLine.amount_minor - OrderLine.returned_minor, OrderLine.amount_minor,
    ).join(OrderLine, OrderLine.order_id == SalesOrder.id)  # fmt: skip
    for order_id, person_id, product_id, state, left, amount in session.execute(rows.where(OrderLine.kind == "access")):
        is_live = state in ("paid", "partly_refunded") and (left > 0 or amount == 0)
        gives[order_id, person_id, product_id] |= is_live
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
