"""API tokens: made with a reach, shown once, revoked by their person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity import sealing
from xingtan.domains.identity.models import ApiToken
from xingtan.domains.identity.rules.names import parse_line
from xingtan.domains.identity.rules.permissions import SCOPES
from xingtan.domains.identity.use_cases.sessions import hash_of, new_secret
from xingtan.domains.identity.views import NewToken
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault

PREFIX = "xt_"
LIVES_DAYS = (30, 90, 365)


@dataclass(frozen=True, slots=True)
class MakeToken:
    """Make a token with the given scopes that lives for one of `LIVES_DAYS`, or, with None, until it is revoked."""

    label: str
    scopes: Sequence[str]
    days: int | None = 90


def make_token(session: Session, command: MakeToken, *, viewer: Viewer, clock: Clock, vault: Vault) -> NewToken:
    """Return a new token of the viewer; `Invalid` for a scope that is none, or that the person's roles do not cover."""
    person_id, now, secret = viewer.require_person(), clock.now(), PREFIX + new_secret()
    label, scopes = parse_line(command.label, field="label"), sorted(set(command.scopes))
    if not scopes or not set(scopes) <= set(scopes_for(viewer)):
        raise Invalid.of("scopes", say("Choose at least one thing that the token may do, from the list."))
    if command.days is not None and command.days not in LIVES_DAYS:
        raise Invalid.of("days", say("Choose how long the token shall live, from the list."))
    row = ApiToken(
        id=new_id(), person_id=person_id, label_sealed=vault.seal(session, person_id, sealing.TOKEN_LABEL, label),
        token_hash=hash_of(secret), scopes=scopes, created_at=now,
        expires_at=now + timedelta(days=command.days) if command.days else None, last_used_at=None, revoked_at=None,
    )  # fmt: skip
    session.add(row)
    note_action(session, Action("token.made", "token", row.id, person_id, {"scopes": scopes}), clock=clock)
    return NewToken(row.id, secret)


def scopes_for(viewer: Viewer) -> tuple[str, ...]:
    """Return the scopes that a token of this viewer may have: those of which the viewer may do at least a part."""
    return tuple(scope for scope, reach in SCOPES.items() if not reach or reach & viewer.permissions)


def revoke_token(session: Session, token_id: UUID, *, person_id: UUID, clock: Clock) -> None:
    """End one of the person's tokens at once."""
    row = session.get(ApiToken, token_id, with_for_update=True)
    if row is None or row.person_id != person_id:
        raise NotFound(say("There is no such token."))
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        note_action(session, Action("token.revoked", "token", row.id, person_id), clock=clock)


def touch_token(session: Session, token_id: UUID, *, clock: Clock) -> None:
    """Note that the token was used."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=clock.now()))
