"""Work of the identity domain that a request does not wait for: letters, and clearing away what has grown old."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.domains.identity import letters
from xingtan.domains.identity.models import PasskeyChallenge, Person, SignInLink, SignInSession
from xingtan.domains.identity.queries import academy, mail_address
from xingtan.domains.identity.use_cases.links import LINK_LIFE, prepare_letter
from xingtan.infra.jobs import Periodic
from xingtan.infra.mail import Letter, compose
from xingtan.infra.platform import Platform
from xingtan.infra.vault import VaultKey

SEND_LINK, SEND_NOTICE, TIDY = "identity.send_link", "identity.send_notice", "identity.tidy"
TIDY_EVERY = timedelta(hours=6)
_LINKS_KEPT = timedelta(days=1)
_SESSIONS_KEPT = timedelta(days=90)


def send_link(platform: Platform, args: Mapping[str, Any], report: Callable[..., None]) -> None:  # noqa: ARG001 - a long job may report
    """Make the link's token and mail it. After a crash the letter is written again, with a token of its own."""
    link_id, clock, vault = UUID(args["link_id"]), platform.clock, platform.vault
    prepared = platform.database.write(lambda session: prepare_letter(session, link_id, clock=clock, vault=vault))
    if prepared is None:
        return
    token, to = prepared
    letter = letters.sign_in_letter(
        to.email,
        name=to.name,
        language=to.language,
        academy=platform.database.read(lambda session: _academy_name(session, to.language)),
        url=f"{platform.settings.effective_base_url}/{to.language}/sign-in/link/{token}",
        minutes=int(LINK_LIFE.total_seconds()) // 60,
    )
    _send(platform, letter, message_id="")


def send_notice(platform: Platform, args: Mapping[str, Any], report: Callable[..., None]) -> None:  # noqa: ARG001 - a long job may report
    """Mail the person a note about a change of the account's locks."""
    try:
        to = platform.database.read(
            lambda session: mail_address(session, UUID(args["person_id"]), vault=platform.vault)
        )
    except NotFound:
        return
    page = "sign-in" if args["about"] == "password_changed" else "account/security"
    letter = letters.notice_letter(
        to.email,
        args["about"],
        name=to.name,
        language=to.language,
        academy=platform.database.read(lambda session: _academy_name(session, to.language)),
        url=f"{platform.settings.effective_base_url}/{to.language}/{page}",
    )
    _send(platform, letter, message_id=args["notice_id"])


def tidy(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:  # noqa: ARG001 - a job's signature
    """Delete day-old links with the addresses of newcomers who never came, old challenges, long ended sessions."""
    now = platform.clock.now()
    old = SignInLink.requested_at < now - _LINKS_KEPT
    never_came = select(SignInLink.person_id).where(
        old, SignInLink.email_sealed.is_not(None), SignInLink.person_id.not_in(select(Person.id))
    )
    session.execute(delete(VaultKey).where(VaultKey.owner_id.in_(never_came)))
    session.execute(delete(SignInLink).where(old))
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    session.execute(delete(SignInSession).where(SignInSession.expires_at < now - _SESSIONS_KEPT))


def _academy_name(session: Session, language: str) -> str:
    view = academy(session)
    return view.name_in(language) if view else "Xingtan"


def _send(platform: Platform, letter: Letter, *, message_id: str) -> None:
    platform.mailer.send(compose(letter, platform.settings.mail_from, clock=platform.clock, message_id=message_id))


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {TIDY: tidy}
"""Jobs whose effect is rows: ``(session, platform, args)``."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    SEND_LINK: send_link,
    SEND_NOTICE: send_notice,
}
"""Jobs that talk to others: ``(platform, args, report)``; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (Periodic(TIDY, TIDY_EVERY),)

HANDLERS: Mapping[str, tuple[str, ...]] = {}
"""Event kind → the jobs of identity that hear it: none."""
