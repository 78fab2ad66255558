"""The wallet as a provider inside the house: it takes and gives back in the very commit that settles.

What it does is written in `use_cases.wallet_payments`, which the house hands in (`commerce.opening`); here it looks
like any other provider. It has no page, no notices and no peer: what it knows are the wallet's own entries.
"""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from xingtan.core.errors import say
from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.commerce.errors import NoticeRefused
from xingtan.domains.commerce.providers import Ability, Notice, ProviderPayment, ProviderRefund, Start, Started

NAME = "wallet"


class Till(Protocol):
    """What takes from wallets and gives back, each in one transaction of its own."""

    def take(self, payment_id: UUID) -> ProviderPayment:
        """Take the payment's amount from its buyer's wallet and settle it; `NotEnough` when there is less."""
        ...

    def known(self, payment_id: UUID) -> ProviderPayment:
        """Return what was taken for the payment."""
        ...

    def give_back(self, payment_id: UUID, *, amount: Money, key: str) -> ProviderRefund:
        """Give `amount` back to the wallet and settle the refund, once per `key`."""
        ...


class WalletProvider:
    """The wallet as checkout and jobs see it: a `PaymentProvider`."""

    name = NAME
    abilities: frozenset[Ability] = frozenset({"recurring", "partial_refund"})
    currencies = frozenset(CURRENCIES)
    hosts: tuple[str, ...] = ()
    thanks = ""

    def __init__(self, till: Till) -> None:
        self._till = till

    def start(self, start: Start) -> Started:
        """Take the money; the buyer comes back at once."""
        taken = self._till.take(start.payment_id)
        return Started(taken.reference or "", start.return_path)

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:  # noqa: ARG002 - our id is enough
        """Return what was taken for the payment; ``absent`` when nothing was."""
        return self._till.known(payment_id)

    def charge(self, start: Start, mandate: str) -> ProviderPayment:  # noqa: ARG002 - a wallet has no word but its owner's
        """Take the money without the buyer."""
        return self._till.take(start.payment_id)

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:  # noqa: ARG002
        """Give money back to the wallet, once per `key`."""
        return self._till.give_back(payment_id, amount=amount, key=key)

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:  # noqa: ARG002
        """Refuse: the wallet sends no notices."""
        raise NoticeRefused(say("This notice is not signed as it should be."))

    def payment_of(self, reference: str) -> UUID | None:  # noqa: ARG002
        """Return None: nothing is ever named by a reference alone."""
        return None
