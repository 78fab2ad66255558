"""Passkeys (WebAuthn Level 2): a device signs our challenge for our origin; the private key never leaves it.

User verification is required, so a passkey alone is two factors: the device, and its owner's finger, face or PIN.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity import sealing
from xingtan.domains.identity.errors import PasskeyRefused
from xingtan.domains.identity.models import Passkey, PasskeyChallenge, Person
from xingtan.domains.identity.rules.names import parse_line
from xingtan.domains.identity.use_cases.notices import enqueue_notice
from xingtan.domains.identity.use_cases.sessions import complete_session, start_session, ticket_row
from xingtan.domains.identity.views import PasskeyOptions, PasskeyView, SignInStep
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault

_CHALLENGE_LIFE = timedelta(minutes=5)
_LONGEST_RESPONSE = 20_000


@dataclass(frozen=True, slots=True)
class Site:
    """For whom a passkey is good: this origin, and the name shown by the device."""

    origin: str
    name: str

    @property
    def rp_id(self) -> str:
        """Return the relying party's id: the host."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class AddPasskey:
    """The browser's answer to registration options, as it came."""

    person_id: UUID
    challenge_id: UUID
    response_json: str
    label: str


@dataclass(frozen=True, slots=True)
class SignInWithPasskey:
    """The browser's answer to sign-in options; with a ticket it is the second factor of a sign-in under way."""

    challenge_id: UUID
    response_json: str
    device: str = ""
    ticket: str | None = None


def begin_passkey(session: Session, person_id: UUID, *, site: Site, clock: Clock, vault: Vault) -> PasskeyOptions:
    """Return the options for `navigator.credentials.create`."""
    from xingtan.domains.identity import ceremonies  # noqa: PLC0415 - half a second that most starts never need

    person = session.get_one(Person, person_id)
    challenge, options_json = ceremonies.making(
        site.rp_id,
        site.name,
        person_id=person_id,
        email=vault.open(session, person_id, sealing.EMAIL, person.email_sealed),
        name=vault.open(session, person_id, sealing.NAME, person.name_sealed),
        known=session.scalars(select(Passkey.credential_id).where(Passkey.person_id == person_id)),
    )
    challenge_id = _keep_challenge(session, challenge, person_id=person_id, clock=clock)
    return PasskeyOptions(challenge_id, options_json)


def add_passkey(session: Session, command: AddPasskey, *, site: Site, clock: Clock, vault: Vault) -> PasskeyView:
    """Keep the passkey that the device made; `PasskeyRefused` for another origin, challenge or person."""
    from xingtan.domains.identity import ceremonies  # noqa: PLC0415 - half a second that most starts never need

    label = parse_line(command.label or "Passkey", field="label")
    challenge = _spend_challenge(session, command.challenge_id, person_id=command.person_id, clock=clock)
    answer = _shortened(command.response_json)
    verified = ceremonies.made(answer, challenge, rp_id=site.rp_id, origin=site.origin)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == verified.credential_id)) is not None:
        raise PasskeyRefused
    row = Passkey(
        id=new_id(), person_id=command.person_id, credential_id=verified.credential_id,
        public_key=verified.credential_public_key, sign_count=verified.sign_count,
        label_sealed=vault.seal(session, command.person_id, sealing.PASSKEY_LABEL, label), created_at=clock.now(),
        last_used_at=None,
    )  # fmt: skip
    session.add(row)
    note_action(session, Action("passkey.added", "person", command.person_id, command.person_id), clock=clock)
    return PasskeyView(row.id, label, row.created_at, None)


def remove_passkey(session: Session, passkey_id: UUID, *, person_id: UUID, clock: Clock) -> None:
    """Remove one of the person's passkeys; the person is told by mail."""
    row = session.get(Passkey, passkey_id, with_for_update=True)
    if row is None or row.person_id != person_id:
        raise NotFound(say("There is no such passkey."))
    session.delete(row)
    note_action(session, Action("passkey.removed", "person", person_id, person_id), clock=clock)
    enqueue_notice(session, person_id, about="second_factor_removed", clock=clock)


def begin_passkey_sign_in(session: Session, *, site: Site, clock: Clock, ticket: str | None = None) -> PasskeyOptions:
    """Return the options for `navigator.credentials.get`; with a ticket, only that person's passkeys are asked for."""
    from xingtan.domains.identity import ceremonies  # noqa: PLC0415 - half a second that most starts never need

    person_id = ticket_row(session, ticket, clock=clock).person_id if ticket else None
    known = select(Passkey.credential_id).where(Passkey.person_id == person_id)
    challenge, options_json = ceremonies.showing(site.rp_id, allowed=session.scalars(known) if person_id else None)
    challenge_id = _keep_challenge(session, challenge, person_id=person_id, clock=clock)
    return PasskeyOptions(challenge_id, options_json)


def sign_in_with_passkey(
    session: Session, command: SignInWithPasskey, *, site: Site, clock: Clock, vault: Vault
) -> SignInStep:
    """Open a session for the passkey's person; `PasskeyRefused` for a wrong origin, challenge or counter."""
    from xingtan.domains.identity import ceremonies  # noqa: PLC0415 - half a second that most starts never need

    ticket_person = ticket_row(session, command.ticket, clock=clock).person_id if command.ticket else None
    challenge = _spend_challenge(session, command.challenge_id, person_id=ticket_person, clock=clock)
    passkey = _passkey_of(session, ceremonies.credential_id_of(_shortened(command.response_json)))
    if ticket_person not in (None, passkey.person_id):
        raise PasskeyRefused
    verified = ceremonies.shown(
        _shortened(command.response_json),
        challenge,
        rp_id=site.rp_id,
        origin=site.origin,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
    )
    passkey.sign_count, passkey.last_used_at = verified.new_sign_count, clock.now()
    if command.ticket:
        return complete_session(
            session, command.ticket, factor="passkey", device=command.device, clock=clock, vault=vault
        )
    return start_session(
        session, passkey.person_id, factors=("passkey",), device=command.device, clock=clock, vault=vault
    )


def _passkey_of(session: Session, credential_id: bytes) -> Passkey:
    open_people = select(Person.id).where(Person.closed_at.is_(None))
    wanted = select(Passkey).where(Passkey.credential_id == credential_id, Passkey.person_id.in_(open_people))
    passkey = session.scalars(wanted.with_for_update()).first()
    if passkey is None:
        raise PasskeyRefused
    return passkey


def _shortened(response_json: str) -> str:
    if len(response_json) > _LONGEST_RESPONSE:
        raise PasskeyRefused
    return response_json


def _keep_challenge(session: Session, challenge: bytes, *, person_id: UUID | None, clock: Clock) -> UUID:
    row = PasskeyChallenge(
        id=new_id(), challenge=challenge, person_id=person_id, expires_at=clock.now() + _CHALLENGE_LIFE
    )
    session.add(row)
    return row.id


def _spend_challenge(session: Session, challenge_id: UUID, *, person_id: UUID | None, clock: Clock) -> bytes:
    gone = (
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.id == challenge_id, PasskeyChallenge.expires_at > clock.now())
        .returning(PasskeyChallenge.challenge, PasskeyChallenge.person_id)
    )
    found = session.execute(gone).first()
    if found is None or found.person_id != person_id:
        raise PasskeyRefused
    return bytes(found.challenge)
