"""Registering people and keeping their profiles."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.domains.identity import sealing
from xingtan.domains.identity.errors import AddressTaken
from xingtan.domains.identity.events import PersonRegistered
from xingtan.domains.identity.models import Person
from xingtan.domains.identity.rules.academy import LANGUAGES
from xingtan.domains.identity.rules.addresses import parse_address
from xingtan.domains.identity.rules.names import name_from, parse_line
from xingtan.domains.identity.views import PersonView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

_BEHAVIOUR_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Register:
    """Make an account. An empty name becomes what stands before the @."""

    email: str
    name: str = ""
    language: str = "en"
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SaveProfile:
    """Change one's own name and language."""

    name: str
    language: str


def register(session: Session, command: Register, *, clock: Clock, vault: Vault) -> PersonView:
    """Make an account; `AddressTaken` when the address has one, `Invalid` for an address or a name that is none."""
    address = parse_address(command.email)
    index = sealing.email_index(vault, address)
    if session.scalar(select(Person.id).where(Person.email_index == index)) is not None:
        raise AddressTaken
    person_id = new_id()
    vault.make_key(session, person_id, at=clock.now())
    sealed = vault.seal(session, person_id, sealing.EMAIL, address)
    return add_person(session, command, person_id=person_id, email_sealed=sealed, clock=clock, vault=vault)


def add_person(
    session: Session, command: Register, *, person_id: UUID, email_sealed: bytes, clock: Clock, vault: Vault
) -> PersonView:
    """Add the person whose key exists already and whose address is known to be free."""
    address, now = parse_address(command.email), clock.now()
    name = parse_line(command.name or name_from(address), field="name")
    check_language(command.language)
    person = Person(
        id=person_id,
        email_index=sealing.email_index(vault, address),
        email_sealed=email_sealed,
        name_sealed=vault.seal(session, person_id, sealing.NAME, name),
        behaviour_key_sealed=vault.seal(
            session, person_id, sealing.BEHAVIOUR_KEY, secrets.token_hex(_BEHAVIOUR_KEY_BYTES)
        ),
        language=command.language,
        created_at=now,
        email_confirmed_at=now if command.is_confirmed else None,
        closed_at=None,
    )
    session.add(person)
    session.flush()
    emit(session, PersonRegistered(person_id, command.language), at=now)
    return PersonView(person_id, name, address, command.language, (), now, person.email_confirmed_at, None)


def save_profile(session: Session, command: SaveProfile, *, person_id: UUID, vault: Vault) -> None:
    """Change the person's name and language; `Invalid` for a name that is none."""
    person = live_person(session, person_id)
    check_language(command.language)
    name = parse_line(command.name, field="name")
    person.name_sealed = vault.seal(session, person_id, sealing.NAME, name)
    person.language = command.language


def check_language(language: str) -> None:
    """Raise `Invalid` for a language that the academy does not speak."""
    if language not in LANGUAGES:
        raise Invalid.of("language", say("Choose one of the languages on the list."))


def live_person(session: Session, person_id: UUID) -> Person:
    """Return the row of a person whose account is open, locked; `NotFound` otherwise."""
    wanted = select(Person).where(Person.id == person_id, Person.closed_at.is_(None)).with_for_update()
    person = session.scalars(wanted).first()
    if person is None:
        raise NotFound(say("There is no such person."))
    return person
