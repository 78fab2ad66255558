"""Payment providers behind one protocol: the sandbox here, others as real peers.

1. Every call is made outside our transactions. 2. `start` and `refund` may be repeated: the payment's id and the
refund's key make the second call return what the first one did. 3. A notice moves nothing: it only says whom to ask.
4. A provider that does not answer raises `Unavailable`; one that says no raises `PaymentRefused`.
5. Which buyer she is, is never told: a provider learns what its own page asks her for.
6. A provider's answer is believed only when it speaks of our account, our payment and names its currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from xingtan.core.money import Money

SETTLE_PAYMENT = "commerce.settle_payment"
"""The job that makes true here what a provider says of a payment."""
Status = Literal["open", "succeeded", "failed", "absent"]
Device = Literal["desktop", "phone", "wechat"]
"""Where the buyer is: at a desk (a code to scan is shown), on a phone (sent to an app), inside WeChat's own browser."""
Ability = Literal["recurring", "partial_refund", "disputes", "by_hand"]
"""What not every provider can do. ``by_hand``: nobody but the creator knows whether the money came."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a provider is told of a payment. `return_path` is where the buyer comes back to.

    `expires_at` is when the order waits no more. `wants_mandate`: later charges without the buyer are wanted.
    """

    payment_id: UUID
    amount: Money
    description: str
    return_path: str
    language: str
    device: Device = "desktop"
    expires_at: datetime | None = None
    wants_mandate: bool = False
    payer_ip: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The provider's own reference, the page to which the buyer goes, and what to draw as a code to scan, if any."""

    reference: str
    redirect_url: str
    qr: str | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """The buyer's word that she may be charged again: the provider's reference, and a label such as ``•••• 4242``."""

    reference: str
    label: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """The buyer's bank wants money back. `amount` is what is taken away until it is decided."""

    reference: str
    status: Literal["open", "won", "lost"]
    amount: Money


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider knows it now. `received` is what the buyer paid, when `status` is ``succeeded``.

    `fee` is what the provider has kept of it so far, None where it does not say; `mandate` is what the buyer gave.
    """

    reference: str | None
    status: Status
    received: Money | None = None
    failure_code: str | None = None
    fee: Money | None = None
    mandate: Mandate | None = None
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider knows it now; ``pending``: on its way, ask again under the same key."""

    status: Literal["succeeded", "failed", "pending"]
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice whose signature and age are right: its own id, and the payment that it speaks of.

    `payment_id` None: only the provider's `reference` is told, and `payment_of` finds out. No reference either: it
    speaks of nothing that is asked about, and is thanked for and forgotten.
    """

    external_id: str
    reference: str
    payment_id: UUID | None


class PaymentProvider(Protocol):
    """A company that moves money for the academy."""

    name: str
    abilities: frozenset[Ability]
    currencies: frozenset[str]
    hosts: tuple[str, ...]
    """Where its pages are, as a Content-Security-Policy names them: the checkout's form leads there."""
    thanks: str
    """What it wants to read when its notice was taken."""

    def start(self, start: Start) -> Started:
        """Open the payment and return where the buyer goes; the same payment again returns the same."""
        ...

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:
        """Return what the provider knows of the payment now; status ``absent`` when it never heard of it."""
        ...

    def charge(self, start: Start, mandate: str) -> ProviderPayment:
        """Charge the buyer by her mandate, once per payment id, and return what came of it.

        `PaymentRefused` from a provider without the ability ``recurring``, and for a mandate that is no more.
        """
        ...

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:
        """Give `amount` back, once per `key`."""
        ...

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a genuine, fresh notice says, else raise `NoticeRefused`; header names are in lower case."""
        ...

    def payment_of(self, reference: str) -> UUID | None:
        """Return which of our payments a notice without its id speaks of, None for one that is not ours."""
        ...


Providers = Mapping[str, PaymentProvider]
"""The academy's providers by name."""
