"""What the templates of paying are given: the code to scan, the transfer to send, the creator's desk for transfers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from xingtan.core.money import Money
from xingtan.domains.commerce import api as commerce

Errors = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A code to scan with the phone. `picture` is the code as a ``data:`` address."""

    template: ClassVar[str] = "commerce/scan.html"
    order: commerce.OrderView
    amount: Money
    provider: str
    picture: str


@dataclass(frozen=True, slots=True)
class TransferPage:
    """Where to send a bank transfer, how much, and what to write into it."""

    template: ClassVar[str] = "commerce/transfer.html"
    order: commerce.OrderView
    transfer: commerce.TransferView
    account: str


@dataclass(frozen=True, slots=True)
class TransfersPage:
    """Transfers that the creator looks for, and money that she is to send back. `about`: whose form has `errors`."""

    template: ClassVar[str] = "commerce/studio_transfers.html"
    transfers: Sequence[commerce.TransferView]
    refunds: Sequence[commerce.RefundByHand]
    is_offered: bool
    values: Mapping[str, str]
    about: str = ""
    errors: Errors = field(default_factory=dict)
