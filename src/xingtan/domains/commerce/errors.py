"""What commerce refuses."""

from uuid import UUID

from xingtan.core.errors import Conflict, Invalid, NotAllowed, Sentence
from xingtan.core.money import Money


class AlreadyOwned(Conflict):
    """Nobody pays for what she owns already. `product_ids` are those."""

    code = "already-owned"

    def __init__(self, sentence: Sentence | str, *, product_ids: tuple[UUID, ...]) -> None:
        super().__init__(sentence)
        self.product_ids = product_ids


class OfferGone(Conflict):
    """The offer is no longer for sale: its price has changed, or its time is over."""

    code = "offer-gone"


class PriceMoved(Conflict):
    """It comes to another amount than the buyer was shown: nothing was ordered."""

    code = "price-moved"


class SoldOut(Conflict):
    """Something scarce is gone: a price's stock, a coupon's uses, a group's places."""

    code = "sold-out"


class KeyReused(Conflict):
    """The same one-time key came with another request."""

    code = "key-reused"


class RefundTooLarge(Conflict):
    """More than what is left of the payment."""

    code = "refund-too-large"


class NotByRule(Conflict):
    """The rule of the order does not give it back by itself; a person may. `reason` says why in one stable word."""

    code = "not-by-rule"

    def __init__(self, sentence: Sentence | str, *, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class NoticeRefused(NotAllowed):
    """A payment notice whose signature, age or form is not right. Nothing was stored."""

    code = "notice-refused"


class PaymentRefused(Conflict):
    """The provider understood, and said no."""

    code = "payment-refused"


class NotEnough(PaymentRefused):
    """There is less in the wallet than is to be paid. `missing` is how much less."""

    code = "not-enough"

    def __init__(self, sentence: Sentence | str, *, missing: Money) -> None:
        super().__init__(sentence)
        self.missing = missing


class NotWithdrawable(Conflict):
    """Nothing in the wallet can go back to where it came from by itself."""

    code = "not-withdrawable"


class QuoteGone(Conflict):
    """The quote has lapsed, or another one has taken its place."""

    code = "quote-gone"


class CouponRefused(Invalid):
    """A coupon that does not lower this order. `coupon` is its word, `reason` says why in one stable word."""

    code = "coupon-refused"

    def __init__(self, sentence: Sentence, *, coupon: str, reason: str) -> None:
        super().__init__({"coupon": sentence}, sentence)
        self.coupon = coupon
        self.reason = reason


class RedeemRefused(Conflict):
    """A redeem code that gives nothing here and now. Which part of it was wrong is told to nobody."""

    code = "redeem-refused"


class GiftGone(Conflict):
    """The gift has been claimed, was taken back, or has run out."""

    code = "gift-gone"
