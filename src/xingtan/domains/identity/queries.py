"""Questions about people, sessions and the academy. None of them costs a query for each row."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotAllowed, NotFound, say
from xingtan.core.ids import private_id
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.identity import sealing
from xingtan.domains.identity.models import (
    ACADEMY_ID,
    Academy,
    ApiToken,
    Credential,
    Passkey,
    Person,
    RecoveryCode,
    RoleGrant,
    SignInSession,
    Totp,
)
from xingtan.domains.identity.rules.addresses import masked, parse_address
from xingtan.domains.identity.rules.permissions import permissions_of, permissions_within
from xingtan.domains.identity.use_cases.sessions import TOUCHED_EVERY, hash_of, second_factors, ticket_row
from xingtan.domains.identity.views import (
    AcademyView,
    MailAddress,
    PasskeyView,
    PasswordOnFile,
    PeoplePage,
    PersonView,
    SecurityView,
    SessionView,
    SignedIn,
    TicketView,
    TokenBearer,
    TokenView,
)
from xingtan.infra.vault import Vault

SCAN_LIMIT = 20_000
"""A search by name opens at most this many names: they are sealed, so the database cannot search them."""

_SCAN_BATCH = 500
_MOST = 200
_entries, _people, _roles_given = (row.__table__ for row in (SignInSession, Person, RoleGrant))
# Asked for every page of a signed-in reader: built once, over the tables, which is a third of the work of row classes.
_SIGNED_IN = (
    select(
        _entries.c.person_id,
        _entries.c.id,
        _entries.c.factors,
        _entries.c.last_seen_at,
        _people.c.name_sealed,
        _people.c.language,
        _roles_given.c.role,
    )
    .join(_people, _people.c.id == _entries.c.person_id)
    .outerjoin(_roles_given, (_roles_given.c.person_id == _people.c.id) & _roles_given.c.ended_at.is_(None))
    .where(_entries.c.token_hash == bindparam("token_hash"), _entries.c.awaits_factor.is_(False))
    .where(_entries.c.ended_at.is_(None), _entries.c.expires_at > bindparam("now"), _people.c.closed_at.is_(None))
)
_KNOWS_PEOPLE = (Permission.PEOPLE_READ, Permission.LEARNERS_READ, Permission.ORDERS_READ)


def academy(session: Session) -> AcademyView | None:
    """Return the academy, or None before its first day."""
    row = session.get(Academy, ACADEMY_ID)
    if row is None:
        return None
    return AcademyView(
        row.name, row.tagline, row.about_md, row.language, row.currency, row.time_zone, row.legal_name, row.contact,
        row.accent, row.set_up_at,
    )  # fmt: skip


def open_session(session: Session, token: str, *, clock: Clock, vault: Vault) -> SignedIn | None:
    """Return who is signed in with `token`; None when the session ended, expired, or its person is gone. One query.

    Permissions are those of the roles that the person has now, not of those at sign-in.
    """
    now = clock.now()
    rows = session.execute(_SIGNED_IN, {"token_hash": hash_of(token), "now": now}).all()
    if not rows:
        return None
    person_id, session_id, factors, last_seen_at, name_sealed, language, _ = rows[0]
    permissions = permissions_of(filter(None, (role for *_, role in rows)))
    return SignedIn(
        viewer=Viewer(person_id, permissions, language),
        session_id=session_id,
        name=sealing.opened_or_empty(session, vault, person_id, field=sealing.NAME, sealed=name_sealed),
        factors=tuple(factors),
        is_stale=now - last_seen_at >= TOUCHED_EVERY,
    )


def viewer_of(session: Session, person_id: UUID) -> Viewer:
    """Return the person as a viewer, with the permissions of today's roles; `NotFound` when there is none."""
    language = session.scalar(select(Person.language).where(Person.id == person_id, Person.closed_at.is_(None)))
    if language is None:
        raise NotFound(say("There is no such person."))
    return Viewer(person_id, permissions_of(_roles(session, [person_id]).get(person_id, ())), language)


