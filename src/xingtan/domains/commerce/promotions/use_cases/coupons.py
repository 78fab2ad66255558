"""Coupons: made, paused, resumed, ended. What a coupon takes off never changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.money import CURRENCIES, MAX_MINOR
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.events import CouponEnded, CouponMade
from xingtan.domains.commerce.models import Coupon, CouponProduct
from xingtan.domains.commerce.promotions.queries.coupons import coupon_view
from xingtan.domains.commerce.promotions.rules.coupons import WHOLE_BP, coupon_code
from xingtan.domains.commerce.promotions.views import CouponView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

LOWERED_KINDS = ("access", "rental", "subscription", "instalment", "credits", "gift", "group")
"""The kinds of line that a coupon may lower. What is paid into a wallet, and a quote, have the price that they have."""
MOST_USES = 1_000_000
MOST_PERIODS = 120


@dataclass(frozen=True, slots=True)
class MakeCoupon:
    """A coupon: `share_bp` of the price, or an amount for each currency; see `Coupon` for the rest."""

    code: str
    share_bp: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    product_ids: tuple[UUID, ...] = ()
    kinds: tuple[str, ...] = ()
    periods: int | None = 1
    total: int | None = None
    per_person: int | None = None
    is_stackable: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str = ""


def make_coupon(session: Session, viewer: Viewer, command: MakeCoupon, *, clock: Clock) -> CouponView:
    """Make a coupon and return it. `Invalid` for what makes no sense, `Conflict` when the word is taken."""
    viewer.require(Permission.CATALOG_WRITE)
    code, now = coupon_code(command.code), clock.now()
    _must_make_sense(command, code)
    if session.scalar(select(Coupon.id).where(Coupon.code == code)) is not None:
        raise Invalid.of("code", say("This word has been used for a coupon before."))
    row = Coupon(
        id=new_id(), code=code, note=command.note.strip(), share_bp=command.share_bp, amounts=dict(command.amounts),
        least=dict(command.least), kinds=sorted(command.kinds), periods=command.periods, total=command.total, taken=0,
        per_person=command.per_person, is_stackable=command.is_stackable, starts_at=command.starts_at,
        ends_at=command.ends_at, paused_at=None, ended_at=None, created_at=now, created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    products = tuple(dict.fromkeys(command.product_ids))
    session.add_all(CouponProduct(coupon_id=row.id, product_id=product_id) for product_id in products)
    emit(session, CouponMade(row.id), at=now)
    _note(session, viewer, row, action="coupon.made", clock=clock)
    session.flush()
    return coupon_view(row, products, at=now)


def pause_coupon(session: Session, viewer: Viewer, coupon_id: UUID, *, clock: Clock) -> None:
    """Let nobody use the coupon until it is resumed; orders placed before keep it."""
    row = _open_coupon(session, viewer, coupon_id)
    row.paused_at = row.paused_at or clock.now()
    _note(session, viewer, row, action="coupon.paused", clock=clock)


def resume_coupon(session: Session, viewer: Viewer, coupon_id: UUID, *, clock: Clock) -> None:
    """Let the coupon be used again."""
    row = _open_coupon(session, viewer, coupon_id)
    row.paused_at = None
    _note(session, viewer, row, action="coupon.resumed", clock=clock)


def end_coupon(session: Session, viewer: Viewer, coupon_id: UUID, *, clock: Clock) -> None:
    """Take the coupon back for good; orders placed before keep it."""
    row = _open_coupon(session, viewer, coupon_id)
    row.ended_at = clock.now()
    emit(session, CouponEnded(row.id), at=clock.now())
    _note(session, viewer, row, action="coupon.ended", clock=clock)


def _open_coupon(session: Session, viewer: Viewer, coupon_id: UUID) -> Coupon:
    viewer.require(Permission.CATALOG_WRITE)
    row = session.get(Coupon, coupon_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    if row.ended_at is not None:
        raise Conflict(say("This coupon was taken back already."))
    return row


def _note(session: Session, viewer: Viewer, row: Coupon, *, action: str, clock: Clock) -> None:
    details = {"code": row.code, "share_bp": row.share_bp, "amounts": row.amounts, "total": row.total}
    note_action(session, Action(action, "coupon", row.id, viewer.person_id, details), clock=clock)


def _must_make_sense(command: MakeCoupon, code: str | None) -> None:
    faults: dict[str, Sentence] = {}
    if code is None:
        faults["code"] = say("Write 3 to 40 letters or digits, without spaces.")
    faults |= _faults_of_worth(command)
    if not _are_amounts(command.least):
        faults["least"] = say("This amount is too large.")
    if not set(command.kinds) <= set(LOWERED_KINDS):
        faults["kinds"] = say("Please choose one of these.")
    for name, value, most in (
        ("periods", command.periods, MOST_PERIODS), ("total", command.total, MOST_USES),
        ("per_person", command.per_person, MOST_USES),
    ):  # fmt: skip
        if value is not None and not 0 < value <= most:
            faults[name] = say("Write a number from 1 to %(most)s.", most=most)
    if command.starts_at and command.ends_at and command.ends_at <= command.starts_at:
        faults["ends_at"] = say("It has to end after it starts.")
    if faults:
        raise Invalid(faults)


def _faults_of_worth(command: MakeCoupon) -> dict[str, Sentence]:
    if (command.share_bp is None) == (not command.amounts):
        return {"share": say("Say either a share of the price or an amount.")}
    if command.share_bp is not None and not 0 < command.share_bp <= WHOLE_BP:
        return {"share": say("A share is more than 0 % and at most 100 %.")}
    if not _are_amounts(command.amounts):
        return {"amounts": say("An amount is more than nothing.")}
    return {}


def _are_amounts(amounts: Mapping[str, int]) -> bool:
    return all(currency in CURRENCIES and 0 < minor <= MAX_MINOR for currency, minor in amounts.items())
