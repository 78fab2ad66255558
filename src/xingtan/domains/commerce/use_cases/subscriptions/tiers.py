"""Tiers in the studio: written, put in order, taken off sale. Who is a member keeps what she has paid for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.viewer import SYSTEM, Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.models import Offer, SubscriptionRules, Tier, TierPerk, TierRule
from xingtan.domains.commerce.models.subscriptions import RULE_KINDS
from xingtan.domains.commerce.subscriptions.events import TierChanged
from xingtan.domains.commerce.subscriptions.tiers import tier
from xingtan.domains.commerce.subscriptions.views import PerkView, RuleView, TierView
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST_NAME, _LONGEST_SUMMARY, _LONGEST_SLUG = 80, 400, 80
_WHOLE_BP = 10_000
MOST_DUNNING = 8


@dataclass(frozen=True, slots=True)
class SaveTier:
    """A tier as it is to be; `tier_id` None: a new one. Names and summaries are ``{"zh": …, "en": …}``."""

    slug: str
    names: Mapping[str, str]
    rules: Sequence[RuleView]
    summaries: Mapping[str, str] = field(default_factory=dict)
    perks: Sequence[PerkView] = ()
    discount_bp: int = 0
    position: int = 0
    tier_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SaveSubscriptionRules:
    """The academy's own numbers: days of dunning, letters and pauses, and what is offered to somebody who leaves."""

    dunning_days: tuple[int, ...]
    ask_days: int
    remind_days: int
    trial_remind_days: int
    pause_days_at_most: int
    save_bp: int
    save_periods: int


def save_tier(session: Session, viewer: Viewer, command: SaveTier, *, clock: Clock) -> TierView:
    """Write the tier and return it; what it opens from now on is given to its members at once."""
    viewer.require(Permission.CATALOG_WRITE)
    _must_make_sense(session, command)
    row = _row(session, viewer, command, clock=clock)
    row.slug, row.names, row.summaries = command.slug, _trimmed(command.names), _trimmed(command.summaries)
    row.position, row.discount_bp = command.position, command.discount_bp
    session.flush()
    for part in (TierRule, TierPerk):
        session.execute(delete(part).where(part.tier_id == row.id))
    session.add_all(
        TierRule(id=new_id(), tier_id=row.id, kind=one.kind, word=one.word, product_id=one.product_id)
        for one in dict.fromkeys(command.rules)
    )
    session.add_all(
        TierPerk(id=new_id(), tier_id=row.id, code=one.code, labels=_trimmed(one.labels), position=place)
        for place, one in enumerate(command.perks)
    )
    session.flush()
    emit(session, TierChanged(row.id), at=clock.now())
    note_action(session, Action("tier.saved", "tier", row.id, viewer.person_id), clock=clock)
    return tier(session, row.id)


