"""What the sample academy sells besides its works for good: plans, tiers, packs, groups, coupons; and its program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.money import parse_money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.infra.outbox import tell_nobody

ZHAJI, LETTERS, SHENGYI, NUMBERS = (
    "xingtan-zhaji", "letters-from-the-study", "kan-dong-xiao-shengyi", "small-business-by-numbers",
)  # fmt: skip
XIEZUO, PYTHON = "xiezuo-de-shouyi", "clear-python"
MONTH, YEAR = {"interval": "P1M"}, {"interval": "P1Y"}


@dataclass(frozen=True, slots=True)
class Ware:
    """Something on sale: `subject` is a work, ``tier:`` and a tier, or nothing for a pack; prices by currency."""

    subject: str
    model: Any
    prices: Mapping[str, str]
    terms: Mapping[str, Any] = field(default_factory=dict)


WARES: tuple[Ware, ...] = (
    Ware(ZHAJI, "subscription", {"CNY": "12", "USD": "2"}, MONTH | {"trial": "P7D", "card": "none"}),
    Ware(ZHAJI, "subscription", {"CNY": "118"}, YEAR | {"intro": {"minor": 9800, "periods": 1}}),
    Ware(LETTERS, "subscription", {"CNY": "15", "USD": "2.50"}, MONTH),
    Ware(LETTERS, "subscription", {"USD": "25"}, YEAR | {"intro": {"minor": 2000, "periods": 1}}),
    Ware("tier:reader", "subscription", {"CNY": "19"}, MONTH | {"intro": {"minor": 900, "periods": 2}}),
    Ware("tier:reader", "subscription", {"CNY": "188", "USD": "28"}, YEAR),
    Ware("tier:reader", "subscription", {"USD": "3"}, MONTH),
    Ware("tier:scholar", "subscription", {"CNY": "59", "USD": "9"}, MONTH | {"trial": "P7D", "card": "required"}),
    Ware("tier:scholar", "subscription", {"CNY": "588", "USD": "88"}, YEAR),
    Ware(SHENGYI, "rental", {"CNY": "39", "USD": "6"}, {"days": 30}),
    Ware(NUMBERS, "rental", {"CNY": "39", "USD": "6"}, {"days": 30}),
    Ware(XIEZUO, "instalments", {"CNY": "177"}, MONTH | {"count": 3}),
    Ware(PYTHON, "instalments", {"CNY": "282", "USD": "42"}, MONTH | {"count": 3}),
    Ware(XIEZUO, "per_use", {"CNY": "9"}, {"unit": "lesson"}),
    Ware(NUMBERS, "per_use", {"CNY": "0.50"}, {"unit": "minute"}),
    Ware(SHENGYI, "group", {"CNY": "139"}, {"size": 3, "hours": 48}),
    Ware("", "top_up", {"CNY": "50"}, {"title": "50", "bonus_minor": 0}),
    Ware("", "top_up", {"CNY": "100"}, {"title": "100 + 10", "bonus_minor": 1000}),
    Ware("", "top_up", {"USD": "20"}, {"title": "20", "bonus_minor": 0}),
    Ware(
        XIEZUO, "credits", {"CNY": "58"}, {"title": "10 × 《写作的手艺》", "unit": "lesson", "credits": 10, "days": 365}
    ),
)
"""What stands beside each work's own price, from the day on which the work came out."""

TIERS: Mapping[str, tuple[dict[str, str], subscribing.RuleView, int]] = {
    "reader": ({"zh": "读者", "en": "Reader"}, subscribing.RuleView("kind", "column"), 500),
    "scholar": ({"zh": "学人", "en": "Scholar"}, subscribing.RuleView("everything"), 1_000),
}
"""Slug → names, what it opens, how much less its members pay for what they buy (basis points)."""

