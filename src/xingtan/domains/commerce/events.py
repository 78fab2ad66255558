"""What commerce tells. No names, no addresses: an event outlives the person's key."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event
from xingtan.core.money import Money


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """A product has a new price."""

    kind: ClassVar[str] = "commerce.offer_made"
    offer_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class OfferRetired(Event):
    """An offer is no longer for sale."""

    kind: ClassVar[str] = "commerce.offer_retired"
    offer_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """Somebody wants to buy; nothing is paid yet."""

    kind: ClassVar[str] = "commerce.order_placed"
    order_id: UUID
    person_id: UUID
    product_ids: tuple[UUID, ...]
    total: Money


@dataclass(frozen=True, slots=True)
class OrderPaid(Event):
    """An order is paid (or was free): access is given, the books are posted."""

    kind: ClassVar[str] = "commerce.order_paid"
    order_id: UUID
    number: str
    person_id: UUID
    product_ids: tuple[UUID, ...]
    total: Money


@dataclass(frozen=True, slots=True)
class OrderExpired(Event):
    """Nobody paid in time."""

    kind: ClassVar[str] = "commerce.order_expired"
    order_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """The buyer does not want it any more, or owns it by now."""

    kind: ClassVar[str] = "commerce.order_cancelled"
    order_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class OrderRefunded(Event):
    """Money went back to the buyer; `is_full` says whether all of it, which also ends access."""

    kind: ClassVar[str] = "commerce.order_refunded"
    order_id: UUID
    number: str
    person_id: UUID
    product_ids: tuple[UUID, ...]
    refund_id: UUID
    amount: Money
    is_full: bool


@dataclass(frozen=True, slots=True)
class PaymentFailed(Event):
    """A payment did not work; `reason` is the provider's code."""

    kind: ClassVar[str] = "commerce.payment_failed"
    order_id: UUID
    payment_id: UUID
    person_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentHeld(Event):
    """Money came that does not match its order. Nothing was given for it; the owner has to look."""

    kind: ClassVar[str] = "commerce.payment_held"
    order_id: UUID
    payment_id: UUID
    wanted: Money
    received: Money


@dataclass(frozen=True, slots=True)
class PaymentReturned(Event):
    """Money that was not ours to keep went back: a second payment, or one that did not match."""

    kind: ClassVar[str] = "commerce.payment_returned"
    order_id: UUID
    payment_id: UUID
    amount: Money
