"""Paying per use, from the reading room: a lesson opened, a minute begun, a question asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.documents.tax_rates import tax_rate
from xingtan.domains.commerce.errors import AlreadyOwned, NotEnough, OfferGone
from xingtan.domains.commerce.goods import LessonGoods, goods, lesson_goods
from xingtan.domains.commerce.models import Offer, UseCharge
from xingtan.domains.commerce.queries.offers import live_offers, offer_view
from xingtan.domains.commerce.rules.uses import minute_of
from xingtan.domains.commerce.views import OfferView
from xingtan.domains.commerce.wallets.uses import LESSON_UNITS, Used, UseOne, use_one
from xingtan.domains.entitlements import api as entitlements

Metered = Literal["unmetered", "paid", "short"]
"""What came of a report from the reading room: nothing is charged here; the minute is paid; there is not enough."""


@dataclass(frozen=True, slots=True)
class AtLesson:
    """Where somebody is in a lesson: the seconds of a recording, or how far in the text."""

    lesson_id: UUID
    seconds: float | None = None
    fraction: float = 0.0


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """A question that is paid for by itself; `question_id` names it for ever."""

    product_id: UUID
    question_id: UUID
    title: str


def use_offer(
    session: Session, product_id: UUID, *, units: tuple[str, ...], currency: str, at: datetime
) -> OfferView | None:
    """Return the offer by which one of `units` of the product is paid for now, in `currency` where there is one."""
    offers = live_offers(session, [product_id], currency=currency, at=at).get(product_id, ())
    return next((one for one in offers if one.model == "per_use" and one.terms.get("unit") in units), None)


def open_by_use(session: Session, viewer: Viewer, at: AtLesson, *, currency: str, clock: Clock) -> Used:
    """Pay for a lesson, or for the minute of it where the reader is, and give her the right to open it.

    Once per lesson or minute: again costs nothing. `NotEnough` when neither credits nor wallet suffice, `OfferGone`
    where nothing is paid per use, `AlreadyOwned` for who holds the whole product.
    """
    person_id, now = viewer.require_person(), clock.now()
    lesson = lesson_goods(session, at.lesson_id)
    if entitlements.has_access(session, person_id, lesson.product_id, at=now):
        raise AlreadyOwned(
            say("“%(title)s” is yours already. It is on your shelf.", title=lesson.title),
            product_ids=(lesson.product_id,),
        )
    offer = use_offer(session, lesson.product_id, units=LESSON_UNITS, currency=currency, at=now)
    if offer is None:
        raise OfferGone(say("This price is no longer for sale. Please look at the product again."))
    return use_one(session, _use(session, person_id, lesson, offer, at, clock=clock), clock=clock)


def meter(session: Session, viewer: Viewer, at: AtLesson, *, clock: Clock) -> Metered:
    """Charge the minute in which the reader is, if she pays by the minute here.

    The price is that of her last minute, so that it never changes under her eyes. When there is not enough, her right
    to the lesson ends, and opening it again takes it up.
    """
    person_id = viewer.require_person()
    last = session.scalar(
        select(UseCharge)
        .where(
            UseCharge.person_id == person_id, UseCharge.unit == "minute", UseCharge.subject_id == at.lesson_id,
            UseCharge.reversed_at.is_(None),
        )
        .order_by(UseCharge.charged_at.desc(), UseCharge.id.desc())
        .limit(1)
    )  # fmt: skip
    if last is None or entitlements.has_access(session, person_id, last.product_id, at=clock.now()):
        return "unmetered"
    lesson, offer = lesson_goods(session, at.lesson_id), offer_view(session.get_one(Offer, last.offer_id))
    try:
        use_one(session, _use(session, person_id, lesson, offer, at, clock=clock), clock=clock)
    except NotEnough:
        entitlements.end_part(session, person_id, at.lesson_id, reason="unpaid", clock=clock)
        return "short"
    return "paid"


def use_question(session: Session, viewer: Viewer, asked: AskQuestion, *, currency: str, clock: Clock) -> Used:
    """Pay for a question, once. `NotEnough` when neither credits nor wallet suffice, `OfferGone` without a price."""
    person_id, now = viewer.require_person(), clock.now()
    offer = use_offer(session, asked.product_id, units=("question",), currency=currency, at=now)
    if offer is None:
        raise OfferGone(say("This price is no longer for sale. Please look at the product again."))
    rate = tax_rate(session, person_id=person_id, kind=goods(session, asked.product_id).kind, at=now)
    return use_one(session, UseOne(person_id, offer, asked.question_id, asked.title, rate), clock=clock)


def _use(
    session: Session, person_id: UUID, lesson: LessonGoods, offer: OfferView, at: AtLesson, *, clock: Clock
) -> UseOne:  # fmt: skip
    rate = tax_rate(session, person_id=person_id, kind=lesson.kind, at=clock.now())
    bucket, title = 0, lesson.title
    if offer.terms["unit"] == "minute":
        bucket = minute_of(minutes=lesson.minutes, seconds=at.seconds, fraction=at.fraction)
        title = f"{lesson.title} · {bucket + 1}/{max(lesson.minutes, 1)}"
    return UseOne(person_id, offer, lesson.lesson_id, title, rate, bucket)
