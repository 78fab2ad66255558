"""Prices, read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Offer
from xingtan.domains.commerce.rules.pricing import slot
from xingtan.domains.commerce.views import OfferView

_WAYS = (
    "once", "free", "pay_what_you_want", "instalments", "subscription", "rental", "group", "per_use", "credits",
    "top_up",
)  # fmt: skip
"""In which order ways to sell are shown."""


def offer_view(row: Offer) -> OfferView:
    """Return the row as others see it."""
    floor = None if row.floor_minor is None else Money(row.floor_minor, row.currency)
    return OfferView(
        row.id, row.product_id, row.model, Money(row.amount_minor, row.currency), floor, row.starts_at, row.ends_at,
        row.retired_at, row.created_at, tier_id=row.tier_id, terms=row.terms, stock_total=row.stock_total,
        stock_taken=row.stock_taken,
    )  # fmt: skip


def offer(session: Session, offer_id: UUID) -> OfferView:
    """Return one offer, live or not; `NotFound` when there is none."""
    row = session.get(Offer, offer_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return offer_view(row)


def offers_for(session: Session, product_ids: Sequence[UUID], *, currency: str, at: datetime) -> dict[UUID, OfferView]:
    """Return the first offer by which each product can be had at `at` (`live_offers`), where there is any."""
    found = live_offers(session, product_ids, currency=currency, at=at)
    return {product_id: offers[0] for product_id, offers in found.items()}


def live_offers(
    session: Session, product_ids: Sequence[UUID], *, currency: str, at: datetime
) -> dict[UUID, tuple[OfferView, ...]]:
    """Return every way in which each product can be had at `at`, what is kept for ever first. One query.

    Of each way the offer in `currency` where there is one, else in another; a price with an end (a season's) comes
    before the standing one while some are left, and a newer before an older.
    """
    rows = session.scalars(select(Offer).where(Offer.product_id.in_(product_ids), *_live(at)))
    best: dict[tuple[UUID, str], OfferView] = {}
    for row in sorted(rows, key=lambda row: _preference(row, currency)):
        if row.product_id is not None:
            best[row.product_id, slot(row.model, row.terms)] = offer_view(row)
    found: dict[UUID, list[OfferView]] = {}
    for (product_id, _), one in sorted(best.items(), key=lambda it: (_WAYS.index(it[1].model), it[0][1])):
        found.setdefault(product_id, []).append(one)
    return {product_id: tuple(offers) for product_id, offers in found.items()}


def in_other_currencies(session: Session, wanted: OfferView, *, at: datetime) -> tuple[OfferView, ...]:
    """Return the offers at `at` that sell the very same in another currency, one for each, by currency."""
    rows = session.scalars(
        select(Offer).where(
            _same(Offer.product_id, wanted.product_id), _same(Offer.tier_id, wanted.tier_id),
            Offer.currency != wanted.price.currency, *_live(at),
        )
    )  # fmt: skip
    best: dict[str, OfferView] = {}
    for row in sorted(rows, key=lambda row: _preference(row, row.currency)):
        if slot(row.model, row.terms) == slot(wanted.model, wanted.terms):
            best[row.currency] = offer_view(row)
    return tuple(best[currency] for currency in sorted(best))


def _same(column: InstrumentedAttribute[UUID | None], value: UUID | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _live(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Offer.starts_at <= at,
        or_(Offer.ends_at.is_(None), Offer.ends_at > at),
        or_(Offer.retired_at.is_(None), Offer.retired_at > at),
    )


def _preference(row: Offer, currency: str) -> tuple[Any, ...]:
    is_left = row.stock_total is None or row.stock_taken < row.stock_total
    return (row.currency == currency, is_left, row.ends_at is not None, row.created_at, row.id)


def offers_of(session: Session, viewer: Viewer, product_id: UUID) -> tuple[OfferView, ...]:
    """Return every offer that the product ever had, newest first; for those who see drafts."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(
        select(Offer).where(Offer.product_id == product_id).order_by(Offer.created_at.desc(), Offer.id.desc())
    )
    return tuple(offer_view(row) for row in rows)
