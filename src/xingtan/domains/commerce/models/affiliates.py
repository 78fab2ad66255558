"""Affiliates (推广员): one level, commission by rule, paid out in batches.

1. A line earns at most one commission, and never more than its rule says of what is left of the line.
2. A move (accrual, reversal, payout) is written once; what is owed is the sum of the moves.
3. A payout pays moves that are mature, each once.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.machines import AFFILIATE, PAYOUT
from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

MOVE_KINDS = ("accrual", "reversal", "payout")
RENEWAL_RULES = ("first", "months", "always")


class Affiliate(Base):
    """A person who brings buyers. `code` is in her link, and can be read out."""

    __tablename__ = "affiliate"
    __table_args__ = (
        UniqueConstraint("person_id"),
        UniqueConstraint("code"),
        CheckConstraint(one_of("state", AFFILIATE.states), name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(16))
    about: Mapped[str] = mapped_column(String(1000))
    applied_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class AffiliateDay(Base):
    """How often an affiliate's link was opened on a day; nobody is told apart."""

    __tablename__ = "affiliate_day"
    __table_args__ = (CheckConstraint("clicks > 0", name="clicks"),)

    affiliate_id: Mapped[UUID] = mapped_column(ForeignKey("affiliate.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    clicks: Mapped[int]


class AffiliateProgram(Base):
    """The academy's terms, each change a new version: how long a click counts, which one, when money is mature."""

    __tablename__ = "affiliate_program"
    __table_args__ = (
        CheckConstraint("window_days >= 1 AND window_days <= 365", name="window_days"),
        CheckConstraint("mature_days >= 0 AND mature_days <= 365", name="mature_days"),
        CheckConstraint(one_of("click", ("first", "last")), name="click"),
    )

    version: Mapped[int] = mapped_column(primary_key=True)
    is_open: Mapped[bool]
    window_days: Mapped[int]
    mature_days: Mapped[int]
    click: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class CommissionRule(Base):
    """What share of a sale an affiliate earns, in basis points; nulls mean any. The narrowest rule counts.

    `renewals`: of a subscription only its first payment, those of its first `months`, or all of them.
    """

    __tablename__ = "commission_rule"
    __table_args__ = (
        CheckConstraint("rate_bp >= 0 AND rate_bp <= 9000", name="rate_bp"),
        CheckConstraint(one_of("renewals", RENEWAL_RULES), name="renewals"),
        CheckConstraint("(renewals = 'months') = (months IS NOT NULL)", name="months"),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="period"),
        CheckConstraint("product_id IS NULL OR product_kind IS NULL", name="one_scope"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    affiliate_id: Mapped[UUID | None] = mapped_column(ForeignKey("affiliate.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    product_kind: Mapped[str | None] = mapped_column(String(20))
    rate_bp: Mapped[int]
    renewals: Mapped[str] = mapped_column(String(8))
    months: Mapped[int | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class OrderAttribution(Base):
    """Whose link brought the buyer of an order, as it was when she ordered."""

    __tablename__ = "order_attribution"
    __table_args__ = (Index("ix_order_attribution_affiliate", "affiliate_id"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"), primary_key=True)
    affiliate_id: Mapped[UUID] = mapped_column(ForeignKey("affiliate.id"))
    clicked_at: Mapped[datetime]


class Commission(Base):
    """What an affiliate earns of one paid line: `rate_bp` of its net, less what was taken back since."""

    __tablename__ = "commission"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint("amount_minor > 0 AND net_minor > 0", name="amount_minor"),
        CheckConstraint("reversed_minor >= 0 AND reversed_minor <= amount_minor", name="reversed_minor"),
        CheckConstraint("amount_minor * 10000 <= net_minor * rate_bp", name="rule"),
        Index("ix_commission_affiliate", "affiliate_id", "accrued_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    affiliate_id: Mapped[UUID] = mapped_column(ForeignKey("affiliate.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("commission_rule.id"))
    currency: Mapped[str] = mapped_column(String(3))
    net_minor: Mapped[int] = mapped_column(BigInteger)
    rate_bp: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reversed_minor: Mapped[int] = mapped_column(BigInteger)
    accrued_at: Mapped[datetime]
    matures_at: Mapped[datetime]


class CommissionMove(Base):
    """One line of an affiliate's statement: what was added to what she is owed (a payout takes from it)."""

    __tablename__ = "commission_move"
    __table_args__ = (
        CheckConstraint(one_of("kind", MOVE_KINDS), name="kind"),
        CheckConstraint("amount_minor <> 0 AND (kind = 'accrual') = (amount_minor > 0)", name="sign"),
        CheckConstraint("(kind IN ('accrual', 'reversal')) = (commission_id IS NOT NULL)", name="commission"),
        Index("ix_commission_move_affiliate", "affiliate_id", "at"),
        Index(
            "ix_commission_move_unpaid", "affiliate_id",
            sqlite_where=text("payout_id IS NULL"), postgresql_where=text("payout_id IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    affiliate_id: Mapped[UUID] = mapped_column(ForeignKey("affiliate.id"))
    commission_id: Mapped[UUID | None] = mapped_column(ForeignKey("commission.id"))
    payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout.id"))
    kind: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    matures_at: Mapped[datetime]


class PayoutBatch(Base):
    """Payouts that are decided on together."""

    __tablename__ = "payout_batch"
    __table_args__ = (CheckConstraint("until <= created_at", name="until"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]


class Payout(Base):
    """What one affiliate is paid in one currency by one batch: the sum of its mature moves."""

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("batch_id", "affiliate_id", "currency"),
        CheckConstraint(one_of("state", PAYOUT.states), name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_payout_affiliate", "affiliate_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("payout_batch.id"))
    affiliate_id: Mapped[UUID] = mapped_column(ForeignKey("affiliate.id"))
    state: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime | None]
