"""Signing in by a link in a letter: asked for, sent by job, redeemed once within 20 minutes.

A known and an unknown address take the same way and get the same answer. The token is made when the letter is written,
so it stands in no row, no job and no log. An unknown address becomes a person only when its link is redeemed.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.identity import sealing
from xingtan.domains.identity.errors import LinkDead
from xingtan.domains.identity.models import Credential, Person, SignInLink
from xingtan.domains.identity.rules.addresses import masked, parse_address
from xingtan.domains.identity.rules.paths import same_site_path
from xingtan.domains.identity.use_cases.people import Register, add_person, check_language
from xingtan.domains.identity.use_cases.sessions import hash_of, new_secret, start_session
from xingtan.domains.identity.views import LinkView, MailAddress, Redeemed
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue
from xingtan.infra.vault import Vault, VaultKey

LINK_LIFE = timedelta(minutes=20)
_STALE_REQUEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RequestLink:
    """Ask for a link to be mailed; after signing in the person goes to `next_path`."""

    email: str
    language: str
    next_path: str = "/"


@dataclass(frozen=True, slots=True)
class RedeemLink:
    """Follow a link. A newcomer may give a name and the hash of a password."""

    token: str
    device: str = ""
    name: str = ""
    language: str = ""
    password_hash: str | None = None


def request_link(session: Session, command: RequestLink, *, clock: Clock, vault: Vault) -> None:
    """Have a link mailed to the address, known or not; `Invalid` only for what is no address at all."""
    address, now = parse_address(command.email), clock.now()
    check_language(command.language)
    index = sealing.email_index(vault, address)
    person_id, email_sealed = session.scalar(select(Person.id).where(Person.email_index == index)), None
    if person_id is None:
        person_id = new_id()
        vault.make_key(session, person_id, at=now)
        email_sealed = vault.seal(session, person_id, sealing.EMAIL, address)
    link = SignInLink(
        id=new_id(), person_id=person_id, email_index=index, email_sealed=email_sealed, language=command.language,
        next_path=same_site_path(command.next_path), token_hash=None, requested_at=now, expires_at=None,
        redeemed_at=None,
    )  # fmt: skip
    session.add(link)
    enqueue(session, "identity.send_link", {"link_id": str(link.id)}, key=f"identity.send_link:{link.id}", at=now)


def issue_link(
    session: Session, person_id: UUID, *, clock: Clock, next_path: str = "/", life: timedelta = LINK_LIFE
) -> str:
    """Return the token of a new link for somebody with an account, for the operator's terminal; no mail is sent."""
    person, now, token = session.get_one(Person, person_id), clock.now(), new_secret()
    session.add(
        SignInLink(
            id=new_id(),
            person_id=person_id,
            email_index=person.email_index or b"",
            email_sealed=None,
            language=person.language,
            next_path=same_site_path(next_path),
            token_hash=hash_of(token),
            requested_at=now,
            expires_at=now + life,
            redeemed_at=None,
        )
    )
    return token


def prepare_letter(session: Session, link_id: UUID, *, clock: Clock, vault: Vault) -> tuple[str, MailAddress] | None:
    """Give the link a fresh token and return it with the address; None when the link is used up, old or nobody's.

    Called again after a crash it makes another token, and only the last letter sent can be redeemed.
    """
    link = session.get(SignInLink, link_id, with_for_update=True)
    if link is None or link.redeemed_at is not None or clock.now() - link.requested_at > _STALE_REQUEST:
        return None
    person = _person_of(session, link)
    if person is not None and person.closed_at is not None:
        return None
    owner, sealed = (person.id, person.email_sealed) if person else (link.person_id, link.email_sealed or b"")
    address = vault.open(session, owner, sealing.EMAIL, sealed)
    name = vault.open(session, person.id, sealing.NAME, person.name_sealed) if person else ""
    token = new_secret()
    link.token_hash, link.expires_at = hash_of(token), clock.now() + LINK_LIFE
    return token, MailAddress(name, address, link.language)


def peek_link(session: Session, token: str, *, clock: Clock, vault: Vault) -> LinkView:
    """Return what the page behind the link may show, without using the link up; `LinkDead` when it is dead."""
    link = session.scalars(_live(token, clock=clock)).first()
    if link is None:
        raise LinkDead
    person = _person_of(session, link)
    owner, sealed = (person.id, person.email_sealed) if person else (link.person_id, link.email_sealed or b"")
    return LinkView(masked(vault.open(session, owner, sealing.EMAIL, sealed)), is_newcomer=person is None)


def redeem_link(session: Session, command: RedeemLink, *, clock: Clock, vault: Vault) -> Redeemed:
    """Use the link up and open a session, registering the newcomer first; `LinkDead` when it is dead."""
    link = session.scalars(_live(command.token, clock=clock).with_for_update()).first()
    if link is None:
        raise LinkDead
    link.redeemed_at = clock.now()
    person = _person_of(session, link)
    if person is None:
        _welcome(session, link, command=command, clock=clock, vault=vault)
    elif person.closed_at is not None:
        raise LinkDead
    else:
        person.email_confirmed_at = person.email_confirmed_at or clock.now()
        _drop_newcomer(session, link, person.id)
    person_id = person.id if person else link.person_id
    step = start_session(session, person_id, factors=("link",), device=command.device, clock=clock, vault=vault)
    return Redeemed(step, link.next_path, is_newcomer=person is None)


def _welcome(session: Session, link: SignInLink, *, command: RedeemLink, clock: Clock, vault: Vault) -> None:
    sealed = link.email_sealed or b""
    address = vault.open(session, link.person_id, sealing.EMAIL, sealed)
    newcomer = Register(address, command.name, command.language or link.language, is_confirmed=True)
    add_person(session, newcomer, person_id=link.person_id, email_sealed=sealed, clock=clock, vault=vault)
    link.email_sealed = None
    if command.password_hash is not None:
        session.add(Credential(person_id=link.person_id, password_hash=command.password_hash, changed_at=clock.now()))


def _drop_newcomer(session: Session, link: SignInLink, person_id: UUID) -> None:
    """Forget what the link kept for a newcomer who has registered by another link meanwhile."""
    if link.email_sealed is not None and link.person_id != person_id:
        session.execute(delete(VaultKey).where(VaultKey.owner_id == link.person_id))
        link.person_id, link.email_sealed = person_id, None


def _person_of(session: Session, link: SignInLink) -> Person | None:
    return session.scalars(select(Person).where(Person.email_index == link.email_index)).first()


def _live(token: str, *, clock: Clock) -> Select[SignInLink]:
    return select(SignInLink).where(
        SignInLink.token_hash == hash_of(token), SignInLink.redeemed_at.is_(None), SignInLink.expires_at > clock.now()
    )
