"""What the identity domain tells: frozen rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.viewer import Viewer

Texts = Mapping[str, str]
"""One text in each language: ``{"zh": …, "en": …}``."""


def in_language(texts: Texts, language: str, *, fallback: str) -> str:
    """Return the text in `language`, else in `fallback`, else whichever there is."""
    return texts.get(language) or texts.get(fallback) or next((text for text in texts.values() if text), "")


@dataclass(frozen=True, slots=True)
class AcademyView:
    """The academy, with its texts in both languages."""

    name: Texts
    tagline: Texts
    about_md: Texts
    language: str
    currency: str
    time_zone: str
    legal_name: str
    contact: str
    accent: str
    set_up_at: datetime

    def name_in(self, language: str) -> str:
        """Return the academy's name for readers of `language`."""
        return in_language(self.name, language, fallback=self.language)

    def tagline_in(self, language: str) -> str:
        """Return the line under the name for readers of `language`."""
        return in_language(self.tagline, language, fallback=self.language)

    def about_in(self, language: str) -> str:
        """Return the Markdown about the academy for readers of `language`."""
        return in_language(self.about_md, language, fallback=self.language)


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person. `email` is masked (``l…@example.org``) for a viewer who may not read addresses."""

    id: UUID
    name: str
    email: str
    language: str
    roles: tuple[str, ...]
    created_at: datetime
    email_confirmed_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some people, newest first. `after` continues the list (None: the end); `is_partial`: a search stopped early."""

    people: tuple[PersonView, ...]
    after: UUID | None
    is_partial: bool


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where and in which language to write to a person."""

    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session. `is_stale`: the edge should call `touch_session`, which keeps it alive for another 30 days."""

    viewer: Viewer
    session_id: UUID
    name: str
    factors: tuple[str, ...]
    is_stale: bool

    @property
    def lacks_second_factor(self) -> bool:
        """Say whether somebody on the staff came in by one factor only; the studio reminds them. A passkey is two."""
        return self.viewer.is_staff and len(self.factors) == 1 and self.factors[0] != "passkey"


@dataclass(frozen=True, slots=True)
class SignInStep:
    """A new session's token, shown once. With `needs` it is only the ticket to the second-factor page."""

    token: str
    session_id: UUID
    person_id: UUID
    needs: tuple[str, ...]
    expires_at: datetime

    @property
    def is_complete(self) -> bool:
        """Say whether the person is signed in."""
        return not self.needs


@dataclass(frozen=True, slots=True)
class TicketView:
    """A sign-in that waits for its second factor."""

    person_id: UUID
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionView:
    """One place where a person is signed in."""

    id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page behind a sign-in link knows: whom it will sign in, masked, and whether that is a newcomer."""

    email: str
    is_newcomer: bool


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redeemed link: the session it opened and where the person was going."""

    step: SignInStep
    next_path: str
    is_newcomer: bool


@dataclass(frozen=True, slots=True)
class PasswordOnFile:
    """What is needed to check a password outside of any transaction; `person_id` None: nobody has this address."""

    person_id: UUID | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class TotpSetUp:
    """A new authenticator secret, shown until it is confirmed: as base 32 and as an ``otpauth://`` address."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey on a person's list."""

    id: UUID
    label: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityView:
    """How well a person's account is guarded."""

    has_password: bool
    has_totp: bool
    recovery_codes_left: int
    passkeys: tuple[PasskeyView, ...]

    @property
    def has_second_factor(self) -> bool:
        """Say whether anything beyond one factor is there."""
        return self.has_totp or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class PasskeyOptions:
    """What the browser's `navigator.credentials` is given, as JSON, and the id under which the answer is checked."""

    challenge_id: UUID
    options_json: str


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token on a person's list."""

    id: UUID
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is shown this once."""

    id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """Who a bearer token speaks for, and how far it reaches."""

    viewer: Viewer
    token_id: UUID
    scopes: frozenset[str]
    is_stale: bool
