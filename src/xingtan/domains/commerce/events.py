"""What commerce tells. No names, no addresses: an event outlives the person's key."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event
from xingtan.core.money import Money


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """A product has a new price."""

    kind: ClassVar[str] = "commerce.offer_made"
    offer_id: UUID
    product_id: UUID | None


@dataclass(frozen=True, slots=True)
class OfferRetired(Event):
    """An offer is no longer for sale."""

    kind: ClassVar[str] = "commerce.offer_retired"
    offer_id: UUID
    product_id: UUID | None


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


@dataclass(frozen=True, slots=True)
class WalletMoved(Event):
    """Money came into a wallet or left it. `moved` and `bonus` are signed; `balance` is all that is there now."""

    kind: ClassVar[str] = "commerce.wallet_moved"
    wallet_id: UUID
    entry_id: UUID
    person_id: UUID
    what: str
    moved: Money
    bonus: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class WalletLow(Event):
    """Less is left in a wallet than its owner wants to be warned at."""

    kind: ClassVar[str] = "commerce.wallet_low"
    wallet_id: UUID
    entry_id: UUID
    person_id: UUID
    balance: Money


@dataclass(frozen=True, slots=True)
class CreditsBought(Event):
    """Uses were bought at once."""

    kind: ClassVar[str] = "commerce.credits_bought"
    lot_id: UUID
    person_id: UUID
    unit: str
    total: int


@dataclass(frozen=True, slots=True)
class CreditsLapsed(Event):
    """Uses that were not taken in time have lapsed."""

    kind: ClassVar[str] = "commerce.credits_lapsed"
    lot_id: UUID
    person_id: UUID
    left: int
    amount: Money


@dataclass(frozen=True, slots=True)
class UseCharged(Event):
    """A lesson, a minute or a question was paid for by itself."""

    kind: ClassVar[str] = "commerce.use_charged"
    use_id: UUID
    person_id: UUID
    product_id: UUID
    unit: str
    amount: Money


@dataclass(frozen=True, slots=True)
class UseReversed(Event):
    """A use was taken back, and what it cost is in the wallet or among the credits again."""

    kind: ClassVar[str] = "commerce.use_reversed"
    use_id: UUID
    person_id: UUID
    product_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class ServiceMoved(Event):
    """A service request moved on: `happened` is the event of its table, `state` where it is now."""

    kind: ClassVar[str] = "commerce.service_moved"
    request_id: UUID
    number: str
    person_id: UUID
    product_id: UUID
    happened: str
    state: str


@dataclass(frozen=True, slots=True)
class ServiceMessageWritten(Event):
    """Somebody wrote about a service request: the `learner` or the `academy`."""

    kind: ClassVar[str] = "commerce.service_message_written"
    request_id: UUID
    message_id: UUID
    person_id: UUID
    author: str


@dataclass(frozen=True, slots=True)
class ServiceReminded(Event):
    """A delivery will soon count as accepted."""

    kind: ClassVar[str] = "commerce.service_reminded"
    request_id: UUID
    person_id: UUID
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class CouponMade(Event):
    """There is a new coupon."""

    kind: ClassVar[str] = "commerce.coupon_made"
    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class CouponEnded(Event):
    """A coupon lowers nothing any more."""

    kind: ClassVar[str] = "commerce.coupon_ended"
    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class CodesMade(Event):
    """The redeem codes of a batch were made and handed over; those made before are dead."""

    kind: ClassVar[str] = "commerce.codes_made"
    batch_id: UUID
    count: int


@dataclass(frozen=True, slots=True)
class CodeRedeemed(Event):
    """Somebody got a product, or days of it, by a redeem code."""

    kind: ClassVar[str] = "commerce.code_redeemed"
    batch_id: UUID
    code_id: UUID
    person_id: UUID
    product_id: UUID | None
    tier_id: UUID | None


@dataclass(frozen=True, slots=True)
class GiftBought(Event):
    """A gift is paid for and waits for the one it is meant for."""

    kind: ClassVar[str] = "commerce.gift_bought"
    gift_id: UUID
    order_id: UUID
    person_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class GiftClaimed(Event):
    """A gift is somebody's now, and its price is earned."""

    kind: ClassVar[str] = "commerce.gift_claimed"
    gift_id: UUID
    order_id: UUID
    giver_id: UUID
    person_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class GiftReturned(Event):
    """The money of a gift went back to the giver; who had claimed it has it no longer."""

    kind: ClassVar[str] = "commerce.gift_returned"
    gift_id: UUID
    person_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class GiftLapsed(Event):
    """Nobody claimed a gift within its time."""

    kind: ClassVar[str] = "commerce.gift_lapsed"
    gift_id: UUID
    person_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True)
