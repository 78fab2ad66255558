"""Prices. 1. A price never changes: a new price is a new offer, and an order line keeps the offer it was bought by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.domains.commerce.models.words import one_of
from xingtan.infra.db import Base

OFFER_MODELS = (
    "once", "free", "pay_what_you_want", "rental", "subscription", "instalments", "per_use", "credits", "top_up",
    "group",
)  # fmt: skip
"""The ways to sell. ``service`` has no offer: each quote names its own price."""

_PRICED = tuple(model for model in OFFER_MODELS if model not in ("free", "pay_what_you_want"))


class Offer(Base):
    """A price at which something can be had, from `starts_at` until `ends_at` (exclusive) or until it is retired.

    What: a product, or a membership tier, or (a pack of credits, a top-up) neither.
    `amount_minor` is the price, nothing (`free`), or the amount suggested (`pay_what_you_want`, with `floor_minor` as
    the least). `terms` holds what the model needs: days, interval, trial, units. `stock_total` is how many can be had
    at this price (null: any number), `stock_taken` how many orders hold or have.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(one_of("model", OFFER_MODELS), name="model"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint(
            "(model = 'free' AND amount_minor = 0 AND floor_minor IS NULL)"
            f" OR ({one_of('model', _PRICED)} AND amount_minor > 0 AND floor_minor IS NULL)"
            " OR (model = 'pay_what_you_want' AND floor_minor IS NOT NULL AND floor_minor >= 0"
            " AND amount_minor >= floor_minor)",
            name="amount",
        ),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
        CheckConstraint("product_id IS NULL OR tier_id IS NULL", name="subject"),
        CheckConstraint(
            "stock_taken >= 0 AND (stock_total IS NULL OR (stock_total > 0 AND stock_taken <= stock_total))",
            name="stock",
        ),
        Index("ix_offer_product", "product_id", "retired_at", "starts_at"),
        Index("ix_offer_tier", "tier_id", "retired_at", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    tier_id: Mapped[UUID | None]
    model: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    terms: Mapped[dict[str, Any]]
    stock_total: Mapped[int | None]
    stock_taken: Mapped[int]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]
