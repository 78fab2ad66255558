"""Money asked back by the buyer herself: within the rule that her order was placed under it goes by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Sentence, say
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.errors import NotByRule
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.models import OrderLine, SalesOrder
from xingtan.domains.commerce.rules.refunds import NotBack, why_not_back
from xingtan.domains.commerce.use_cases.orders import own_order
from xingtan.domains.commerce.use_cases.refunds import refund_whole
from xingtan.domains.commerce.views import OrderView, RefundPolicy

_KEPT_STATES = ("paid", "partly_refunded")
_WHY: dict[NotBack, Sentence] = {
    "not_paid": say("Nothing of this order can go back."),
    "other_kind": say("What was bought here goes back on a page of its own."),
    "group": say("A place in a group goes back by itself when the group does not fill in time."),
    "too_late": say("The days in which it goes back by itself are over."),
    "too_far": say("More of it has been completed than the rule allows."),
}


@dataclass(frozen=True, slots=True)
class AskBack:
    """Which order's money is asked back. `completed_bp`: how much of it has been learned, as learning says."""

    number: str
    completed_bp: int
    key: str


def ask_back(session: Session, viewer: Viewer, command: AskBack, *, clock: Clock) -> UUID:
    """Have all that is left of the viewer's own order go back, and return the refund; the same key again returns it.

    `NotByRule` when the rule does not give it, `Conflict` when nothing is left.
    """
    one_time = OneTimeKey(f"ask-back:{viewer.require_person()}", command.key, {"number": command.number})
    known = recall(session, one_time)
    if known is not None:
        return UUID(known["refund_id"])
    order = own_order(session, viewer, command.number)
    why = _why_not(session, order, command, clock=clock)
    if why is not None:
        raise NotByRule(_WHY[why], reason=why)
    refund_id = refund_whole(session, order, reason="buyer_asked", by=viewer.person_id, clock=clock)
    if refund_id is None:
        raise Conflict(say("All of it is back already, or on its way."))
    remember(session, one_time, {"refund_id": str(refund_id)}, at=clock.now())
    details = {"order_id": str(order.id), "completed_bp": command.completed_bp, "version": order.policy["version"]}
    note_action(session, Action("refund.by_rule", "refund", refund_id, viewer.person_id, details), clock=clock)
    return refund_id


def why_not_by_rule(order: OrderView, *, completed_bp: int, at: datetime) -> NotBack | None:
    """Return why an order's money does not go back by itself; None when it does."""
    return why_not_back(
        order.policy, order_kind=order.kind, paid_at=order.paid_at if order.state in _KEPT_STATES else None, at=at,
        completed_bp=completed_bp, kinds=[line.kind for line in order.lines],
    )  # fmt: skip


def _why_not(session: Session, order: SalesOrder, command: AskBack, *, clock: Clock) -> NotBack | None:
    kinds = session.scalars(select(OrderLine.kind).where(OrderLine.order_id == order.id)).all()
    return why_not_back(
        RefundPolicy(**order.policy), order_kind=order.kind,
        paid_at=order.paid_at if order.state in _KEPT_STATES else None, at=clock.now(),
        completed_bp=command.completed_bp, kinds=kinds,
    )  # fmt: skip
