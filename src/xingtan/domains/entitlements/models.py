"""Rows of entitlements.

1. One row for each person, product and source: granting twice is granting once.
2. A row names what gave it, and never changes but to end.
3. It holds from `starts_at` until `ends_at` (exclusive; null: without end), or until it is ended.
4. An ended right never comes back, whatever the clock does.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base

SOURCE_KINDS = ("order", "grant", "free", "bundle-part")

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
"""Entitlements keep their promises by constraints alone."""


class Entitlement(Base):
    """The right of one person to use one product, given by one source."""

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("person_id", "product_id", "source_kind", "source_id"),
        CheckConstraint(f"source_kind IN ({', '.join(repr(kind) for kind in SOURCE_KINDS)})", name="source_kind"),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="period"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        Index("ix_entitlement_product", "product_id", "person_id"),
        Index("ix_entitlement_source", "source_kind", "source_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    source_kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))
