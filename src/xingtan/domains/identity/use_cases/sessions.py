"""Sessions: opened anew at every sign-in, kept alive by use, ended by the person."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.domains.identity import sealing
from xingtan.domains.identity.models import Passkey, RoleGrant, SignInSession, Totp
from xingtan.domains.identity.views import SignInStep
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault

SESSION_LIFE = timedelta(days=30)
TOUCHED_EVERY = timedelta(minutes=5)
TICKET_LIFE = timedelta(minutes=10)
_TOKEN_BYTES = 32


def new_secret() -> str:
    """Return 32 random bytes as URL-safe text."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    """Return what is stored of a token: its SHA-256. The token has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def start_session(
    session: Session, person_id: UUID, *, factors: Sequence[str], device: str, clock: Clock, vault: Vault
) -> SignInStep:
    """Open a session under a new token, or only a ticket to the second factor when the person has one to show."""
    needs = second_factors(session, person_id) if len(factors) == 1 and factors[0] != "passkey" else ()
    token, now = new_secret(), clock.now()
    row = SignInSession(
        id=new_id(),
        person_id=person_id,
        token_hash=hash_of(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + (TICKET_LIFE if needs else SESSION_LIFE),
        ended_at=None,
        device_sealed=vault.seal(session, person_id, sealing.DEVICE, device),
        factors=list(factors),
        awaits_factor=bool(needs),
    )
    session.add(row)
    return SignInStep(token, row.id, person_id, needs, row.expires_at)


def second_factors(session: Session, person_id: UUID) -> tuple[str, ...]:
    """Return the second factors that a sign-in of this person must show one of; empty when none is asked.

    An authenticator is asked of everybody who has set one up; a passkey, as a second factor, of staff.
    """
    has_totp, has_passkey, is_staff = session.execute(
        select(
            exists().where(Totp.person_id == person_id, Totp.confirmed_at.is_not(None)),
            exists().where(Passkey.person_id == person_id),
            exists().where(RoleGrant.person_id == person_id, RoleGrant.ended_at.is_(None)),
        )
    ).one()
    wanted = (("totp", has_totp), ("passkey", has_passkey and (has_totp or is_staff)))
    return tuple(name for name, is_there in wanted if is_there)


def complete_session(
    session: Session, ticket: str, *, factor: str, device: str, clock: Clock, vault: Vault
) -> SignInStep:
    """Turn a ticket into a session with a new id and a new token; the ticket is spent."""
    return _replaced(session, ticket_row(session, ticket, clock=clock), factor, device=device, clock=clock, vault=vault)


def step_up(session: Session, session_id: UUID, *, factor: str, device: str, clock: Clock, vault: Vault) -> SignInStep:
    """Replace a live session by a new one that has shown a further factor; the old token dies."""
    row = session.get(SignInSession, session_id, with_for_update=True)
    if row is None or row.ended_at is not None or row.awaits_factor:
        raise NotFound(say("There is no such session."))
    return _replaced(session, row, factor, device=device, clock=clock, vault=vault)


def _replaced(
    session: Session, row: SignInSession, factor: str, *, device: str, clock: Clock, vault: Vault
) -> SignInStep:
    row.ended_at = clock.now()
    return start_session(
        session, row.person_id, factors=(*row.factors, factor), device=device, clock=clock, vault=vault
    )


def ticket_row(session: Session, ticket: str, *, clock: Clock) -> SignInSession:
    """Return the locked row of a live second-factor ticket; `NotFound` otherwise."""
    wanted = select(SignInSession).where(
        SignInSession.token_hash == hash_of(ticket),
        SignInSession.awaits_factor.is_(True),
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > clock.now(),
    )
    row = session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise NotFound(say("This sign-in has grown old. Please start again."))
    return row


def touch_session(session: Session, session_id: UUID, *, clock: Clock) -> None:
    """Note that the session is in use: it lives for another 30 days."""
    now = clock.now()
    live = update(SignInSession).where(
        SignInSession.id == session_id, SignInSession.ended_at.is_(None), SignInSession.awaits_factor.is_(False)
    )
    session.execute(live.values(last_seen_at=now, expires_at=now + SESSION_LIFE))


def end_session(session: Session, session_id: UUID, *, person_id: UUID, clock: Clock) -> None:
    """End one of the person's sessions; `NotFound` when it is somebody else's, or none."""
    wanted = select(SignInSession).where(SignInSession.id == session_id, SignInSession.person_id == person_id)
    row = session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise NotFound(say("There is no such session."))
    if row.ended_at is None:
        row.ended_at = clock.now()


def end_other_sessions(session: Session, person_id: UUID, *, keep: UUID | None, clock: Clock) -> None:
    """End every session of the person but `keep`; tickets to a second factor end too."""
    live = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    if keep is not None:
        live = live.where(SignInSession.id != keep)
    session.execute(live.values(ended_at=clock.now()))


def sign_out(session: Session, token: str, *, clock: Clock) -> None:
    """End the session behind `token`; nothing happens when there is none."""
    live = update(SignInSession).where(SignInSession.token_hash == hash_of(token), SignInSession.ended_at.is_(None))
    session.execute(live.values(ended_at=clock.now()))
