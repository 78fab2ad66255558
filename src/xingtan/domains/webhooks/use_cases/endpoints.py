"""Endpoints: made, changed, paused, resumed, given a new secret, taken away. Every act is noted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.webhooks import sealing
from xingtan.domains.webhooks.machines import ENDPOINT
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.domains.webhooks.queries import endpoint_view
from xingtan.domains.webhooks.rules.vocabulary import chosen_types
from xingtan.domains.webhooks.views import EndpointView, MadeEndpoint
from xingtan.domains.webhooks.waking import lock_endpoint, plan_delivery
from xingtan.infra.db import new_id
from xingtan.infra.fetching import Reach, read_target
from xingtan.infra.vault import Vault

MOST_ENDPOINTS = 20
OLD_SECRET_LIVES = timedelta(hours=24)
_LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, slots=True)
class SaveEndpoint:
    """Where to send, which public types of events, and what it is for."""

    url: str
    events: Sequence[str]
    description: str = ""


def make_endpoint(
    session: Session, command: SaveEndpoint, *, viewer: Viewer, reach: Reach, clock: Clock, vault: Vault
) -> MadeEndpoint:
    """Return a new endpoint and its secret, which is shown this once."""
    viewer.require(Permission.SETTINGS_WRITE)
    checked = _checked(command, reach=reach)
    if (session.scalar(select(func.count()).select_from(Endpoint)) or 0) >= MOST_ENDPOINTS:
        raise Conflict(say("There may be %(most)s webhooks at most.", most=MOST_ENDPOINTS))
    endpoint_id, now, secret = new_id(), clock.now(), sealing.new_secret()
    vault.make_key(session, endpoint_id, at=now)
    row = Endpoint(
        id=endpoint_id, url=checked.url, description=checked.description, events=list(checked.events),
        state=ENDPOINT.initial, off_reason=None, secret_sealed=vault.seal(session, endpoint_id, sealing.SECRET, secret),
        old_secret_sealed=None, old_secret_until=None, failing_since=None, misses=0, rests_until=None, held_by=None,
        held_until=None, wakes_at=None, created_at=now, created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, "webhook.made", row, viewer=viewer, clock=clock)
    return MadeEndpoint(endpoint_view(session, row.id), secret)


def save_endpoint(
    session: Session, endpoint_id: UUID, command: SaveEndpoint, *, viewer: Viewer, reach: Reach, clock: Clock
) -> EndpointView:
    """Change where an endpoint is and what it hears; messages that wait go to the new address."""
    row, checked = _changing(session, endpoint_id, viewer), _checked(command, reach=reach)
    row.url, row.description, row.events = checked.url, checked.description, list(checked.events)
    _forget_failures(row)
    plan_delivery(session, row, at=clock.now())
    _note(session, "webhook.changed", row, viewer=viewer, clock=clock)
    return endpoint_view(session, row.id)


def pause_endpoint(session: Session, endpoint_id: UUID, *, viewer: Viewer, clock: Clock) -> EndpointView:
    """Send nothing for now; what happens meanwhile waits."""
    row = _changing(session, endpoint_id, viewer)
    row.state = ENDPOINT.after(row.state, "paused")
    _note(session, "webhook.paused", row, viewer=viewer, clock=clock)
    return endpoint_view(session, row.id)


def resume_endpoint(session: Session, endpoint_id: UUID, *, viewer: Viewer, clock: Clock) -> EndpointView:
    """Send again, after a pause or after it was turned off; what waited goes now."""
    row = _changing(session, endpoint_id, viewer)
    row.state, row.off_reason = ENDPOINT.after(row.state, "resumed"), None
    _forget_failures(row)
    plan_delivery(session, row, at=clock.now())
    _note(session, "webhook.resumed", row, viewer=viewer, clock=clock)
    return endpoint_view(session, row.id)


def rotate_secret(session: Session, endpoint_id: UUID, *, viewer: Viewer, clock: Clock, vault: Vault) -> MadeEndpoint:
    """Return a new secret. The one before it signs beside it for a day, so that the receiver can change in peace."""
    row = _changing(session, endpoint_id, viewer)
    before = vault.open(session, row.id, sealing.SECRET, row.secret_sealed)
    secret = sealing.new_secret()
    row.old_secret_sealed = vault.seal(session, row.id, sealing.OLD_SECRET, before)
    row.old_secret_until = clock.now() + OLD_SECRET_LIVES
    row.secret_sealed = vault.seal(session, row.id, sealing.SECRET, secret)
    _note(session, "webhook.secret_rotated", row, viewer=viewer, clock=clock)
    return MadeEndpoint(endpoint_view(session, row.id), secret)


def remove_endpoint(session: Session, endpoint_id: UUID, *, viewer: Viewer, clock: Clock, vault: Vault) -> None:
    """Take an endpoint away with its log and its secrets."""
    row = _changing(session, endpoint_id, viewer)
    own = select(Message.id).where(Message.endpoint_id == row.id)
    session.execute(delete(Attempt).where(Attempt.message_id.in_(own)))
    session.execute(delete(Message).where(Message.endpoint_id == row.id))
    session.delete(row)
    vault.destroy_key(session, row.id, at=clock.now())
    _note(session, "webhook.removed", row, viewer=viewer, clock=clock)


def _changing(session: Session, endpoint_id: UUID, viewer: Viewer) -> Endpoint:
    viewer.require(Permission.SETTINGS_WRITE)
    row = lock_endpoint(session, endpoint_id)
    if row is None:
        raise NotFound(say("There is no such webhook."))
    return row


def _checked(command: SaveEndpoint, *, reach: Reach) -> SaveEndpoint:
    faults: dict[str, Invalid] = {}
    url, description, events = command.url.strip(), " ".join(command.description.split()), list(command.events)
    try:
        read_target(url, reach=reach)
    except Invalid as error:
        faults |= dict.fromkeys(error.fields, error)
    try:
        events = chosen_types(events)
    except Invalid as error:
        faults |= dict.fromkeys(error.fields, error)
    if len(description) > _LONGEST_DESCRIPTION or not description.isprintable():
        faults["description"] = Invalid.of("description", say("Write one short line."))
    if faults:
        raise Invalid({name: error.fields[name] for name, error in faults.items()})
    return SaveEndpoint(url, events, description)


def _forget_failures(row: Endpoint) -> None:
    row.failing_since, row.misses, row.rests_until = None, 0, None


def _note(session: Session, action: str, row: Endpoint, *, viewer: Viewer, clock: Clock) -> None:
    host = row.url.partition("://")[2].partition("/")[0].partition("?")[0]
    note_action(session, Action(action, "webhook", row.id, viewer.person_id, {"host": host}), clock=clock)
