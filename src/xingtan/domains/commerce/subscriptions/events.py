"""What subscriptions and tiers tell. No names, no addresses: an event outlives the person's key."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event
from xingtan.core.money import Money


@dataclass(frozen=True, slots=True)
class SubscriptionStarted(Event):
    """Somebody subscribes, or buys by instalments; `monthly` is what she pays a month from the first payment on."""

    kind: ClassVar[str] = "commerce.subscription_started"
    subscription_id: UUID
    person_id: UUID
    offer_id: UUID
    product_id: UUID | None
    tier_id: UUID | None
    is_trial: bool
    monthly: Money


@dataclass(frozen=True, slots=True)
class SubscriptionRenewed(Event):
    """A billing period is paid; `number` counts the payments."""

    kind: ClassVar[str] = "commerce.subscription_renewed"
    subscription_id: UUID
    person_id: UUID
    order_id: UUID
    number: int
    monthly: Money


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Event):
    """Another plan, or another price; `before` and `after` are by the month."""

    kind: ClassVar[str] = "commerce.subscription_changed"
    subscription_id: UUID
    person_id: UUID
    offer_id: UUID
    mode: str
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class SubscriptionMoved(Event):
    """A subscription is in another state: past due, paused, cancelled, resumed, completed, ended."""

    kind: ClassVar[str] = "commerce.subscription_moved"
    subscription_id: UUID
    person_id: UUID
    before: str
    after: str
    reason: str
    monthly: Money


@dataclass(frozen=True, slots=True)
class SubscriptionPaymentAsked(Event):
    """A payment is wanted of the subscriber herself; `why`: renewal, failed, resumed. `attempt` counts from 0."""

    kind: ClassVar[str] = "commerce.subscription_payment_asked"
    subscription_id: UUID
    person_id: UUID
    order_id: UUID
    why: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SubscriptionReminded(Event):
    """The subscriber is told what comes: a renewal, the end of a trial, another price."""

    kind: ClassVar[str] = "commerce.subscription_reminded"
    subscription_id: UUID
    person_id: UUID
    why: str
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class TierChanged(Event):
    """A membership, or what it opens, is another."""

    kind: ClassVar[str] = "commerce.tier_changed"
    tier_id: UUID
