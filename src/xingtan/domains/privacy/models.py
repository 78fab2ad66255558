"""Consent, with its history: a row is granted once, withdrawn at most once, and never deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base

_LIVE = "withdrawn_at IS NULL"


class Consent(Base):
    """A person's yes to one purpose, in the words of one version."""

    __tablename__ = "consent"
    __table_args__ = (
        Index(
            "uq_consent_live",
            "person_id",
            "purpose",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= granted_at", name="order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    text_version: Mapped[int]
    granted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
