"""Add-ons: a product that is offered beside another, at the checkout or after paying. Nobody ticks it beforehand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.goods import goods, part_ids
from xingtan.domains.commerce.models import AddOn
from xingtan.domains.commerce.promotions.views import AddOnView, OfferedAddOn
from xingtan.domains.commerce.queries.offers import offers_for
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id

Place = Literal["checkout", "after"]
PLACES: tuple[Place, ...] = ("checkout", "after")
MOST_SHOWN = 3
_LONGEST_NOTE = 200
_SOLD_AT_ONCE = ("once", "rental")


@dataclass(frozen=True, slots=True)
class MakeAddOn:
    """Which product is offered beside which (None: beside any), where, and with which words by language."""

    offered_id: UUID
    place: Place
    product_id: UUID | None = None
    note: Mapping[str, str] | None = None


def make_add_on(session: Session, viewer: Viewer, command: MakeAddOn, *, clock: Clock) -> AddOnView:
    """Have a product offered beside another, and return the add-on."""
    viewer.require(Permission.CATALOG_WRITE)
    _must_make_sense(command)
    for product_id in filter(None, (command.offered_id, command.product_id)):
        goods(session, product_id)
    last = session.scalar(select(func.max(AddOn.position)).where(AddOn.place == command.place))
    note = {language: text.strip() for language, text in (command.note or {}).items() if text.strip()}
    row = AddOn(
        id=new_id(), product_id=command.product_id, offered_id=command.offered_id, place=command.place, note=note,
        position=(last or 0) + 1, created_at=clock.now(), ended_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    details = {"offered_id": str(row.offered_id), "place": row.place}
    note_action(session, Action("add_on.made", "add_on", row.id, viewer.person_id, details), clock=clock)
    return _view(row)


def end_add_on(session: Session, viewer: Viewer, add_on_id: UUID, *, clock: Clock) -> None:
    """Offer it no more."""
    viewer.require(Permission.CATALOG_WRITE)
    row = session.get(AddOn, add_on_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    row.ended_at = row.ended_at or clock.now()
    note_action(session, Action("add_on.ended", "add_on", row.id, viewer.person_id), clock=clock)


def add_ons(session: Session, viewer: Viewer) -> tuple[AddOnView, ...]:
    """Return the add-ons that are offered, in their order."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(select(AddOn).where(AddOn.ended_at.is_(None)).order_by(AddOn.place, AddOn.position))
    return tuple(_view(row) for row in rows)


def add_ons_for(
    session: Session, person_id: UUID | None, product_ids: Iterable[UUID], *,
    place: Place, currency: str, at: datetime,
) -> tuple[OfferedAddOn, ...]:  # fmt: skip
    """Return what is offered beside these products: for sale in `currency`, not among them, not hers already."""
    beside = set(product_ids)
    wanted = select(AddOn).where(
        AddOn.place == place, AddOn.ended_at.is_(None),
        or_(AddOn.product_id.is_(None), AddOn.product_id.in_(beside)), AddOn.offered_id.not_in(beside),
    )  # fmt: skip
    rows = session.scalars(wanted.order_by(AddOn.position)).all()
    if not rows:
        return ()
    owned = entitlements.owned_for_good(session, person_id, at=at) if person_id else frozenset()
    gone = owned.union(part_ids(session, beside))
    offers = offers_for(session, [row.offered_id for row in rows], currency=currency, at=at)
    found: dict[UUID, OfferedAddOn] = {}
    for row in rows:
        offer = offers.get(row.offered_id)
        if row.offered_id in gone or offer is None or offer.model not in _SOLD_AT_ONCE:
            continue
        offered = goods(session, row.offered_id)
        if offered.is_for_sale and offer.price.currency == currency and offer.stock_left != 0:
            found.setdefault(row.offered_id, OfferedAddOn(row.offered_id, offered.title, offer, dict(row.note)))
    return tuple(found.values())[:MOST_SHOWN]


def _view(row: AddOn) -> AddOnView:
    return AddOnView(row.id, row.product_id, row.offered_id, row.place, dict(row.note))


def _must_make_sense(command: MakeAddOn) -> None:
    faults: dict[str, Sentence] = {}
    if command.place not in PLACES:
        faults["place"] = say("Please choose one of these.")
    if command.product_id == command.offered_id:
        faults["offered"] = say("Choose another product than the one it stands beside.")
    texts = (command.note or {}).values()
    if any(len(text) > _LONGEST_NOTE or "\x00" in text for text in texts):
        faults["note"] = say("Write at most %(most)s letters.", most=_LONGEST_NOTE)
    if faults:
        raise Invalid(faults)
