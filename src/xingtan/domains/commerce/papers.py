"""From money to paper: what comes is receipted, what goes back is credited, in the words of the order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.machines import KEPT
from xingtan.domains.commerce.models import Dispute, OrderLine, Payment, Refund, RefundLine, SalesOrder
from xingtan.infra.platform import Platform

WRITE_RECEIPT = "commerce.write_receipt"
WRITE_CREDIT_NOTE = "commerce.write_credit_note"


def write_receipt(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    """Receipt the money that paid an order; nothing for an order that was free."""
    _receipt(session, platform, UUID(args["event"]["order_id"]))


def write_credit_note(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    """Credit what a refund or a lost dispute took out of an order, after the receipt that it corrects."""
    event = args["event"]
    order = session.get_one(SalesOrder, UUID(event["order_id"]))
    if "refund_id" in event:
        refund = session.get_one(Refund, UUID(event["refund_id"]))
        mine, key, reason = RefundLine.refund_id == refund.id, f"refund:{refund.id}", refund.reason
        payment_id = refund.payment_id
    else:
        dispute = session.get_one(Dispute, UUID(event["dispute_id"]))
        mine, key, reason = RefundLine.dispute_id == dispute.id, f"dispute:{dispute.id}:dispute_lost", "charged_back"
        payment_id = dispute.payment_id
    lines = _gone(session, order, mine)
    if not lines:  # won, or money that was never ours to keep
        return
    _receipt(session, platform, order.id)
    facts = documents.CreditFacts(key, f"payment:{payment_id}", reason, lines)
    documents.issue_credit_note(session, facts, clock=platform.clock)


def _receipt(session: Session, platform: Platform, order_id: UUID) -> None:
    payment = session.scalar(select(Payment).where(Payment.order_id == order_id, Payment.state.in_(KEPT)))
    if payment is None:
        return
    order = session.get_one(SalesOrder, order_id)
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position))
    facts = documents.DocumentFacts(
        f"payment:{payment.id}", order.id, order.number, order.person_id, order.language, payment.provider,
        tuple(_line(row, row.amount_minor, row.tax_minor, order.currency) for row in rows if row.amount_minor),
    )  # fmt: skip
    documents.issue_receipt(session, facts, vault=platform.vault, clock=platform.clock)


def _gone(session: Session, order: SalesOrder, mine: ColumnElement[bool]) -> tuple[documents.DocumentLine, ...]:
    rows: Sequence[Any] = session.execute(
        select(OrderLine, RefundLine.amount_minor, RefundLine.tax_minor)
        .join(RefundLine, RefundLine.line_id == OrderLine.id)
        .where(mine)
        .order_by(OrderLine.position)
    ).all()
    return tuple(_line(row, amount, tax, order.currency) for row, amount, tax in rows)


def _line(row: OrderLine, amount: int, tax: int, currency: str) -> documents.DocumentLine:
    taxed = documents.Taxed(Money(amount - tax, currency), Money(tax, currency), Money(amount, currency))
    rate = documents.Rate(row.tax_bp, "exclusive" if row.tax_is_added else "inclusive")
    return documents.DocumentLine(row.title, taxed, rate)
