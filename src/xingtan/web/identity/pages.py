"""The typed contexts of the identity rooms' pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.identity.access import AccessPanel

Errors = Mapping[str, str]
NO_ERRORS: Errors = {}


@dataclass(frozen=True, slots=True)
class SetUpPage:
    """The first visit: whose academy this is."""

    template: ClassVar[str] = "identity/set_up.html"
    values: Mapping[str, str]
    currencies: Sequence[tuple[str, str]]
    time_zones: Sequence[tuple[str, str]]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Sign in by link, password or passkey. `way` is the form that stands open: ``link`` or ``password``."""

    template: ClassVar[str] = "identity/sign_in.html"
    next: str
    email: str = ""
    way: str = "link"
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkSentPage:
    """A letter is on its way, or lies in the folder of an academy without a mail server."""

    template: ClassVar[str] = "identity/sent.html"
    has_mail_server: bool
    minutes: int


@dataclass(frozen=True, slots=True)
class LinkPage:
    """The page behind a mailed link; its button signs in, so that a mail scanner's visit does not."""

    template: ClassVar[str] = "identity/link.html"
    token: str
    email: str
    is_newcomer: bool
    name: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkDeadPage:
    """A link that was used or has grown old."""

    template: ClassVar[str] = "identity/link_dead.html"
    sentence: str


@dataclass(frozen=True, slots=True)
class SecondFactorPage:
    """A code of the authenticator, a recovery code, or a passkey."""

    template: ClassVar[str] = "identity/second_factor.html"
    next: str
    needs: Sequence[str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """One's own name, language and password."""

    template: ClassVar[str] = "identity/profile.html"
    email: str
    name: str
    language: str
    has_password: bool
    saved: str = ""
    errors: Errors = field(default_factory=dict)
    password_errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """Where one is signed in."""

    template: ClassVar[str] = "identity/sessions.html"
    sessions: Sequence[tuple[str, identity.SessionView]]
    current: str


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """Authenticator, recovery codes, passkeys."""

    template: ClassVar[str] = "identity/security.html"
    security: identity.SecurityView
    pending: identity.TotpSetUp | None
    qr: str
    errors: Errors = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryCodesPage:
    """Ten codes, shown this once."""

    template: ClassVar[str] = "identity/recovery_codes.html"
    codes: Sequence[str]


@dataclass(frozen=True, slots=True)
class TokensPage:
    """API tokens; `secret` is the one just made."""

    template: ClassVar[str] = "identity/tokens.html"
    tokens: Sequence[tuple[str, identity.TokenView]]
    scopes: Sequence[str]
    lives: Sequence[int]
    secret: str = ""
    label: str = ""
    chosen: Sequence[str] = ()
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One purpose, in the reader's words."""

    purpose: str
    title: str
    body: str
    is_granted: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DataPage:
    """One's consents, and one's data to take along."""

    template: ClassVar[str] = "identity/data.html"
    rows: Sequence[ConsentRow]
    history: Sequence[privacy.ConsentView]
    saved: bool = False


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """A stranger's choice about being counted."""

    template: ClassVar[str] = "identity/consent.html"
    text: ConsentRow
    browser_says_no: bool
    next: str
    saved: bool = False


@dataclass(frozen=True, slots=True)
class PeopleListPage:
    """The studio's list of people."""

    template: ClassVar[str] = "identity/studio_people.html"
    people: Sequence[tuple[str, identity.PersonView]]
    query: str
    staff_only: bool
    count: int
    older: str | None
    is_partial: bool
    lacks_second_factor: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person, as the studio shows her."""

    template: ClassVar[str] = "identity/studio_person.html"
    id: str
    person: identity.PersonView
    roles: Sequence[str]
    sessions: Sequence[identity.SessionView]
    consents: Sequence[ConsentRow]
    security: identity.SecurityView | None
    access: AccessPanel | None
    saved: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The academy's settings."""

    template: ClassVar[str] = "identity/studio_settings.html"
    values: Mapping[str, str]
    currencies: Sequence[tuple[str, str]]
    time_zones: Sequence[tuple[str, str]]
    accents: Sequence[str]
    lacks_second_factor: bool
    saved: bool = False
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit list, with names instead of ids."""

    at: datetime
    actor: str
    action: str
    subject: str
    subject_href: str
    details: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Who did what."""

    template: ClassVar[str] = "identity/studio_audit.html"
    rows: Sequence[AuditRow]
    older: str | None
