"""Oneself: the account, where one is signed in, what one agrees to, one's tokens."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.api.caller import MYSELF, READ_MINE, WRITE_MINE, AskDep
from xingtan.web.api.fields import At, Flag, In, Line, Out, PersonId, SessionId, SessionPath, TokenId, TokenPath, Whole
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.product_schemas import Language

router = operations("me")


class Me(Out):
    """Who asks, and what this call may do: with a token, no more than its scopes reach."""

    id: PersonId
    name: str
    email: str
    language: str
    roles: list[str]
    permissions: list[str]
    scopes: list[str] | None
    created_at: At


class ProfileIn(In):
    """One's name and language."""

    name: Line
    language: Language


class SignedInAt(Out):
    """One place where one is signed in."""

    id: SessionId
    device: str
    created_at: At
    last_seen_at: At
    factors: list[str]
    is_this: bool


class Consent(Out):
    """A purpose, what is asked in each language, and whether one agrees to today's words."""

    purpose: str
    text_version: int
    title: dict[str, str]
    body: dict[str, str]
    is_agreed: bool


class ConsentIn(In):
    """Whether one agrees."""

    is_agreed: Flag


class Token(Out):
    """An API token; its secret is shown once, when it is made."""

    id: TokenId
    label: str
    scopes: list[str]
    created_at: At
    expires_at: At | None
    last_used_at: At | None


class TokenIn(In):
    """A new token: what it is for, how far it reaches, and for how many days (null: until it is revoked)."""

    label: Line
    scopes: Annotated[tuple[Line, ...], Field(max_length=20)]
    days: Whole | None = 90


class NewToken(Out):
    """A token just made. Keep the secret; it is shown this once."""

    id: TokenId
    secret: str


@operation(router, "GET", "/me", READ_MINE)
def get_me(ask: AskDep) -> Me:
    """Who one is here, and what this call may do."""
    found = ask.read(lambda session: identity.person(session, ask.viewer, ask.person_id, vault=ask.vault))
    return Me(
        id=found.id, name=found.name, email=found.email, language=found.language, roles=list(found.roles),
        permissions=sorted(ask.viewer.permissions), scopes=sorted(ask.bearer.scopes) if ask.bearer else None,
        created_at=found.created_at,
    )  # fmt: skip


@operation(router, "PUT", "/me", WRITE_MINE)
def save_profile(ask: AskDep, body: ProfileIn) -> Me:
    """Change one's name and language."""
    command = identity.SaveProfile(body.name, body.language)
    ask.write(lambda session: identity.save_profile(session, command, person_id=ask.person_id, vault=ask.vault))
    return get_me(ask)


@operation(router, "GET", "/me/sessions", READ_MINE)
def list_sessions(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[SignedInAt]:
    """Where one is signed in, most recently used first."""
    found = ask.read(lambda session: identity.sessions(session, ask.person_id, clock=ask.clock, vault=ask.vault))
    own = ask.here.signed_in.session_id if ask.bearer is None and ask.here.signed_in else None
    return sliced(
        found, cursor=cursor, limit=limit,
        show=lambda one: SignedInAt(
            id=one.id, device=one.device, created_at=one.created_at, last_seen_at=one.last_seen_at,
            factors=list(one.factors), is_this=one.id == own,
        ),
    )  # fmt: skip


@operation(router, "DELETE", "/me/sessions/{session}", WRITE_MINE, status=204)
def end_session(ask: AskDep, session: SessionPath) -> None:
    """Sign out in one place."""
    ask.write(lambda it: identity.end_session(it, session, person_id=ask.person_id, clock=ask.clock))


@operation(router, "DELETE", "/me/sessions", WRITE_MINE, status=204)
def end_other_sessions(ask: AskDep) -> None:
    """Sign out everywhere but here."""
    keep = ask.here.signed_in.session_id if ask.bearer is None and ask.here.signed_in else None
    ask.write(lambda session: identity.end_other_sessions(session, ask.person_id, keep=keep, clock=ask.clock))


@operation(router, "GET", "/me/consents", READ_MINE)
def list_consents(ask: AskDep) -> Page[Consent]:
    """What one may agree to, and whether one does."""
    return Page(items=ask.read(lambda session: _consents(session, ask.person_id)))


@operation(router, "PUT", "/me/consents/{purpose}", WRITE_MINE)
def save_consent(
    ask: AskDep, purpose: Literal["analytics", "personalisation", "marketing_mail"], body: ConsentIn
) -> Page[Consent]:
    """Agree to a purpose, or take the agreement back; each is as easy as the other."""
    change = privacy.grant_consent if body.is_agreed else privacy.withdraw_consent

    def work(session: Session) -> list[Consent]:
        change(session, ask.person_id, purpose=privacy.Purpose(purpose), clock=ask.clock)
        session.flush()
        return _consents(session, ask.person_id)

    return Page(items=ask.write(work))


def _consents(session: Session, person_id: UUID) -> list[Consent]:
    allowed = privacy.allowed_purposes(session, person_id)
    return [
        Consent(
            purpose=purpose, text_version=text.version, title=dict(text.title), body=dict(text.body),
            is_agreed=purpose in allowed,
        )
        for purpose, text in privacy.TEXTS.items()
    ]  # fmt: skip


@operation(router, "GET", "/me/tokens", MYSELF)
def list_tokens(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Token]:
    """One's live API tokens, newest first."""
    found = ask.read(lambda session: identity.tokens(session, ask.person_id, clock=ask.clock, vault=ask.vault))
    return sliced(
        found, cursor=cursor, limit=limit,
        show=lambda one: Token(
            id=one.id, label=one.label, scopes=list(one.scopes), created_at=one.created_at,
            expires_at=one.expires_at, last_used_at=one.last_used_at,
        ),
    )  # fmt: skip


@operation(router, "POST", "/me/tokens", MYSELF, status=201)
def make_token(ask: AskDep, body: TokenIn) -> NewToken:
    """Make an API token. Only the signed-in person can: no token makes another."""
    command = identity.MakeToken(body.label, body.scopes, body.days)
    made = ask.write(
        lambda session: identity.make_token(session, command, viewer=ask.viewer, clock=ask.clock, vault=ask.vault)
    )
    return NewToken(id=made.id, secret=made.secret)


@operation(router, "DELETE", "/me/tokens/{token}", MYSELF, status=204)
def revoke_token(ask: AskDep, token: TokenPath) -> None:
    """End one of one's tokens at once."""
    ask.write(lambda session: identity.revoke_token(session, token, person_id=ask.person_id, clock=ask.clock))
