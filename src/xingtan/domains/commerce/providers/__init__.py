"""Payment providers behind one protocol: the sandbox here, others as real peers.

1. Every call is made outside our transactions. 2. `start` and `refund` may be repeated: the payment's id and the
refund's key make the second call return what the first one did. 3. A notice moves nothing: it only says whom to ask.
4. A provider that does not answer raises `Unavailable`; one that says no raises `PaymentRefused`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from xingtan.core.money import Money

Status = Literal["open", "succeeded", "failed", "absent"]


@dataclass(frozen=True, slots=True)
class Start:
    """What a provider is told of a payment. `return_path` is where the buyer comes back to."""

    payment_id: UUID
    amount: Money
    description: str
    return_path: str
    language: str


@dataclass(frozen=True, slots=True)
class Started:
    """The provider's own reference, and the page to which the buyer goes."""

    reference: str
    redirect_url: str


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider knows it now. `received` is what the buyer paid, when `status` is ``succeeded``."""

    reference: str | None
    status: Status
    received: Money | None = None
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider knows it now."""

    status: Literal["succeeded", "failed"]
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice whose signature and age are right: its own id, and the payment that it speaks of."""

    external_id: str
    reference: str
    payment_id: UUID


class PaymentProvider(Protocol):
    """A company that moves money for the academy."""

    name: str

    def start(self, start: Start) -> Started:
        """Open the payment and return where the buyer goes; the same payment again returns the same."""
        ...

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:
        """Return what the provider knows of the payment now; status ``absent`` when it never heard of it."""
        ...

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:
        """Give `amount` back, once per `key`."""
        ...

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a genuine, fresh notice says, else raise `NoticeRefused`; header names are in lower case."""
        ...


Providers = Mapping[str, PaymentProvider]
"""The academy's providers by name."""
