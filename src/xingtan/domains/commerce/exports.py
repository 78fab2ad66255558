"""What a person takes along of her purchases: her part of «my data»."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.queries.orders import orders_in_full
from xingtan.domains.commerce.views import OrderView, PaymentView, RefundView
from xingtan.infra.vault import Vault


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of every domain's part
    """Return the person's orders with their lines, payments and refunds, oldest first, as plain data."""
    return {"orders": [_order(one) for one in orders_in_full(session, Viewer(person_id))]}


def _order(order: OrderView) -> Mapping[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "total": _amount(order.total),
        "refunded": _amount(order.refunded),
        "placed_at": order.placed_at.isoformat(),
        "paid_at": _instant(order.paid_at),
        "refund_rule_days": order.policy.days,
        "language": order.language,
        "lines": [
            {"product": public_id("product", one.product_id), "title": one.title, "amount": _amount(one.amount)}
            for one in order.lines
        ],
        "payments": [_payment(one) for one in order.payments],
        "refunds": [_refund(one) for one in order.refunds],
    }


def _payment(payment: PaymentView) -> Mapping[str, Any]:
    return {
        "provider": payment.provider,
        "reference": payment.reference,
        "state": payment.state,
        "amount": _amount(payment.amount),
        "started_at": payment.created_at.isoformat(),
        "settled_at": _instant(payment.settled_at),
    }


def _refund(refund: RefundView) -> Mapping[str, Any]:
    return {
        "state": refund.state,
        "amount": _amount(refund.amount),
        "reason": refund.reason,
        "requested_at": refund.created_at.isoformat(),
        "settled_at": _instant(refund.settled_at),
    }


def _amount(amount: Money) -> str:
    return f"{amount.major()} {amount.currency}"


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