WELCOME, TWENTY_OFF = "WELCOME10", "JIAN20"
COMMISSION_BP = 2_000
_TIERS_OPEN_AFTER, _PROGRAM_OPENS_AFTER = timedelta(days=40), timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Market:
    """Every offer of the wares under its label: ``subject/model/term/currency``."""

    offers: Mapping[str, commerce.OfferView]

    def find(self, subject: str, model: str, term: str, *, currency: str) -> commerce.OfferView | None:
        """Return the offer, in the academy's own currency where there is none in `currency`; None: not sold."""
        own = self.offers.get(f"{subject}/{model}/{term}/{currency}")
        return own or self.offers.get(f"{subject}/{model}/{term}/CNY")


def open_market(session: Session, *, opened_at: datetime) -> None:
    """Put everything of the market on sale, once, each from the day on which it could first be had."""
    tell_nobody(session)
    if subscribing.tiers(session):
        return
    clock = ManualClock(opened_at)
    about = documents.SellerDetails("杏坛书院", "", "", "CN", "")
    documents.save_seller(session, SYSTEM, about, clock=clock)
    _promote(session, opened_at)
    clock.set(opened_at + _TIERS_OPEN_AFTER)
    rules = subscribing.SaveSubscriptionRules((1, 3, 7, 14), 3, 7, 3, 90, 3_000, 2)
    subscribing.save_subscription_rules(session, SYSTEM, rules, clock=clock)
    tiers = {}
    for position, (slug, (names, rule, discount_bp)) in enumerate(TIERS.items()):
        command = subscribing.SaveTier(slug, names, (rule,), discount_bp=discount_bp, position=position)
        tiers[slug] = subscribing.save_tier(session, SYSTEM, command, clock=clock).id
    cards = _cards(session)
    for ware in WARES:
        _put_on_sale(session, ware, tiers, cards, at=clock.now())


def _promote(session: Session, opened_at: datetime) -> None:
    clock = ManualClock(opened_at)
    for coupon in (
        promotions.MakeCoupon(WELCOME, share_bp=1_000, per_person=1),
        promotions.MakeCoupon(TWENTY_OFF, amounts={"CNY": 2_000}, least={"CNY": 10_000}, total=200),
    ):
        promotions.make_coupon(session, SYSTEM, coupon, clock=clock)
    clock.set(opened_at + _PROGRAM_OPENS_AFTER)
    affiliates.set_program(session, SYSTEM, affiliates.Program(is_open=True), clock=clock)
    affiliates.make_rule(session, SYSTEM, affiliates.MakeRule(COMMISSION_BP), clock=clock)


def _cards(session: Session) -> dict[str, catalog.ProductCard]:
    return {card.slug: card for card in catalog.cards(session, SYSTEM, limit=100).cards}


def _put_on_sale(
    session: Session, ware: Ware, tiers: Mapping[str, UUID], cards: Mapping[str, catalog.ProductCard], *, at: datetime
) -> None:  # fmt: skip
    tier_id = tiers.get(ware.subject.removeprefix("tier:"))
    card = cards.get(ware.subject)
    if ware.subject and tier_id is None and card is None:
        return  # a smaller catalogue
    starts_at = (card.published_at or at) if card else at
    for currency, amount in ware.prices.items():
        command = commerce.MakeOffer(
            card.id if card else None, ware.model, parse_money(amount, currency), starts_at=starts_at,
            terms=ware.terms, tier_id=tier_id,
        )  # fmt: skip
        commerce.make_offer(session, SYSTEM, command, clock=ManualClock(starts_at))


def read_market(session: Session, *, at: datetime) -> Market:
    """Return what is on sale at `at`, by its label."""
    found = {}
    for slug, card in _cards(session).items():
        for offer in commerce.offers_of(session, SYSTEM, card.id):
            if offer.is_live(at):
                found[_label(slug, offer)] = offer
    for tier in subscribing.tiers(session):
        for plan in subscribing.plans_of_tier(session, tier.id):
            found[_label(f"tier:{tier.slug}", plan.offer)] = plan.offer
    for offer in commerce.packs(session, at=at):
        found[_label("", offer)] = offer
    return Market(found)


def _label(subject: str, offer: commerce.OfferView) -> str:
    terms = offer.terms
    term = terms.get("interval") or terms.get("unit") or terms.get("days") or terms.get("title") or ""
    return f"{subject}/{offer.model}/{term}/{offer.price.currency}"
