"""Referrals: a learner's own link gives a friend a discount, and her a reward; one level.

1. A friend has the discount once (a constraint), and one referral that counts at most. 2. A reward is given once.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import REFERRAL
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base


class ReferralProgram(Base):
    """The academy's terms, each change a new version. `most_rewards` is for each learner within 365 days."""

    __tablename__ = "referral_program"
    __table_args__ = (
        CheckConstraint("off_bp >= 0 AND off_bp <= 5000", name="off_bp"),
        CheckConstraint("reward_bp >= 0 AND reward_bp <= 5000", name="reward_bp"),
        CheckConstraint("most_rewards >= 1 AND most_rewards <= 1000", name="most_rewards"),
        CheckConstraint("mature_days >= 0 AND mature_days <= 365", name="mature_days"),
    )

    version: Mapped[int] = mapped_column(primary_key=True)
    is_open: Mapped[bool]
    off_bp: Mapped[int]
    reward_bp: Mapped[int]
    most_rewards: Mapped[int]
    mature_days: Mapped[int]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class ReferralLink(Base):
    """A learner's own link. `code` names nobody."""

    __tablename__ = "referral_link"
    __table_args__ = (UniqueConstraint("person_id"), UniqueConstraint("code"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(24))
    created_at: Mapped[datetime]


class ReferralShare(Base):
    """How often a friend's orders hold or have used the discount: once at most."""

    __tablename__ = "referral_share"
    __table_args__ = (CheckConstraint("taken >= 0 AND taken <= total AND total = 1", name="taken"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    total: Mapped[int]
    taken: Mapped[int]


class Referral(Base):
    """A friend's first paid order by a link: the terms of that day, and what its reward came to."""

    __tablename__ = "referral"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint(one_of("state", REFERRAL.states), name="state"),
        CheckConstraint("reward_bp >= 0 AND reward_bp <= 5000", name="reward_bp"),
        CheckConstraint("(state = 'rewarded') = (reward_minor > 0)", name="reward"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        Index(
            "uq_referral_live", "friend_id", unique=True,
            sqlite_where=text("state <> 'void'"), postgresql_where=text("state <> 'void'"),
        ),
        Index("ix_referral_link", "link_id", "state"),
        Index("ix_referral_due", "state", "matures_at"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(ForeignKey("referral_link.id"))
    friend_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    state: Mapped[str] = mapped_column(String(16))
    reward_bp: Mapped[int]
    reward_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]
    matures_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
