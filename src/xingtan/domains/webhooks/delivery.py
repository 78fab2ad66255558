"""Sending: one endpoint at a time, one message after the other, each attempt written down before the next.

A round holds its endpoint for as long as a request can take; who finds it held goes away. Between two requests there is
one transaction, which notes what came of the one and takes up the next. A process that dies in a request leaves the
message as it was: the hold lapses, the job is run again, and the message goes out again under the same id.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid
from xingtan.core.ids import public_id
from xingtan.domains.webhooks.events import EndpointTurnedOff
from xingtan.domains.webhooks.machines import ENDPOINT, MESSAGE
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.domains.webhooks.rules.schedule import (
    Outcome,
    outcome_of_status,
    pause_after,
    rest_after,
    turns_off,
)
from xingtan.domains.webhooks.rules.signatures import signed_headers
from xingtan.domains.webhooks.sealing import live_secrets
from xingtan.domains.webhooks.waking import lock_endpoint, plan_delivery
from xingtan.infra.db import new_id
from xingtan.infra.fetching import Failure, Limits, NotReached, Reach, post, read_target
from xingtan.infra.outbox import emit
from xingtan.infra.platform import Platform
from xingtan.infra.vault import Vault

LIMITS = Limits(time_s=15, body_bytes=1_000)
HOLD = timedelta(minutes=1)
"""Longer than any request, so that a hold that has lapsed is a dead process's."""
ROUND_S = 20.0
"""After so long a round makes way for other jobs, and goes on as a new one."""
_AGENT = "Xingtan-Webhooks/1"
_CHANCES = 1_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way."""

    message_id: UUID
    url: str
    body: bytes
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Visit:
    """One round at one endpoint, and by whose hand."""

    endpoint_id: UUID
    holder: UUID
    vault: Vault
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Report:
    """What came of a parcel sent at `at`."""

    message_id: UUID
    outcome: Outcome
    at: datetime


def reach_of(platform: Platform) -> Reach:
    """Return how far messages may go."""
    return Reach.ANYWHERE if platform.settings.webhooks_allow_private else Reach.PUBLIC


def deliver_due(platform: Platform, endpoint_id: UUID) -> None:
    """Send what is due to an endpoint, oldest first, until nothing is, or it rests, or the round is over."""
    clock, write = platform.clock, platform.database.write
    visit, until = _Visit(endpoint_id, new_id(), platform.vault, clock), time.monotonic() + ROUND_S
    parcel = write(partial(_begin, visit=visit))
    while parcel is not None:
        at = clock.now()
        report = _Report(parcel.message_id, send(parcel, reach=reach_of(platform), at=at), at)
        step = _go_on if time.monotonic() < until else _end
        parcel = write(partial(step, visit=visit, report=report))


def send(parcel: Parcel, *, reach: Reach, at: datetime) -> Outcome:
    """Send a message once and return what came of it; touches no database."""
    signed = signed_headers(parcel.secrets, public_id("message", parcel.message_id), at=at, body=parcel.body)
    headers = {"Content-Type": "application/json", "User-Agent": _AGENT, **signed}
    started = time.monotonic()
    try:
        target = read_target(parcel.url, reach=reach)
        answer = post(target, headers=headers, body=parcel.body, reach=reach, limits=LIMITS)
    except NotReached as error:
        return Outcome(None, error.failure, _ms_since(started), "")
    except Invalid:  # the setting has changed since the address was written
        return Outcome(None, Failure.ADDRESS, _ms_since(started), "")
    return outcome_of_status(
        answer.status, headers=answer.headers, took_ms=_ms_since(started), body=answer.body
    )  # fmt: skip


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _begin(session: Session, *, visit: _Visit) -> Parcel | None:
    endpoint, now = lock_endpoint(session, visit.endpoint_id), visit.clock.now()
    if endpoint is None:
        return None
    if endpoint.wakes_at is not None and endpoint.wakes_at <= now:
        endpoint.wakes_at = None
    if endpoint.held_until is not None and now < endpoint.held_until:
        return None  # who holds it plans the next round when letting go
    return _next(session, endpoint, visit)


def _go_on(session: Session, *, visit: _Visit, report: _Report) -> Parcel | None:
    endpoint = _noted(session, visit, report)
    return _next(session, endpoint, visit) if endpoint is not None else None


def _end(session: Session, *, visit: _Visit, report: _Report) -> None:
    endpoint = _noted(session, visit, report)
    if endpoint is not None:
        _let_go(session, endpoint, visit)


def _next(session: Session, endpoint: Endpoint, visit: _Visit) -> Parcel | None:
    """Return the message that has been due longest, and hold the endpoint; let go of it when there is none."""
    now = visit.clock.now()
    row = None
    if endpoint.state == "active" and (endpoint.rests_until is None or endpoint.rests_until <= now):
        due = select(Message).where(
            Message.endpoint_id == endpoint.id, Message.state == "waiting", Message.next_at <= now
        )
        row = session.scalars(due.order_by(Message.next_at, Message.id).limit(1)).first()
    if row is None:
        _let_go(session, endpoint, visit)
        return None
    endpoint.held_by, endpoint.held_until = visit.holder, now + HOLD
    signing = live_secrets(session, endpoint, vault=visit.vault, at=now)
    return Parcel(row.id, endpoint.url, row.body.encode(), signing)


def _let_go(session: Session, endpoint: Endpoint, visit: _Visit) -> None:
    endpoint.held_by, endpoint.held_until = None, None
    plan_delivery(session, endpoint, at=visit.clock.now())


def _noted(session: Session, visit: _Visit, report: _Report) -> Endpoint | None:
    """Write the attempt down and return the endpoint; None when this round no longer holds it, or it is gone."""
    endpoint = lock_endpoint(session, visit.endpoint_id)
    if endpoint is None:
        return None
    message = session.get(Message, report.message_id, with_for_update=True)
    if message is not None:
        _note_attempt(session, message, report)
        if message.state == "waiting":
            _move(session, endpoint, message, report, at=visit.clock.now())
    return endpoint if endpoint.held_by == visit.holder else None


def _note_attempt(session: Session, message: Message, report: _Report) -> None:
    message.attempts += 1
    session.add(
        Attempt(
            id=new_id(), message_id=message.id, number=message.attempts, at=report.at, took_ms=report.outcome.took_ms,
            status=report.outcome.status, failure=report.outcome.failure, answer=report.outcome.answer,
        )
    )  # fmt: skip


def _move(session: Session, endpoint: Endpoint, message: Message, report: _Report, *, at: datetime) -> None:
    message.tries += 1
    if report.outcome.is_delivered:
        message.state, message.next_at = MESSAGE.after(message.state, "delivered"), None
        endpoint.failing_since, endpoint.misses, endpoint.rests_until = None, 0, None
        return
    pause = pause_after(message.tries, chance=secrets.randbelow(_CHANCES) / _CHANCES)
    message.state = MESSAGE.after(message.state, "failed" if pause else "given up")
    message.next_at = at + pause if pause else None
    _note_failure(session, endpoint, report.outcome, at=at)


def _note_failure(session: Session, endpoint: Endpoint, outcome: Outcome, *, at: datetime) -> None:
    endpoint.misses = endpoint.misses + 1 if outcome.is_miss else 0
    if outcome.is_miss:
        endpoint.rests_until = at + rest_after(endpoint.misses, outcome, at=at)
    endpoint.failing_since = endpoint.failing_since or at
    reason = turns_off(outcome, failing_since=endpoint.failing_since, at=at)
    if reason and ENDPOINT.may(endpoint.state, "turned off"):
        endpoint.state, endpoint.off_reason = ENDPOINT.after(endpoint.state, "turned off"), reason
        emit(session, EndpointTurnedOff(endpoint.id, reason), at=at)