def viewer_of_token(session: Session, secret: str, *, clock: Clock) -> TokenBearer | None:
    """Return who a bearer token speaks for; None when it is unknown, expired or revoked, or its person is gone."""
    now = clock.now()
    wanted = (
        select(ApiToken, Person.language, RoleGrant.role)
        .join(Person, Person.id == ApiToken.person_id)
        .outerjoin(RoleGrant, (RoleGrant.person_id == Person.id) & RoleGrant.ended_at.is_(None))
        .where(ApiToken.token_hash == hash_of(secret), ApiToken.revoked_at.is_(None), Person.closed_at.is_(None))
        .where(ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now))
    )
    rows = session.execute(wanted).all()
    if not rows:
        return None
    row, language, _ = rows[0]
    reach = permissions_within(filter(None, (role for *_, role in rows)), row.scopes)
    is_stale = row.last_used_at is None or now - row.last_used_at >= TOUCHED_EVERY
    return TokenBearer(Viewer(row.person_id, reach, language), row.id, frozenset(row.scopes), is_stale)


def password_on_file(session: Session, email: str, *, vault: Vault) -> PasswordOnFile:
    """Return what a password must be compared with; the same shape for an address that nobody has."""
    try:
        index = sealing.email_index(vault, parse_address(email))
    except Invalid:
        return PasswordOnFile(None, None)
    wanted = (
        select(Person.id, Credential.password_hash)
        .outerjoin(Credential, Credential.person_id == Person.id)
        .where(Person.email_index == index, Person.closed_at.is_(None))
    )
    found = session.execute(wanted).first()
    return PasswordOnFile(found.id, found.password_hash) if found else PasswordOnFile(None, None)


def own_password_on_file(session: Session, person_id: UUID) -> PasswordOnFile:
    """Return what the signed-in person's current password must be compared with."""
    wanted = select(Credential.password_hash).where(Credential.person_id == person_id)
    return PasswordOnFile(person_id, session.scalar(wanted))


def find_by_email(session: Session, email: str, *, vault: Vault) -> UUID | None:
    """Return the id of the person with this address, in whatever case it is written; None when there is none."""
    try:
        index = sealing.email_index(vault, parse_address(email))
    except Invalid:
        return None
    return session.scalar(select(Person.id).where(Person.email_index == index))


def person(session: Session, viewer: Viewer, person_id: UUID, *, vault: Vault) -> PersonView:
    """Return a person: oneself, or anybody for staff who deal with people; the address masked without PEOPLE_READ."""
    is_self = viewer.person_id == person_id
    if not is_self:
        _require_people(viewer)
    row = session.get(Person, person_id)
    if row is None:
        raise NotFound(say("There is no such person."))
    sees_address = is_self or viewer.may(Permission.PEOPLE_READ)
    return _views(session, [row], vault=vault, sees_address=sees_address)[0]


def people(
    session: Session, viewer: Viewer, *, vault: Vault, query: str = "", after: UUID | None = None, limit: int = 50,
    staff_only: bool = False,
) -> PeoplePage:  # fmt: skip
    """Return people, newest first, from after the person `after`.

    `query` is a whole address, a public id, or a part of a name. Names are sealed, so a search by name opens them one
    by one, the newest `SCAN_LIMIT` at most; the page says when it stopped early.
    """
    _require_people(viewer)
    sees_address, limit = viewer.may(Permission.PEOPLE_READ), min(limit, _MOST)
    wanted = select(Person).order_by(Person.id.desc())
    if staff_only:
        wanted = wanted.where(Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.ended_at.is_(None))))
    if after is not None:
        wanted = wanted.where(Person.id < after)
    query = query.strip()
    if not query:
        rows = session.scalars(wanted.limit(limit + 1)).all()
        views = _views(session, rows[:limit], vault=vault, sees_address=sees_address)
        return PeoplePage(tuple(views), rows[limit - 1].id if len(rows) > limit else None, is_partial=False)
    exact = _exactly(session, query, vault=vault)
    if exact is not None:
        rows = session.scalars(wanted.where(Person.id == exact)).all()
        return PeoplePage(tuple(_views(session, rows, vault=vault, sees_address=sees_address)), None, is_partial=False)
    return _named(session, wanted, query, vault=vault, limit=limit, sees_address=sees_address)


