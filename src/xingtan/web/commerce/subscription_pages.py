"""What the templates of subscriptions and tiers are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import subscribing
from xingtan.domains.identity import api as identity

Errors = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TierColumn:
    """A tier on the pricing page: what it opens, and its plans; `held` says that the reader is a member."""

    tier: subscribing.TierView
    opens: Sequence[str]
    plans: Sequence[subscribing.PlanOffer]
    is_held: bool


@dataclass(frozen=True, slots=True)
class PricingPage:
    """Tiers side by side, by one rhythm of paying: `every` is the interval shown, `rhythms` are all that there are."""

    template: ClassVar[str] = "commerce/subscriptions/pricing.html"
    columns: Sequence[TierColumn]
    rhythms: Sequence[str]
    every: str
    offer_ids: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class JoinPage:
    """What a plan costs today and later. `today` is what is paid now, as it will be charged."""

    template: ClassVar[str] = "commerce/subscriptions/join.html"
    what: str
    title: str
    tier: subscribing.TierView | None
    offered: subscribing.PlanOffer
    today: Money
    providers: Sequence[str]
    key: str
    code: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MySubscriptionsPage:
    """My subscriptions, those that go on first, and the cards that I left."""

    template: ClassVar[str] = "commerce/subscriptions/mine.html"
    rows: Sequence[subscribing.SubscriptionRow]
    ids: Mapping[UUID, str]
    methods: Sequence[subscribing.MethodView]
    method_ids: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """One of my subscriptions: what it costs, until when, and what I can do about it."""

    template: ClassVar[str] = "commerce/subscriptions/one.html"
    sub: subscribing.SubscriptionView
    public_id: str
    methods: Sequence[subscribing.MethodView]
    method_ids: Mapping[UUID, str]
    next_plan: subscribing.PlanOffer | None
    can_change: bool
    pause_days_at_most: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan that can be changed to: its name in the reader's language, its public id, and how."""

    public_id: str
    name: str
    plan: subscribing.Plan
    modes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Which plans there are to change to, and what the chosen change comes to."""

    template: ClassVar[str] = "commerce/subscriptions/change.html"
    sub: subscribing.SubscriptionView
    public_id: str
    choices: Sequence[Choice]
    offer: str
    mode: str
    preview: subscribing.ChangePreview | None
    at: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelPage:
    """Why, and when; and one offer to stay, if there is one."""

    template: ClassVar[str] = "commerce/subscriptions/cancel.html"
    sub: subscribing.SubscriptionView
    public_id: str
    reasons: Sequence[str]
    save: subscribing.SaveOffer | None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudioTiersPage:
    """The academy's tiers, and its numbers of days."""

    template: ClassVar[str] = "commerce/subscriptions/studio_tiers.html"
    tiers: Sequence[subscribing.TierView]
    policy: subscribing.Policy
    save: subscribing.SaveOffer | None
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudioTierPage:
    """One tier, or a new one: what it opens, what it gives, its plans."""

    template: ClassVar[str] = "commerce/subscriptions/studio_tier.html"
    tier: subscribing.TierView | None
    plans: Sequence[subscribing.PlanOffer]
    offer_ids: Mapping[UUID, str]
    topics: Sequence[catalog.TopicView]
    kinds: Sequence[str]
    opened: int
    currencies: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudioSubscriptionsPage:
    """Everybody's subscriptions, filtered."""

    template: ClassVar[str] = "commerce/subscriptions/studio_list.html"
    rows: Sequence[subscribing.SubscriptionRow]
    ids: Mapping[UUID, str]
    names: Mapping[UUID, str]
    counts: Mapping[str, int]
    state: str
    older: str | None


@dataclass(frozen=True, slots=True)
class StudioSubscriptionPage:
    """One subscription with its periods, as staff see it."""

    template: ClassVar[str] = "commerce/subscriptions/studio_one.html"
    sub: subscribing.SubscriptionView
    public_id: str
    buyer: identity.PersonView | None
    reasons: Sequence[str]
    at: datetime
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan whose price some subscribers do not pay, and how many."""

    id: str
    title: str
    plan: subscribing.Plan
    subscribers: int


@dataclass(frozen=True, slots=True)
class RepricingPage:
    """Which plans' prices existing subscribers may be told, how long before, and how many just were."""

    template: ClassVar[str] = "commerce/subscriptions/studio_repricing.html"
    plans: Sequence[PlanLine]
    notice_days: int
    told: int
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)
