"""Prices: made, replaced, retired; never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import CURRENCIES, MAX_MINOR, Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.events import OfferMade, OfferRetired
from xingtan.domains.commerce.models import Offer
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.views import OfferView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

OfferModel = Literal["once", "free", "pay_what_you_want"]


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """A price for a product. `floor` goes with pay-what-you-want alone; `starts_at` None: now."""

    product_id: UUID
    model: OfferModel
    price: Money
    floor: Money | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)


def make_offer(session: Session, viewer: Viewer, command: MakeOffer, *, clock: Clock) -> OfferView:
    """Make a price and return it. It takes the place of the product's prices in that currency that would overlap it.

    Orders placed before keep the price they were placed at. `Invalid` for amounts that make no price.
    """
    viewer.require(Permission.CATALOG_WRITE)
    now = clock.now()
    starts_at = command.starts_at or now
    _must_make_sense(command, starts_at)
    for old in session.scalars(_overlapping(command, starts_at)):
        _retire(session, old, at=now)
    row = Offer(
        id=new_id(), product_id=command.product_id, model=command.model, currency=command.price.currency,
        amount_minor=command.price.minor, floor_minor=command.floor.minor if command.floor else _no_floor(command),
        starts_at=starts_at, ends_at=command.ends_at, terms=dict(command.terms), retired_at=None, created_at=now,
        created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    emit(session, OfferMade(row.id, row.product_id), at=now)
    _note(session, viewer, row, action="offer.made", clock=clock)
    return offer_view(row)


def retire_offer(session: Session, viewer: Viewer, offer_id: UUID, *, clock: Clock) -> OfferView:
    """Take the offer off sale, now, and return it. Orders placed before can still be paid."""
    viewer.require(Permission.CATALOG_WRITE)
    row = session.get(Offer, offer_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    if row.retired_at is not None:
        raise Conflict(say("This price has been taken off sale already."))
    _retire(session, row, at=clock.now())
    _note(session, viewer, row, action="offer.retired", clock=clock)
    return offer_view(row)


def _retire(session: Session, row: Offer, *, at: datetime) -> None:
    row.retired_at = at
    emit(session, OfferRetired(row.id, row.product_id), at=at)


def _overlapping(command: MakeOffer, starts_at: datetime) -> Select[Offer]:
    wanted = select(Offer).where(
        Offer.product_id == command.product_id,
        Offer.currency == command.price.currency,
        Offer.retired_at.is_(None),
        or_(Offer.ends_at.is_(None), Offer.ends_at > starts_at),
    )
    # A price with an end is a season: it lies over the standing price, which comes back after it.
    if command.ends_at is not None:
        return wanted.where(Offer.ends_at.is_not(None), Offer.starts_at < command.ends_at)
    return wanted.where(Offer.ends_at.is_(None))


def _no_floor(command: MakeOffer) -> int | None:
    return 0 if command.model == "pay_what_you_want" else None


def _must_make_sense(command: MakeOffer, starts_at: datetime) -> None:
    faults = {}
    price, floor = command.price, command.floor
    if price.currency not in CURRENCIES or price.minor > MAX_MINOR:
        faults["price"] = say("This amount is too large.")
    if command.model == "once" and price.minor <= 0:
        faults["price"] = say("A price is more than nothing. Choose “free” to give it away.")
    if command.model == "free" and price:
        faults["price"] = say("What is free has no price.")
    if command.model != "pay_what_you_want" and floor is not None:
        faults["floor"] = say("Only an open price has a least amount.")
    if floor is not None and (floor.currency != price.currency or floor.minor < 0 or price < floor):
        faults["floor"] = say("The least amount cannot be above the suggested one.")
    if command.ends_at is not None and command.ends_at <= starts_at:
        faults["ends_at"] = say("It has to end after it starts.")
    if faults:
        raise Invalid(faults)


def _note(session: Session, viewer: Viewer, row: Offer, *, action: str, clock: Clock) -> None:
    price = {"model": row.model, "currency": row.currency, "minor": row.amount_minor}
    details = {"product_id": str(row.product_id), **price}
    note_action(session, Action(action, "offer", row.id, viewer.person_id, details), clock=clock)