def count_people(session: Session, viewer: Viewer) -> int:
    """Return how many open accounts there are."""
    _require_any(viewer, (*_KNOWS_PEOPLE, Permission.NUMBERS_READ))
    return session.scalar(select(func.count()).select_from(Person).where(Person.closed_at.is_(None))) or 0


def names_of(session: Session, ids: Iterable[UUID], *, vault: Vault) -> dict[UUID, str]:
    """Return id → name. People who were forgotten, or never were, are left out. Two queries for 500 people."""
    wanted = list(dict.fromkeys(ids))
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), _SCAN_BATCH):
        batch = select(Person.id, Person.name_sealed).where(Person.id.in_(wanted[start : start + _SCAN_BATCH]))
        found |= sealing.opened(
            session, vault, field=sealing.NAME, sealed=((owner, sealed) for owner, sealed in session.execute(batch))
        )
    return found


def mail_address(session: Session, person_id: UUID, *, vault: Vault) -> MailAddress:
    """Return where and in which language to write to the person; `NotFound` when the account is closed or forgotten."""
    row = session.get(Person, person_id)
    if row is None or row.closed_at is not None:
        raise NotFound(say("There is no such person."))
    return MailAddress(
        vault.open(session, person_id, sealing.NAME, row.name_sealed),
        vault.open(session, person_id, sealing.EMAIL, row.email_sealed),
        row.language,
    )


def behaviour_key(session: Session, person_id: UUID, *, vault: Vault) -> str:
    """Return the random word (32 hex digits) under which the person's behaviour is noted; `NotFound` when forgotten."""
    row = session.get(Person, person_id)
    if row is None:
        raise NotFound(say("There is no such person."))
    return vault.open(session, person_id, sealing.BEHAVIOUR_KEY, row.behaviour_key_sealed)


def behaviour_keys(session: Session, ids: Sequence[UUID], *, vault: Vault) -> dict[UUID, str]:
    """Return id → behaviour key of many people, two queries for 500; the forgotten are left out."""
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), _SCAN_BATCH):
        batch = select(Person.id, Person.behaviour_key_sealed).where(Person.id.in_(ids[start : start + _SCAN_BATCH]))
        sealed = ((owner, one) for owner, one in session.execute(batch))
        found |= sealing.opened(session, vault, field=sealing.BEHAVIOUR_KEY, sealed=sealed)
    return found


def ticket(session: Session, token: str, *, clock: Clock) -> TicketView:
    """Return whose sign-in waits behind the ticket, and for what; `NotFound` when it has grown old."""
    row = ticket_row(session, token, clock=clock)
    return TicketView(row.person_id, second_factors(session, row.person_id))


