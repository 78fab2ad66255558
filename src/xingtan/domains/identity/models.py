"""Rows of the identity domain.

1. There is at most one academy. 2. An address belongs to at most one person. 3. Tokens, links and codes are stored as
hashes only. 4. Columns ending in `_sealed` hold vault ciphertext of the row's person.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base

ACADEMY_ID = 1
_LIVE_GRANT = "ended_at IS NULL"


class Academy(Base):
    """The academy: what it is called, in which money and time zone it lives. Texts are ``{"zh": …, "en": …}``."""

    __tablename__ = "academy"
    __table_args__ = (CheckConstraint(f"id = {ACADEMY_ID}", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[dict[str, Any]]
    tagline: Mapped[dict[str, Any]]
    about_md: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    legal_name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(254))
    accent: Mapped[str] = mapped_column(String(16))
    set_up_at: Mapped[datetime]


class Person(Base):
    """Somebody with an account."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    email_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    behaviour_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    email_confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Credential(Base):
    """A person's password, as its Argon2id hash."""

    __tablename__ = "credential"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime]


class SignInSession(Base):
    """One sign-in. While `awaits_factor` it opens nothing but the page that asks for the second factor."""

    __tablename__ = "sign_in_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    device_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    factors: Mapped[list[Any]]
    awaits_factor: Mapped[bool]


class SignInLink(Base):
    """A link sent by mail. `person_id` is the person it signs in, or the one that redeeming it will make.

    The address is sealed here only for a newcomer, under the key that the new person will keep.
    """

    __tablename__ = "sign_in_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(index=True)
    email_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(8))
    next_path: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    requested_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime | None]
    redeemed_at: Mapped[datetime | None]


class Totp(Base):
    """A person's authenticator secret. `last_step` is the last 30-second step whose code was used."""

    __tablename__ = "totp"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """One of ten codes for the day the authenticator is lost."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("person_id", "code_hash", name="uq_recovery_code_person_id_code_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    label_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A question put to an authenticator; deleted when it is answered, so that it is answered once."""

    __tablename__ = "passkey_challenge"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary(64))
    person_id: Mapped[UUID | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RoleGrant(Base):
    """A role given to a person, live while `ended_at` is null."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index(
            "uq_role_grant_live",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text(_LIVE_GRANT),
            postgresql_where=text(_LIVE_GRANT),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token for programs."""

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    label_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
