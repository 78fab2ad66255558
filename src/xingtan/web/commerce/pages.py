"""What the templates of commerce are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.core.errors import Sentence
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.ways import Way

Errors = Mapping[str, str]
"""Field name → sentence in the reader's language; the empty name is the form itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A product in a bundle, and whether the reader has it already."""

    title: str
    kind: str
    is_owned: bool


@dataclass(frozen=True, slots=True)
class NotBuyablePage:
    """Why this cannot be bought: it is the reader's already, or it is not for sale. `reason`: owned, gone.

    `slug` is empty for what has no page of its own; `sentence` is what the house says, where it says more.
    """

    template: ClassVar[str] = "commerce/not_buyable.html"
    title: str
    slug: str
    reason: str
    sentence: Sentence | None = None


@dataclass(frozen=True, slots=True)
class LetterSentPage:
    """A letter with a link back to this checkout is on its way."""

    template: ClassVar[str] = "commerce/letter_sent.html"
    email: str
    what: str
    is_kept_here: bool


@dataclass(frozen=True, slots=True)
class ReturnedPage:
    """Back from the provider.

    `outcome`: paid, waiting, failed, unknown, held, expired, cancelled, returned, charged_back. `providers` are the
    ways to try again, `provider` the one that was tried; `beside` what else there is.
    """

    template: ClassVar[str] = "commerce/returned.html"
    order: commerce.OrderView
    outcome: str
    failure_code: str | None
    slug: str
    pay_path: str | None
    providers: Sequence[str] = ()
    provider: str = ""
    beside: Sequence[promotions.OfferedAddOn] = ()
    offer_ids: Mapping[UUID, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MyOrdersPage:
    """The reader's orders."""

    template: ClassVar[str] = "commerce/my_orders.html"
    orders: Sequence[commerce.OrderRow]
    older: str | None


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """An order as its buyer keeps it. `slugs` leads from product to page; `documents` are its receipts and the like.

    `why_not`: why its money does not go back by itself, None when it does; `key` is that form's one-time key.
    """

    template: ClassVar[str] = "commerce/receipt.html"
    order: commerce.OrderView
    buyer: identity.PersonView
    seller: identity.AcademyView | None
    slugs: Mapping[UUID, str]
    documents: Sequence[documents.DocumentRow]
    disputes: Sequence[commerce.DisputeView]
    completed_bp: int
    why_not: str | None
    key: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxPage:
    """The sandbox's hosted payment page."""

    template: ClassVar[str] = "commerce/sandbox.html"
    payment: commerce.SandboxView
    choices: Sequence[str]
    code: str
    has_wrong_code: bool = False


@dataclass(frozen=True, slots=True)
class StudioOrdersPage:
    """Everybody's orders, filtered. `names`: person → name."""

    template: ClassVar[str] = "commerce/studio_orders.html"
    orders: Sequence[commerce.OrderRow]
    names: Mapping[UUID, str]
    states: Sequence[str]
    state: str
    q: str
    needs_attention: bool
    kinds: Sequence[str]
    kind: str
    since: str
    until: str
    older: str | None


@dataclass(frozen=True, slots=True)
class StudioOrderPage:
    """One order with all that belongs to it. `key`: the refund form's one-time key; `now` tells what the rule says."""

    template: ClassVar[str] = "commerce/studio_order.html"
    order: commerce.OrderView
    buyer: identity.PersonView | None
    slugs: Mapping[UUID, str]
    entries: Sequence[books.EntryView]
    documents: Sequence[documents.DocumentRow]
    disputes: Sequence[commerce.DisputeView]
    now: datetime
    payment_ids: Mapping[UUID, str]
    reasons: Sequence[str]
    key: str
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PricesPage:
    """A product's prices, and the form for a new one. `live` are the ids of offers for sale now."""

    template: ClassVar[str] = "commerce/studio_prices.html"
    product: catalog.ProductCard
    ways: Sequence[Way]
    intervals: Sequence[str]
    live: frozenset[UUID]
    offer_ids: Mapping[UUID, str]
    sold: int
    currencies: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its balance on the side where it stands."""

    account: str
    debit: Money | None
    credit: Money | None
    postings: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """One currency's accounts and the sum of each side, which must be equal."""

    currency: str
    rows: Sequence[AccountRow]
    debits: Money
    credits: Money


@dataclass(frozen=True, slots=True)
class BooksPage:
    """The trial balance, and the journal of one account or of all. `numbers`: order id → order number."""

    template: ClassVar[str] = "commerce/studio_books.html"
    balances: Sequence[TrialBalance]
    entries: Sequence[books.EntryView]
    numbers: Mapping[UUID, str]
    account: str | None
    older: str | None
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class RefundsPage:
    """Refunds, and the rule for those that buyers have by themselves, with its versions. `which`: open, all."""

    template: ClassVar[str] = "commerce/studio_refunds.html"
    which: str
    refunds: Sequence[commerce.RefundRow]
    policies: Sequence[commerce.PolicyVersion]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReconciliationPage:
    """What is not decided, and each provider beside the books. `asked`: how many were asked about, and unanswered."""

    template: ClassVar[str] = "commerce/studio_reconciliation.html"
    payments: Sequence[commerce.OpenPayment]
    refunds: Sequence[commerce.RefundRow]
    disputes: Sequence[commerce.DisputeView]
    sums: Sequence[commerce.ProviderSum]
    providers: Sequence[str]
    asked: tuple[int, int] | None = None
    comparison: commerce.Comparison | None = None
