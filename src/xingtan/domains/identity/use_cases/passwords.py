"""Signing in by password, and changing it.

Hashing takes a quarter of a second, so it happens between two transactions: read the stored hash (`password_on_file`),
compare without any transaction (`Passwords.matches`), then open the session, which checks that the hash has
not changed meanwhile.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity.errors import SignInRefused
from xingtan.domains.identity.events import PasswordChanged
from xingtan.domains.identity.models import Credential, Person
from xingtan.domains.identity.use_cases.notices import enqueue_notice
from xingtan.domains.identity.use_cases.people import live_person
from xingtan.domains.identity.use_cases.sessions import end_other_sessions, start_session
from xingtan.domains.identity.views import PasswordOnFile, SignInStep
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault


@dataclass(frozen=True, slots=True)
class SignInWithPassword:
    """Open a session for whom the password on file was shown to belong to."""

    on_file: PasswordOnFile
    device: str = ""


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Set a new password hash in place of the one on file; `keep` is the session that goes on."""

    on_file: PasswordOnFile
    password_hash: str
    keep: UUID | None = None


def sign_in_with_password(session: Session, command: SignInWithPassword, *, clock: Clock, vault: Vault) -> SignInStep:
    """Open a session, after `Passwords.matches` said yes; `SignInRefused` when the password has changed meanwhile."""
    person_id = _unchanged(session, command.on_file)
    return start_session(session, person_id, factors=("password",), device=command.device, clock=clock, vault=vault)


def change_password(session: Session, command: ChangePassword, *, clock: Clock) -> None:
    """Store the new hash and end every other session; of two changes at once, the second is refused."""
    person_id, now = _unchanged(session, command.on_file), clock.now()
    credential = session.get(Credential, person_id)
    if credential is None:
        session.add(Credential(person_id=person_id, password_hash=command.password_hash, changed_at=now))
    else:
        credential.password_hash, credential.changed_at = command.password_hash, now
    end_other_sessions(session, person_id, keep=command.keep, clock=clock)
    note_action(session, Action("password.changed", "person", person_id, person_id), clock=clock)
    emit(session, PasswordChanged(person_id), at=now)
    if command.on_file.password_hash is not None:
        enqueue_notice(session, person_id, about="password_changed", clock=clock)


def _unchanged(session: Session, on_file: PasswordOnFile) -> UUID:
    """Return the person, locked, if the password on file is still the one that was compared."""
    if on_file.person_id is None:
        raise SignInRefused
    person: Person = live_person(session, on_file.person_id)
    credential = session.get(Credential, person.id, with_for_update=True)
    if (credential.password_hash if credential else None) != on_file.password_hash:
        raise SignInRefused
    return person.id