class CheckoutAbandoned(Event):
    """Somebody who agrees to letters left a checkout, or let an order expire."""

    kind: ClassVar[str] = "commerce.checkout_abandoned"
    person_id: UUID
    product_id: UUID
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class LineRefunded(Event):
    """A part of an order's line went back, or was charged back; `is_full`: the last of it, what it gave has ended."""

    kind: ClassVar[str] = "commerce.line_refunded"
    order_id: UUID
    line_id: UUID
    person_id: UUID
    product_id: UUID | None
    amount: Money
    is_full: bool


@dataclass(frozen=True, slots=True)
class DisputeOpened(Event):
    """The buyer's bank took money away until it is decided whose it is; evidence is wanted."""

    kind: ClassVar[str] = "commerce.dispute_opened"
    dispute_id: UUID
    order_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class DisputeDecided(Event):
    """A dispute is over; `is_won`: the money came back to the academy."""

    kind: ClassVar[str] = "commerce.dispute_decided"
    dispute_id: UUID
    order_id: UUID
    amount: Money
    is_won: bool


@dataclass(frozen=True, slots=True)
class GroupOpened(Event):
    """Somebody has paid the first place of a new group."""

    kind: ClassVar[str] = "commerce.group_opened"
    group_id: UUID
    product_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class GroupJoined(Event):
    """A place in a group is paid; `left` are still to be had."""

    kind: ClassVar[str] = "commerce.group_joined"
    group_id: UUID
    product_id: UUID
    person_id: UUID
    order_id: UUID
    left: int


@dataclass(frozen=True, slots=True)
class GroupCompleted(Event):
    """All places of a group are paid: everybody in it has what she paid for."""

    kind: ClassVar[str] = "commerce.group_completed"
    group_id: UUID
    product_id: UUID
    size: int


@dataclass(frozen=True, slots=True)
class GroupFailed(Event):
    """The time of a group is up and places were left: everybody gets her money back."""

    kind: ClassVar[str] = "commerce.group_failed"
    group_id: UUID
    product_id: UUID
    paid: int
    size: int


@dataclass(frozen=True, slots=True)
class CommissionAccrued(Event):
    """An affiliate has earned a share of a paid line."""

    kind: ClassVar[str] = "commerce.commission_accrued"
    commission_id: UUID
    affiliate_id: UUID
    order_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class CommissionReversed(Event):
    """Money of a line went back, and with it a share of its commission."""

    kind: ClassVar[str] = "commerce.commission_reversed"
    commission_id: UUID
    affiliate_id: UUID
    order_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class AffiliateDecided(Event):
    """An affiliate was approved, declined, paused or ended."""

    kind: ClassVar[str] = "commerce.affiliate_decided"
    affiliate_id: UUID
    person_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class PayoutPaid(Event):
    """An affiliate was paid what she was owed."""

    kind: ClassVar[str] = "commerce.payout_paid"
    payout_id: UUID
    affiliate_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class ReferralRewarded(Event):
    """A friend's first order is mature: the learner who sent her has her reward in the wallet."""

    kind: ClassVar[str] = "commerce.referral_rewarded"
    referral_id: UUID
    person_id: UUID
    order_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundPolicyChanged(Event):
    """Orders from now on are placed under another refund rule."""

    kind: ClassVar[str] = "commerce.refund_policy_changed"
    version: int
