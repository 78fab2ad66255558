"""What a tier opens, and to whom: matched by rule, given product by product.

Rights are rows of entitlements, one for each product that a rule matches: given when a membership begins, when it is
renewed, and when a product is published. So the question «may she use this?» stays one look-up that knows nothing of
tiers, and shelves, exports and invariants see a membership's rights as any other. What no rule matches any more is not
renewed: it stays until the end of what was paid for. docs/explanations/subscriptions.md weighs the other way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.models import Subscription, Tier, TierPerk, TierRule
from xingtan.domains.commerce.rules.plans import GIVING
from xingtan.domains.commerce.subscriptions.given import given_days
from xingtan.domains.commerce.subscriptions.views import PerkView, RuleView, TierView

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Membership:
    """A live membership of a person; `is_paid`: by money or by a code, and not by a trial alone."""

    tier_id: UUID
    names: Mapping[str, str]
    discount_bp: int
    perks: tuple[str, ...]
    is_paid: bool


def tier(session: Session, tier_id: UUID) -> TierView:
    """Return one tier; `NotFound` when there is none."""
    row = session.get(Tier, tier_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return _views(session, [row])[0]


def tier_by_slug(session: Session, slug: str) -> TierView:
    """Return the tier at `slug`; `NotFound` when there is none."""
    row = session.scalar(select(Tier).where(Tier.slug == slug))
    if row is None:
        raise NotFound(say("There is nothing here."))
    return _views(session, [row])[0]


def tiers(session: Session, *, with_retired: bool = False) -> tuple[TierView, ...]:
    """Return the tiers in their order."""
    wanted = select(Tier).order_by(Tier.position, Tier.created_at)
    return _views(session, session.scalars(wanted if with_retired else wanted.where(Tier.retired_at.is_(None))).all())


def _views(session: Session, rows: Sequence[Tier]) -> tuple[TierView, ...]:
    ids = [row.id for row in rows]
    rules: dict[UUID, list[RuleView]] = {}
    for rule in session.scalars(select(TierRule).where(TierRule.tier_id.in_(ids)).order_by(TierRule.id)):
        rules.setdefault(rule.tier_id, []).append(RuleView(rule.kind, rule.word, rule.product_id))
    perks: dict[UUID, list[PerkView]] = {}
    for perk in session.scalars(select(TierPerk).where(TierPerk.tier_id.in_(ids)).order_by(TierPerk.position)):
        perks.setdefault(perk.tier_id, []).append(PerkView(perk.code, perk.labels))
    return tuple(
        TierView(
            row.id, row.slug, row.names, row.summaries, row.position, row.discount_bp, tuple(rules.get(row.id, ())),
            tuple(perks.get(row.id, ())), row.retired_at,
        )
        for row in rows
    )  # fmt: skip


def matches(rules: Iterable[RuleView], product: catalog.ProductCard) -> bool:
    """Say whether a rule opens the product. A bundle is opened by name alone: it is a price, not a work."""
    slugs = {topic.slug for topic in product.topics}
    return any(
        rule.product_id == product.id
        or (
            product.kind != "bundle"
            and (
                rule.kind == "everything"
                or (rule.kind == "kind" and rule.word == product.kind)
                or (rule.kind == "topic" and rule.word in slugs)
            )
        )
        for rule in rules
    )


def opened(session: Session, tier_id: UUID) -> frozenset[UUID]:
    """Return the published products that the tier opens now."""
    rules = tier(session, tier_id).rules
    found: set[UUID] = set()
    after: str | None = None
    while True:
        page = catalog.cards(
            session, SYSTEM, filters=catalog.CardFilters(state="published"), after=after, limit=_AT_ONCE
        )
        found |= {product.id for product in page.cards if matches(rules, product)}
        after = page.next_cursor
        if after is None:
            return frozenset(found)


def opening(session: Session, product_id: UUID) -> tuple[TierView, ...]:
    """Return the tiers that open the product."""
    product = catalog.find_products(session, [product_id]).get(product_id)
    if product is None or product.state != "published":
        return ()
    return tuple(one for one in tiers(session, with_retired=True) if matches(one.rules, product))


def memberships(session: Session, person_id: UUID, *, at: datetime) -> tuple[Membership, ...]:
    """Return the tiers of which the person is a member at `at`, by paying or by a code; the largest discount first."""
    joined = select(Subscription.tier_id, Subscription.payments).where(
        Subscription.person_id == person_id,
        Subscription.tier_id.is_not(None),
        Subscription.state.in_(GIVING),
        (Subscription.state != "cancelled") | (Subscription.period_ends_at > at),
    )
    payments = {tier_id: count for tier_id, count in session.execute(joined)}  # noqa: C416 - rows are not pairs to mypy
    given = {one.tier_id for one in given_days(session, [person_id], at=at) if one.starts_at <= at}
    mine = select(Tier).where(Tier.id.in_([*payments, *given])).order_by(Tier.discount_bp.desc(), Tier.id)
    return tuple(
        Membership(
            one.id, one.names, one.discount_bp, tuple(perk.code for perk in one.perks),
            is_paid=one.id in given or payments.get(one.id, 0) > 0,
        )
        for one in _views(session, session.scalars(mine).all())
    )  # fmt: skip
