"""What the webhooks show to those who operate the academy."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.webhooks.machines import MESSAGE
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.domains.webhooks.views import AttemptView, EndpointView, MessageDetail, MessageView

_MOST = 100


def endpoints(session: Session, viewer: Viewer) -> list[EndpointView]:
    """Return every endpoint, oldest first; needs the right to operate the academy."""
    viewer.require(Permission.OPERATE)
    return _views(session, session.scalars(select(Endpoint).order_by(Endpoint.id)).all())


def endpoint(session: Session, viewer: Viewer, endpoint_id: UUID) -> EndpointView:
    """Return one endpoint."""
    viewer.require(Permission.OPERATE)
    return endpoint_view(session, endpoint_id)


def endpoint_view(session: Session, endpoint_id: UUID) -> EndpointView:
    """Return one endpoint, whoever asks; `NotFound` when there is none."""
    row = session.get(Endpoint, endpoint_id)
    if row is None:
        raise NotFound(say("There is no such webhook."))
    return _views(session, [row])[0]


def messages(
    session: Session,
    viewer: Viewer,
    endpoint_id: UUID,
    *,
    state: str = "",
    before: UUID | None = None,
    limit: int = 50,
) -> list[MessageView]:
    """Return an endpoint's messages, newest first: of one state or of all, those before the message `before`."""
    viewer.require(Permission.OPERATE)
    wanted = select(Message).where(Message.endpoint_id == endpoint_id).order_by(Message.id.desc())
    if state:
        wanted = wanted.where(Message.state == state)
    if before is not None:
        wanted = wanted.where(Message.id < before)
    rows = session.scalars(wanted.limit(min(limit, _MOST + 1))).all()
    last = _last_attempts(session, [row.id for row in rows])
    return [_message(row, last.get(row.id)) for row in rows]


def message(session: Session, viewer: Viewer, endpoint_id: UUID, message_id: UUID) -> MessageDetail:
    """Return one message with every attempt; `NotFound` when it is none of this endpoint's."""
    viewer.require(Permission.OPERATE)
    row = session.get(Message, message_id)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound(say("There is no such message."))
    tried = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.number)
    attempts = [_attempt(one) for one in session.scalars(tried)]
    return MessageDetail(_message(row, attempts[-1] if attempts else None), row.body, attempts)


def message_counts(session: Session, viewer: Viewer, endpoint_id: UUID) -> Mapping[str, int]:
    """Return how many messages of an endpoint are in each state."""
    viewer.require(Permission.OPERATE)
    counted = select(Message.state, func.count()).where(Message.endpoint_id == endpoint_id).group_by(Message.state)
    found: dict[str, int] = dict(session.execute(counted).all())
    return {state: found.get(state, 0) for state in sorted(MESSAGE.states)}


def next_due(session: Session, endpoint_id: UUID) -> datetime | None:
    """Return when the next message of an endpoint is to be tried; None: none waits."""
    waiting = select(func.min(Message.next_at)).where(Message.endpoint_id == endpoint_id, Message.state == "waiting")
    return session.scalar(waiting)


def _views(session: Session, rows: Iterable[Endpoint]) -> list[EndpointView]:
    rows = list(rows)
    counted = (
        select(Message.endpoint_id, Message.state, func.count())
        .where(Message.endpoint_id.in_([row.id for row in rows]), Message.state.in_(("waiting", "failed")))
        .group_by(Message.endpoint_id, Message.state)
    )
    counts = {(owner, state): count for owner, state, count in session.execute(counted)}
    return [
        EndpointView(
            id=row.id,
            url=row.url,
            description=row.description,
            events=tuple(row.events),
            state=row.state,
            off_reason=row.off_reason,
            failing_since=row.failing_since,
            rests_until=row.rests_until,
            two_secrets_until=row.old_secret_until,
            created_at=row.created_at,
            waiting=counts.get((row.id, "waiting"), 0),
            failed=counts.get((row.id, "failed"), 0),
        )
        for row in rows
    ]


def _last_attempts(session: Session, ids: list[UUID]) -> dict[UUID, AttemptView]:
    newest = (
        select(Attempt.message_id, func.max(Attempt.number).label("number"))
        .where(Attempt.message_id.in_(ids))
        .group_by(Attempt.message_id)
        .subquery()
    )
    wanted = select(Attempt).join(
        newest, (Attempt.message_id == newest.c.message_id) & (Attempt.number == newest.c.number)
    )
    return {row.message_id: _attempt(row) for row in session.scalars(wanted)}


def _message(row: Message, last: AttemptView | None) -> MessageView:
    return MessageView(
        row.id, row.endpoint_id, row.event_id, row.type, row.state, row.attempts, row.next_at, row.created_at, last
    )


def _attempt(row: Attempt) -> AttemptView:
    return AttemptView(row.number, row.at, row.took_ms, row.status, row.failure, row.answer)
