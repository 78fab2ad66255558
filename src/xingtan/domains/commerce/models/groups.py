"""Groups that buy together (拼团).

1. `taken` counts the places that orders hold or have paid for, and never exceeds `size` (a constraint).
2. A person has one place in a group at most. 3. A group is complete when all its places are paid, and only then.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import GROUP, GROUP_PLACE
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base


class BuyingGroup(Base):
    """People who buy one product together, until `ends_at` (exclusive). `code` is in the link that they share."""

    __tablename__ = "buying_group"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint(one_of("state", GROUP.states), name="state"),
        CheckConstraint("size >= 2 AND taken >= 0 AND taken <= size", name="taken"),
        CheckConstraint("ends_at > opened_at", name="period"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index("ix_buying_group_offer", "offer_id", "state"),
        Index("ix_buying_group_due", "state", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(16))
    size: Mapped[int]
    taken: Mapped[int]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class GroupPlace(Base):
    """A paid place in a group: whose, and by which line of which order."""

    __tablename__ = "group_place"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint(one_of("state", GROUP_PLACE.states), name="state"),
        Index(
            "uq_group_place_live",
            "group_id",
            "person_id",
            unique=True,
            sqlite_where=text("state <> 'left'"),
            postgresql_where=text("state <> 'left'"),
        ),
        Index("ix_group_place_group", "group_id", "state"),
        Index("ix_group_place_person", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("buying_group.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    state: Mapped[str] = mapped_column(String(16))
    taken_at: Mapped[datetime]
