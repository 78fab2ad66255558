"""What a person takes along of her purchases: her part of «my data»."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.link_exports import affiliate_part
from xingtan.domains.commerce.promotions.exports import promotion_part
from xingtan.domains.commerce.queries.orders import orders_in_full
from xingtan.domains.commerce.rules.plain import amount_text, instant_text
from xingtan.domains.commerce.services.exports import service_part
from xingtan.domains.commerce.subscriptions.queries import my_subscriptions
from xingtan.domains.commerce.subscriptions.views import SubscriptionRow
from xingtan.domains.commerce.views import OrderView, PaymentView, RefundView
from xingtan.domains.commerce.wallets.exports import wallet_part
from xingtan.infra.vault import Vault


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:
    """Return the person's orders (with lines, payments, refunds; oldest first), subscriptions and all beside them."""
    mine, now = Viewer(person_id), clock.now()
    return {
        "orders": [_order(one) for one in orders_in_full(session, mine)],
        "subscriptions": [_subscription(one) for one in my_subscriptions(session, mine)],
        **promotion_part(session, mine, vault=vault),
        **affiliate_part(session, mine, at=now),
        **wallet_part(session, mine, at=now),
        **service_part(session, mine, at=now, vault=vault),
    }


def _subscription(row: SubscriptionRow) -> Mapping[str, Any]:
    return {
        "title": row.title,
        "state": row.state,
        "price": amount_text(row.price),
        "every": row.interval,
        "started_at": row.started_at.isoformat(),
        "paid_until": row.period_ends_at.isoformat(),
        "ended_at": instant_text(row.ended_at),
    }


def _order(order: OrderView) -> Mapping[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "total": amount_text(order.total),
        "refunded": amount_text(order.refunded),
        "placed_at": order.placed_at.isoformat(),
        "paid_at": instant_text(order.paid_at),
        "refund_rule_days": order.policy.days,
        "language": order.language,
        "lines": [
            {
                "product": public_id("product", one.product_id) if one.product_id else None,
                "kind": one.kind,
                "title": one.title,
                "amount": amount_text(one.amount),
                "tax": amount_text(one.tax),
                "reductions": [
                    {"kind": it.kind, "label": it.label, "amount": amount_text(it.amount)} for it in one.discounts
                ],
            }
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
        "amount": amount_text(payment.amount),
        "started_at": payment.created_at.isoformat(),
        "settled_at": instant_text(payment.settled_at),
    }


def _refund(refund: RefundView) -> Mapping[str, Any]:
    return {
        "state": refund.state,
        "amount": amount_text(refund.amount),
        "reason": refund.reason,
        "requested_at": refund.created_at.isoformat(),
        "settled_at": instant_text(refund.settled_at),
    }
