"""Commission is earned when an order is paid, and taken back as its money goes back. Jobs that may run twice."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.affiliates.program import program_of
from xingtan.domains.commerce.events import CommissionAccrued, CommissionReversed
from xingtan.domains.commerce.models import (
    Affiliate,
    Commission,
    CommissionMove,
    CommissionRule,
    OrderAttribution,
    OrderLine,
    SalesOrder,
)
from xingtan.domains.commerce.rules.commission import Rule, commission, rule_for, taken_back
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

EARNING_KINDS = ("access", "rental", "subscription", "instalment", "group", "gift", "credits")
"""Lines that earn commission; money that is put aside (`top_up`) and custom work do not."""

_MONTH = timedelta(days=31)


def accrue(session: Session, order_id: UUID, *, clock: Clock) -> None:
    """Write what the affiliate of a paid order earns, line by line; once for each line."""
    order = session.get_one(SalesOrder, order_id, with_for_update=True)
    found = _attribution(session, order)
    if found is None or order.paid_at is None:
        return
    affiliate = session.get_one(Affiliate, found.affiliate_id, with_for_update=True)
    if affiliate.state != "active" or affiliate.person_id == order.person_id:
        return
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order.id, OrderLine.kind.in_(EARNING_KINDS))
        .order_by(OrderLine.position)
    ).all()
    rules = [rule_of(row) for row in session.scalars(select(CommissionRule))]
    for line in lines:
        _accrue_line(session, affiliate, order, line, rules, clock=clock)
    session.flush()


def reverse(session: Session, line_id: UUID, *, clock: Clock) -> None:
    """Take back what a line's commission is too much by now, after money of the line went back."""
    line = session.get_one(OrderLine, line_id)
    order = session.get_one(SalesOrder, line.order_id, with_for_update=True)
    row = session.scalar(select(Commission).where(Commission.line_id == line_id).with_for_update())
    if row is None:
        accrue(session, order.id, clock=clock)  # the refund was told before the sale
        row = session.scalar(select(Commission).where(Commission.line_id == line_id).with_for_update())
        if row is None:
            return
    session.refresh(line)
    returned = line.returned_minor - line.returned_tax_minor
    back = taken_back(row.net_minor, row.rate_bp, returned_minor=returned, before=row.reversed_minor)
    if back <= 0:
        return
    row.reversed_minor += back
    _move(session, row, "reversal", -back, clock=clock)
    amount = Money(back, row.currency)
    lines = (books.Line(books.AFFILIATES, amount), books.Line(books.COMMISSION, -amount))
    key = f"commission-back:{row.id}:{row.reversed_minor}"
    books.post(session, books.Entry(key, "commission_back", "commission", row.id, lines), clock=clock)
    emit(session, CommissionReversed(row.id, row.affiliate_id, row.order_id, amount), at=clock.now())
    session.flush()


def rule_of(row: CommissionRule) -> Rule:
    """Return the rule that a row holds."""
    return Rule(
        row.id, row.affiliate_id, row.product_id, row.product_kind, row.rate_bp, row.renewals, row.months,
        Period(row.starts_at, row.ends_at), row.created_at,
    )  # fmt: skip


def _attribution(session: Session, order: SalesOrder) -> OrderAttribution | None:
    """Return the order's own attribution; for a renewal or a change that of the order that began the subscription."""
    own = session.get(OrderAttribution, order.id)
    if own is not None or order.kind == "checkout":
        return own
    first = _first_order(session, order)
    return None if first is None else session.get(OrderAttribution, first.id)


def _first_order(session: Session, order: SalesOrder) -> SalesOrder | None:
    mine = select(OrderLine.subject_id).where(OrderLine.order_id == order.id, OrderLine.subject_id.is_not(None))
    return session.scalar(
        select(SalesOrder)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(OrderLine.subject_id.in_(mine), SalesOrder.paid_at.is_not(None))
        .order_by(SalesOrder.paid_at, SalesOrder.id)
        .limit(1)
    )


def _accrue_line(
    session: Session, affiliate: Affiliate, order: SalesOrder, line: OrderLine, rules: list[Rule], *, clock: Clock
) -> None:  # fmt: skip
    if session.scalar(select(Commission.id).where(Commission.line_id == line.id)) is not None:
        return
    cards = catalog.find_products(session, [line.product_id] if line.product_id else [])
    kind = next((card.kind for card in cards.values()), None)
    rule = rule_for(
        rules, affiliate_id=affiliate.id, product_id=line.product_id, product_kind=kind, at=order.placed_at
    )  # fmt: skip
    net = line.amount_minor - line.tax_minor
    if rule is None or not _counts(session, order, rule) or not (minor := commission(net, rule.rate_bp)):
        return
    assert order.paid_at is not None  # noqa: S101 - `accrue` looked
    row = Commission(
        id=new_id(), affiliate_id=affiliate.id, order_id=order.id, line_id=line.id, rule_id=rule.id,
        currency=order.currency, net_minor=net, rate_bp=rule.rate_bp, amount_minor=minor, reversed_minor=0,
        accrued_at=clock.now(), matures_at=order.paid_at + timedelta(days=program_of(session).mature_days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _move(session, row, "accrual", minor, clock=clock)
    amount = Money(minor, order.currency)
    lines = (books.Line(books.COMMISSION, amount), books.Line(books.AFFILIATES, -amount))
    books.post(session, books.Entry(f"commission:{row.id}", "commission", "commission", row.id, lines), clock=clock)
    emit(session, CommissionAccrued(row.id, affiliate.id, order.id, amount), at=clock.now())


def _counts(session: Session, order: SalesOrder, rule: Rule) -> bool:
    """Say whether a later payment of a subscription still earns by the rule."""
    if order.kind == "checkout" or rule.renewals == "always":
        return True
    if rule.renewals == "first" or rule.months is None:
        return False
    first = _first_order(session, order)
    return first is not None and first.paid_at is not None and order.placed_at < first.paid_at + rule.months * _MONTH


def _move(session: Session, row: Commission, kind: str, minor: int, *, clock: Clock) -> None:
    session.add(
        CommissionMove(
            id=new_id(), affiliate_id=row.affiliate_id, commission_id=row.id, payout_id=None, kind=kind,
            currency=row.currency, amount_minor=minor, at=clock.now(),
            matures_at=row.matures_at if kind == "accrual" else clock.now(),
        )
    )  # fmt: skip