def sessions(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> list[SessionView]:
    """Return where the person is signed in, most recently used first."""
    wanted = (
        select(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
        .where(SignInSession.awaits_factor.is_(False), SignInSession.expires_at > clock.now())
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    )
    return [
        SessionView(
            row.id,
            vault.open(session, person_id, sealing.DEVICE, row.device_sealed),
            row.created_at,
            row.last_seen_at,
            tuple(row.factors),
        )
        for row in session.scalars(wanted)
    ]


def security(session: Session, person_id: UUID, *, vault: Vault) -> SecurityView:
    """Return how the person's account is guarded."""
    totp_at = select(Totp.confirmed_at).where(Totp.person_id == person_id, Totp.confirmed_at.is_not(None))
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    passkeys = select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)
    return SecurityView(
        has_password=session.scalar(select(Credential.person_id).where(Credential.person_id == person_id)) is not None,
        has_totp=session.scalar(totp_at) is not None,
        recovery_codes_left=session.scalar(left) or 0,
        passkeys=tuple(
            PasskeyView(
                row.id,
                vault.open(session, person_id, sealing.PASSKEY_LABEL, row.label_sealed),
                row.created_at,
                row.last_used_at,
            )
            for row in session.scalars(passkeys)
        ),
    )


def tokens(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> list[TokenView]:
    """Return the person's live API tokens, newest first."""
    wanted = (
        select(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .where(ApiToken.expires_at.is_(None) | (ApiToken.expires_at > clock.now()))
        .order_by(ApiToken.id.desc())
    )
    return [
        TokenView(
            row.id,
            vault.open(session, person_id, sealing.TOKEN_LABEL, row.label_sealed),
            tuple(row.scopes),
            row.created_at,
            row.expires_at,
            row.last_used_at,
        )
        for row in session.scalars(wanted)
    ]


def _require_people(viewer: Viewer) -> None:
    _require_any(viewer, _KNOWS_PEOPLE)


def _require_any(viewer: Viewer, permissions: Iterable[Permission]) -> None:
    if not any(viewer.may(permission) for permission in permissions):
        raise NotAllowed(say("Your role does not allow this."))


def _exactly(session: Session, query: str, *, vault: Vault) -> UUID | None:
    if "@" in query:
        return find_by_email(session, query, vault=vault)
    try:
        return private_id("person", query)
    except NotFound:
        return None


def _named(
    session: Session,
    wanted: Select[Person],
    query: str,
    *,
    vault: Vault,
    limit: int,
    sees_address: bool,
) -> PeoplePage:
    found: list[Person] = []
    needle, seen, last = query.casefold(), 0, None
    while len(found) <= limit and seen < SCAN_LIMIT:
        batch = wanted.where(Person.id < last) if last is not None else wanted
        rows = session.scalars(batch.limit(_SCAN_BATCH)).all()
        names = sealing.opened(session, vault, field=sealing.NAME, sealed=((row.id, row.name_sealed) for row in rows))
        found += [row for row in rows if needle in names.get(row.id, "").casefold()]
        seen += len(rows)
        if len(rows) < _SCAN_BATCH:
            break
        last = rows[-1].id
    views = _views(session, found[:limit], vault=vault, sees_address=sees_address)
    after = found[limit - 1].id if len(found) > limit else None
    return PeoplePage(tuple(views), after, is_partial=seen >= SCAN_LIMIT)


def _views(session: Session, rows: Sequence[Person], *, vault: Vault, sees_address: bool) -> list[PersonView]:
    names = sealing.opened(session, vault, field=sealing.NAME, sealed=((row.id, row.name_sealed) for row in rows))
    emails = sealing.opened(session, vault, field=sealing.EMAIL, sealed=((row.id, row.email_sealed) for row in rows))
    roles = _roles(session, [row.id for row in rows])
    return [
        PersonView(
            row.id,
            names.get(row.id, ""),
            _shown(emails.get(row.id, ""), sees_address=sees_address),
            row.language,
            roles.get(row.id, ()),
            row.created_at,
            row.email_confirmed_at,
            row.closed_at,
        )
        for row in rows
    ]


def _shown(address: str, *, sees_address: bool) -> str:
    return address if sees_address or not address else masked(address)


def _roles(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    live = select(RoleGrant.person_id, RoleGrant.role).where(RoleGrant.person_id.in_(ids), RoleGrant.ended_at.is_(None))
    found: dict[UUID, tuple[str, ...]] = {}
    for person_id, role in session.execute(live.order_by(RoleGrant.id)):
        found[person_id] = (*found.get(person_id, ()), role)
    return found
