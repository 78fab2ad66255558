"""Messages: written when an event is told, written to try an endpoint out, sent again, forgotten when old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.ids import public_id
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.webhooks.machines import MESSAGE
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.domains.webhooks.queries import message
from xingtan.domains.webhooks.rules.vocabulary import BY_KIND, TEST, body_of, data_of
from xingtan.domains.webhooks.views import MessageView
from xingtan.domains.webhooks.waking import lock_endpoint, plan_delivery
from xingtan.infra.db import new_id

KEPT = timedelta(days=30)
"""A message that has not moved for so long is forgotten, with its log; so is one that waited in vain."""


def spread(
    session: Session, kind: str, payload: Mapping[str, Any], *, event_id: UUID, occurred_at: datetime, clock: Clock
) -> int:
    """Write a told event as a message for each endpoint that hears it, once; return how many were written."""
    public = BY_KIND[kind]
    listening = session.execute(select(Endpoint.id, Endpoint.events).order_by(Endpoint.id)).all()
    ids = [endpoint_id for endpoint_id, types in listening if public.type in types]
    if not ids:
        return 0
    body, written = body_of(public.type, at=occurred_at, data=data_of(public, payload)), 0
    for endpoint_id in ids:
        endpoint = lock_endpoint(session, endpoint_id)
        if endpoint is not None and not _has(session, event_id, endpoint_id):
            _write(session, endpoint, public.type, body, event_id=event_id, at=clock.now())
            written += 1
    return written


def send_test(session: Session, endpoint_id: UUID, *, viewer: Viewer, clock: Clock) -> MessageView:
    """Write a ``webhook.test`` message for an endpoint that is active, and return it."""
    viewer.require(Permission.SETTINGS_WRITE)
    endpoint, now = _locked(session, endpoint_id), clock.now()
    if endpoint.state != "active":
        raise Conflict(say("This webhook is paused or turned off. Resume it first."))
    body = body_of(TEST, at=now, data={"webhook_id": public_id("webhook", endpoint_id)})
    row = _write(session, endpoint, TEST, body, event_id=new_id(), at=now)
    return message(session, viewer, endpoint_id, row.id).message


def replay_message(
    session: Session, endpoint_id: UUID, message_id: UUID, *, viewer: Viewer, clock: Clock
) -> MessageView:
    """Send a message again from the start of the schedule, under its old id; `Conflict` when it is waiting anyway."""
    viewer.require(Permission.SETTINGS_WRITE)
    endpoint = _locked(session, endpoint_id)
    row = session.get(Message, message_id, with_for_update=True)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound(say("There is no such message."))
    _replay(row, at=clock.now())
    plan_delivery(session, endpoint, at=clock.now())
    _note(session, endpoint, 1, viewer=viewer, clock=clock)
    return message(session, viewer, endpoint_id, message_id).message


def replay_failed(session: Session, endpoint_id: UUID, *, since: datetime, viewer: Viewer, clock: Clock) -> int:
    """Send again every message that was given up and was written at `since` or later; return how many."""
    viewer.require(Permission.SETTINGS_WRITE)
    endpoint = _locked(session, endpoint_id)
    state = MESSAGE.after("failed", "replayed")
    again = (
        update(Message)
        .where(Message.endpoint_id == endpoint_id, Message.state == "failed", Message.created_at >= since)
        .values(state=state, tries=0, next_at=clock.now())
        .returning(Message.id)
    )
    count = len(session.scalars(again).all())
    plan_delivery(session, endpoint, at=clock.now())
    if count:
        _note(session, endpoint, count, viewer=viewer, clock=clock)
    return count


def forget_old(session: Session, *, clock: Clock) -> None:
    """Delete messages that are older than `KEPT`, whatever became of them, with their attempts."""
    old = select(Message.id).where(Message.created_at < clock.now() - KEPT)
    session.execute(delete(Attempt).where(Attempt.message_id.in_(old)))
    session.execute(delete(Message).where(Message.created_at < clock.now() - KEPT))


def wake_stranded(session: Session, *, clock: Clock) -> None:
    """Plan a delivery for each endpoint whose messages wait and for which none is planned: the last net."""
    now = clock.now()
    stranded = select(Endpoint.id).where(
        Endpoint.state == "active",
        Endpoint.id.in_(select(Message.endpoint_id).where(Message.state == "waiting", Message.next_at <= now)),
    )
    for endpoint_id in session.scalars(stranded.order_by(Endpoint.id)).all():
        endpoint = lock_endpoint(session, endpoint_id)
        if endpoint is not None:
            plan_delivery(session, endpoint, at=now)


def _locked(session: Session, endpoint_id: UUID) -> Endpoint:
    endpoint = lock_endpoint(session, endpoint_id)
    if endpoint is None:
        raise NotFound(say("There is no such webhook."))
    return endpoint


def _has(session: Session, event_id: UUID, endpoint_id: UUID) -> bool:
    known = select(Message.id).where(Message.event_id == event_id, Message.endpoint_id == endpoint_id)
    return session.scalar(known) is not None


def _write(session: Session, endpoint: Endpoint, kind: str, body: str, *, event_id: UUID, at: datetime) -> Message:
    row = Message(
        id=new_id(), endpoint_id=endpoint.id, event_id=event_id, type=kind, body=body, state=MESSAGE.initial,
        attempts=0, tries=0, next_at=at, created_at=at,
    )  # fmt: skip
    session.add(row)
    plan_delivery(session, endpoint, at=at)
    return row


def _replay(row: Message, *, at: datetime) -> None:
    row.state, row.tries, row.next_at = MESSAGE.after(row.state, "replayed"), 0, at


def _note(session: Session, endpoint: Endpoint, count: int, *, viewer: Viewer, clock: Clock) -> None:
    act = Action("webhook.replayed", "webhook", endpoint.id, viewer.person_id, {"messages": count})
    note_action(session, act, clock=clock)
