"""Prices, read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Offer
from xingtan.domains.commerce.views import OfferView


def offer_view(row: Offer) -> OfferView:
    """Return the row as others see it."""
    floor = None if row.floor_minor is None else Money(row.floor_minor, row.currency)
    return OfferView(
        row.id, row.product_id, row.model, Money(row.amount_minor, row.currency), floor, row.starts_at, row.ends_at,
        row.retired_at, row.created_at,
    )  # fmt: skip


def offer(session: Session, offer_id: UUID) -> OfferView:
    """Return one offer, live or not; `NotFound` when there is none."""
    row = session.get(Offer, offer_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return offer_view(row)


def offers_for(session: Session, product_ids: Sequence[UUID], *, currency: str, at: datetime) -> dict[UUID, OfferView]:
    """Return the offer by which each product can be had at `at`: in `currency` where there is one, else in another.

    A price with an end (a season's) comes before the standing one, a newer before an older. Products without any live
    offer are left out. One query.
    """
    wanted = select(Offer).where(
        Offer.product_id.in_(product_ids),
        Offer.starts_at <= at,
        or_(Offer.ends_at.is_(None), Offer.ends_at > at),
        or_(Offer.retired_at.is_(None), Offer.retired_at > at),
    )
    rows = sorted(
        session.scalars(wanted),
        key=lambda row: (row.currency == currency, row.ends_at is not None, row.created_at, row.id),
    )
    return {row.product_id: offer_view(row) for row in rows}


def offers_of(session: Session, viewer: Viewer, product_id: UUID) -> tuple[OfferView, ...]:
    """Return every offer that the product ever had, newest first; for those who see drafts."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(
        select(Offer).where(Offer.product_id == product_id).order_by(Offer.created_at.desc(), Offer.id.desc())
    )
    return tuple(offer_view(row) for row in rows)
