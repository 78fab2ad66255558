"""What commerce refuses."""

from uuid import UUID

from xingtan.core.errors import Conflict, NotAllowed, Sentence


class AlreadyOwned(Conflict):
    """Nobody pays for what she owns already. `product_ids` are those."""

    code = "already-owned"

    def __init__(self, sentence: Sentence | str, *, product_ids: tuple[UUID, ...]) -> None:
        super().__init__(sentence)
        self.product_ids = product_ids


class OfferGone(Conflict):
    """The offer is no longer for sale: its price has changed, or its time is over."""

    code = "offer-gone"


class KeyReused(Conflict):
    """The same one-time key came with another request."""

    code = "key-reused"


class RefundTooLarge(Conflict):
    """More than what is left of the payment."""

    code = "refund-too-large"


class NoticeRefused(NotAllowed):
    """A payment notice whose signature, age or form is not right. Nothing was stored."""

    code = "notice-refused"


class PaymentRefused(Conflict):
    """The provider understood, and said no."""

    code = "payment-refused"
