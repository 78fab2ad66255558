"""The authenticator: set up by showing a secret and confirming a code; recovery codes for the day it is lost."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, NotFound, say
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity import sealing
from xingtan.domains.identity.errors import CodeRefused
from xingtan.domains.identity.models import RecoveryCode, Totp
from xingtan.domains.identity.rules.codes import (
    CODE_LETTERS,
    RECOVERY_CODES,
    matching_step,
    tidy_code,
    with_hyphen,
)
from xingtan.domains.identity.use_cases.notices import enqueue_notice
from xingtan.domains.identity.use_cases.sessions import complete_session, ticket_row
from xingtan.domains.identity.views import SignInStep, TotpSetUp
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault

_RECOVERY_LENGTH = 10
_PURPOSE = "recovery codes"


@dataclass(frozen=True, slots=True)
class ShowCode:
    """A code typed by a person: from the authenticator, or a recovery code."""

    person_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A code typed at sign-in, with the ticket that the first factor gave."""

    ticket: str
    code: str
    device: str = ""


def begin_totp(
    session: Session, person_id: UUID, *, account: str, issuer: str, clock: Clock, vault: Vault
) -> TotpSetUp:
    """Return a new secret to be shown; it guards nothing until `confirm_totp`. `Conflict` when one is in use."""
    row = session.get(Totp, person_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(say("An authenticator is set up already. Remove it first."))
    secret = pyotp.random_base32()
    sealed = vault.seal(session, person_id, sealing.TOTP_SECRET, secret)
    if row is None:
        session.add(
            Totp(person_id=person_id, secret_sealed=sealed, created_at=clock.now(), confirmed_at=None, last_step=0)
        )
    else:
        row.secret_sealed, row.created_at = sealed, clock.now()
    return _shown(secret, account=account, issuer=issuer)


def unconfirmed_totp(session: Session, person_id: UUID, *, account: str, issuer: str, vault: Vault) -> TotpSetUp | None:
    """Return the secret that waits to be confirmed, to be shown again; None when there is none."""
    row = session.get(Totp, person_id)
    if row is None or row.confirmed_at is not None:
        return None
    return _shown(
        vault.open(session, person_id, sealing.TOTP_SECRET, row.secret_sealed), account=account, issuer=issuer
    )


def confirm_totp(session: Session, command: ShowCode, *, clock: Clock, vault: Vault) -> tuple[str, ...]:
    """Put the authenticator to use after a right code and return ten recovery codes, shown this once."""
    row = session.get(Totp, command.person_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise NotFound(say("There is no authenticator waiting to be confirmed."))
    _spend_totp(session, row, code=command.code, clock=clock, vault=vault)
    row.confirmed_at = clock.now()
    note_action(session, Action("totp.confirmed", "person", command.person_id, command.person_id), clock=clock)
    return _fresh_recovery_codes(session, command.person_id, vault=vault)


def renew_recovery_codes(session: Session, command: ShowCode, *, clock: Clock, vault: Vault) -> tuple[str, ...]:
    """Return ten new recovery codes after a right code; the old ones die."""
    spend_code(session, command, clock=clock, vault=vault)
    return _fresh_recovery_codes(session, command.person_id, vault=vault)


def remove_totp(session: Session, command: ShowCode, *, clock: Clock, vault: Vault) -> None:
    """Remove the authenticator and its recovery codes after a right code; the person is told by mail."""
    spend_code(session, command, clock=clock, vault=vault)
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == command.person_id))
    session.execute(delete(Totp).where(Totp.person_id == command.person_id))
    note_action(session, Action("totp.removed", "person", command.person_id, command.person_id), clock=clock)
    enqueue_notice(session, command.person_id, about="second_factor_removed", clock=clock)


def show_second_factor(session: Session, command: SecondFactor, *, clock: Clock, vault: Vault) -> SignInStep:
    """Turn the ticket into a session after a right code; `CodeRefused` when it is wrong or was used."""
    ticket = ticket_row(session, command.ticket, clock=clock)
    factor = spend_code(session, ShowCode(ticket.person_id, command.code), clock=clock, vault=vault)
    return complete_session(session, command.ticket, factor=factor, device=command.device, clock=clock, vault=vault)


def spend_code(session: Session, command: ShowCode, *, clock: Clock, vault: Vault) -> str:
    """Use up an authenticator's or a recovery code; return ``totp`` or ``recovery``, `CodeRefused` otherwise."""
    row = session.get(Totp, command.person_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise CodeRefused
    if len(tidy_code(command.code)) == _RECOVERY_LENGTH:
        _spend_recovery(session, command, clock=clock, vault=vault)
        return "recovery"
    _spend_totp(session, row, code=command.code, clock=clock, vault=vault)
    return "totp"


def _spend_totp(session: Session, row: Totp, *, code: str, clock: Clock, vault: Vault) -> None:
    secret = vault.open(session, row.person_id, sealing.TOTP_SECRET, row.secret_sealed)
    step = matching_step(secret, code, at=clock.now(), last_step=row.last_step)
    if step is None:
        raise CodeRefused
    row.last_step = step


def _spend_recovery(session: Session, command: ShowCode, *, clock: Clock, vault: Vault) -> None:
    wanted = select(RecoveryCode).where(
        RecoveryCode.person_id == command.person_id,
        RecoveryCode.code_hash == _hash(vault, command.person_id, tidy_code(command.code)),
        RecoveryCode.used_at.is_(None),
    )
    row = session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise CodeRefused
    row.used_at = clock.now()


def _fresh_recovery_codes(session: Session, person_id: UUID, *, vault: Vault) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(CODE_LETTERS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(id=new_id(), person_id=person_id, code_hash=_hash(vault, person_id, code), used_at=None)
        for code in codes
    )
    return tuple(with_hyphen(code) for code in codes)


def _hash(vault: Vault, person_id: UUID, code: str) -> bytes:
    """Keyed, because 49 bits of code could be guessed from a stolen database by plain hashing."""
    return hmac.digest(vault.derive(_PURPOSE), person_id.bytes + code.encode(), sha256)


def _shown(secret: str, *, account: str, issuer: str) -> TotpSetUp:
    return TotpSetUp(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer))