def retire_tier(session: Session, viewer: Viewer, tier_id: UUID, *, clock: Clock) -> TierView:
    """Take the tier and its prices off sale; members go on."""
    viewer.require(Permission.CATALOG_WRITE)
    row = session.get(Tier, tier_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    now = clock.now()
    row.retired_at = row.retired_at or now
    for offer in session.scalars(select(Offer).where(Offer.tier_id == tier_id, Offer.retired_at.is_(None))):
        offer.retired_at = now
    emit(session, TierChanged(row.id), at=now)
    note_action(session, Action("tier.retired", "tier", row.id, viewer.person_id), clock=clock)
    return tier(session, tier_id)


def save_subscription_rules(
    session: Session, viewer: Viewer, command: SaveSubscriptionRules, *, clock: Clock
) -> None:  # fmt: skip
    """Keep the academy's numbers; they hold from each subscription's next step on."""
    viewer.require(Permission.SETTINGS_WRITE)
    _check_rules(command)
    row = session.get(SubscriptionRules, 1, with_for_update=True)
    values = {
        "dunning_days": list(command.dunning_days), "ask_days": command.ask_days, "remind_days": command.remind_days,
        "trial_remind_days": command.trial_remind_days, "pause_days_at_most": command.pause_days_at_most,
        "save_bp": command.save_bp, "save_periods": command.save_periods, "saved_at": clock.now(),
        "saved_by_id": viewer.person_id,
    }  # fmt: skip
    if row is None:
        session.add(SubscriptionRules(id=1, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()
    note_action(session, Action("subscription_rules.saved", "subscription", None, viewer.person_id), clock=clock)


def _check_rules(command: SaveSubscriptionRules) -> None:
    faults: dict[str, Sentence] = {}
    days = command.dunning_days
    if not 1 <= len(days) <= MOST_DUNNING or list(days) != sorted(set(days)) or not days[0] >= 1 or days[-1] > 60:  # noqa: PLR2004 - days
        faults["dunning_days"] = say("Between one and eight growing numbers of days, the last at most 60.")
    for name, most in (("ask_days", 14), ("remind_days", 60), ("trial_remind_days", 14)):
        if not 1 <= getattr(command, name) <= most:
            faults[name] = say("Between 1 and %(most)s days, please.", most=most)
    if not 1 <= command.pause_days_at_most <= 366:  # noqa: PLR2004 - days
        faults["pause_days_at_most"] = say("Between 1 and %(most)s days, please.", most=366)
    if not 0 <= command.save_bp <= _WHOLE_BP:
        faults["save_bp"] = say("Between 0 and 100 percent, please.")
    if not 0 <= command.save_periods <= 36:  # noqa: PLR2004 - periods
        faults["save_periods"] = say("Between 0 and 36 periods, please.")
    if faults:
        raise Invalid(faults)


def _row(session: Session, viewer: Viewer, command: SaveTier, *, clock: Clock) -> Tier:
    if command.tier_id is None:
        row = Tier(
            id=new_id(), slug=command.slug, names={}, summaries={}, position=command.position, discount_bp=0,
            retired_at=None, created_at=clock.now(), created_by_id=viewer.person_id,
        )  # fmt: skip
        session.add(row)
        return row
    found = session.get(Tier, command.tier_id, with_for_update=True)
    if found is None:
        raise NotFound(say("There is nothing here."))
    return found


def _must_make_sense(session: Session, command: SaveTier) -> None:
    faults: dict[str, Sentence] = {}
    if not _SLUG.fullmatch(command.slug) or len(command.slug) > _LONGEST_SLUG:
        faults["slug"] = say("Small letters, digits and hyphens, please.")
    other = select(func.count()).select_from(Tier).where(Tier.slug == command.slug, Tier.id != command.tier_id)
    if command.tier_id is None:
        other = select(func.count()).select_from(Tier).where(Tier.slug == command.slug)
    if session.scalar(other):
        faults["slug"] = say("Another tier has this address.")
    if not any(name.strip() for name in command.names.values()):
        faults["names"] = say("Give it a name.")
    if any(len(name) > _LONGEST_NAME for name in command.names.values()):
        faults["names"] = say("This is too long; at most %(longest)s characters.", longest=_LONGEST_NAME)
    if any(len(text) > _LONGEST_SUMMARY for text in command.summaries.values()):
        faults["summaries"] = say("This is too long; at most %(longest)s characters.", longest=_LONGEST_SUMMARY)
    if not 0 <= command.discount_bp < _WHOLE_BP:
        faults["discount"] = say("Between 0 and 99.99 percent, please.")
    if any(not _CODE.fullmatch(one.code) for one in command.perks):
        faults["perks"] = say("A perk's code is small letters, digits and hyphens.")
    faults |= _rule_faults(session, command.rules)
    if faults:
        raise Invalid(faults)


def _rule_faults(session: Session, rules: Sequence[RuleView]) -> dict[str, Sentence]:
    if not rules:
        return {"rules": say("Say what it opens.")}
    topics = {one.slug for one in catalog.topics(session, SYSTEM)}
    ids = [one.product_id for one in rules if one.product_id is not None]
    products = catalog.find_products(session, ids)
    for one in rules:
        known = {
            "everything": one.word is None and one.product_id is None,
            "kind": one.word in catalog.PRODUCT_KINDS and one.word != "bundle",
            "topic": one.word in topics,
            "product": one.product_id in products and one.word is None,
        }
        if one.kind not in RULE_KINDS or not known[one.kind]:
            return {"rules": say("One of these opens nothing.")}
    return {}


def _trimmed(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text.strip()}
