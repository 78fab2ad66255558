"""Seeing to it that a job comes for an endpoint's next message: one, at the right time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.webhooks.models import Endpoint
from xingtan.domains.webhooks.queries import next_due
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue

DELIVER = "webhooks.deliver"
_LATEST = timedelta(minutes=10)
"""A planned delivery that has not come so long after its time is not waited for any more."""


def lock_endpoint(session: Session, endpoint_id: UUID) -> Endpoint | None:
    """Return the endpoint, locked: whoever touches its messages holds this row first."""
    return session.get(Endpoint, endpoint_id, with_for_update=True, populate_existing=True)


def plan_delivery(session: Session, endpoint: Endpoint, *, at: datetime) -> None:
    """Enqueue a delivery for the moment at which the next message may go, unless one comes by then anyway."""
    session.flush()
    due = next_due(session, endpoint.id)
    if endpoint.state != "active" or due is None:
        return
    due = max(due, endpoint.rests_until or due, at)
    if endpoint.wakes_at is not None and at - _LATEST <= endpoint.wakes_at <= due:
        return
    endpoint.wakes_at = due
    enqueue(session, DELIVER, {"endpoint_id": str(endpoint.id)}, key=f"{DELIVER}:{new_id()}", at=due)
