"""What is told of subscriptions and tiers: frozen rows, never ORM objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money, zero
from xingtan.domains.commerce.rules.plans import GIVING, Plan
from xingtan.domains.commerce.rules.proration import Mode
from xingtan.domains.commerce.views import OfferView


@dataclass(frozen=True, slots=True)
class RuleView:
    """One thing that a tier opens: everything, a kind of product, a topic (`word`), or a product."""

    kind: str
    word: str | None = None
    product_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PerkView:
    """Something else that members get, named in each language."""

    code: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TierView:
    """A membership: what it opens, and what else it gives."""

    id: UUID
    slug: str
    names: Mapping[str, str]
    summaries: Mapping[str, str]
    position: int
    discount_bp: int
    rules: tuple[RuleView, ...]
    perks: tuple[PerkView, ...]
    retired_at: datetime | None

    def name_in(self, language: str) -> str:
        """Return the tier's name for readers of `language`."""
        return self.names.get(language) or next(iter(self.names.values()), self.slug)

    def summary_in(self, language: str) -> str:
        """Return the line under the name for readers of `language`."""
        return self.summaries.get(language) or next(iter(self.summaries.values()), "")


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """An offer to subscribe or to pay in parts, with what it promises read from its terms."""

    offer: OfferView
    plan: Plan


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A stretch of time under one plan; `order_number` is what paid it, None where nothing was to be paid."""

    number: int
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime
    value: Money
    order_number: str | None


@dataclass(frozen=True, slots=True)
class MethodView:
    """A payment method that the buyer left: its label, such as ``•••• 4242``, and the provider that keeps it."""

    id: UUID
    provider: str
    label: str


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription as lists show it."""

    id: UUID
    person_id: UUID
    kind: str
    state: str
    title: str
    price: Money
    monthly: Money
    interval: str
    period_ends_at: datetime
    pause_until: datetime | None
    started_at: datetime
    ended_at: datetime | None
    tier_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription with everything that belongs to it.

    `carry` is kept for later payments, or (below nothing) owed with the next one.
    """

    id: UUID
    person_id: UUID
    kind: str
    state: str
    title: str
    offer_id: UUID
    product_id: UUID | None
    tier_id: UUID | None
    plan: Plan
    payments: int
    period_ends_at: datetime
    carry: Money
    next_offer_id: UUID | None
    next_from: datetime | None
    due_since: datetime | None
    access_until: datetime | None
    pause_until: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    save_bp: int
    save_left: int
    was_saved: bool
    method: MethodView | None
    open_order: str | None
    periods: tuple[PeriodView, ...]
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None

    @property
    def is_live(self) -> bool:
        """Say whether it goes on, or could be resumed."""
        return self.state not in {"ended", "completed"}

    @property
    def gives_access(self) -> bool:
        """Say whether its state is one that gives access."""
        return self.state in GIVING or self.state == "completed"

    @property
    def owed(self) -> Money:
        """Return what a change left to be paid with the next invoice."""
        return max(-self.carry, zero(self.carry.currency))


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change of plan comes to, to the minor unit, if it is confirmed with this `at`."""

    offer: OfferView
    plan: Plan
    title: str
    mode: Mode
    at: datetime
    credit: Money
    charge: Money
    due_now: Money
    carry: Money
    next_payment: Money
    next_payment_at: datetime


@dataclass(frozen=True, slots=True)
class SaveOffer:
    """What is offered once to somebody who wants to leave: so much less for so many payments."""

    discount_bp: int
    periods: int
