"""What the templates of commerce are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.web.storefront.seo import Picture

Errors = Mapping[str, str]
"""Field name → sentence in the reader's language; the empty name is the form itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A product in a bundle, and whether the reader has it already."""

    title: str
    kind: str
    is_owned: bool


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What is bought, for how much, under which rule, by whom. `what` names the checkout in its own address."""

    template: ClassVar[str] = "commerce/checkout.html"
    what: str
    product: catalog.ProductCard
    cover: Picture | None
    offer: commerce.OfferView
    offer_public_id: str
    parts: Sequence[Part]
    policy: commerce.RefundPolicy
    providers: Sequence[str]
    key: str
    amount: str
    email: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotBuyablePage:
    """Why this cannot be bought: it is the reader's already, or it is not for sale. `reason`: owned, gone."""

    template: ClassVar[str] = "commerce/not_buyable.html"
    product: catalog.ProductCard
    reason: str


@dataclass(frozen=True, slots=True)
class LetterSentPage:
    """A letter with a link back to this checkout is on its way."""

    template: ClassVar[str] = "commerce/letter_sent.html"
    email: str
    what: str
    is_kept_here: bool


@dataclass(frozen=True, slots=True)
class ReturnedPage:
    """Back from the provider. `outcome`: paid, waiting, failed, unknown, held, expired, cancelled, returned."""

    template: ClassVar[str] = "commerce/returned.html"
    order: commerce.OrderView
    outcome: str
    failure_code: str | None
    slug: str
    pay_path: str | None


@dataclass(frozen=True, slots=True)
class MyOrdersPage:
    """The reader's orders."""

    template: ClassVar[str] = "commerce/my_orders.html"
    orders: Sequence[commerce.OrderRow]
    older: str | None


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """An order as its buyer keeps it. `slugs` leads from product to page."""

    template: ClassVar[str] = "commerce/receipt.html"
    order: commerce.OrderView
    buyer: identity.PersonView
    seller: identity.AcademyView | None
    slugs: Mapping[UUID, str]


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
    older: str | None


@dataclass(frozen=True, slots=True)
class StudioOrderPage:
    """One order with its payments, refunds and postings. `key`: the refund form's one-time key."""

    template: ClassVar[str] = "commerce/studio_order.html"
    order: commerce.OrderView
    buyer: identity.PersonView | None
    slugs: Mapping[UUID, str]
    entries: Sequence[books.EntryView]
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
    offers: Sequence[commerce.OfferView]
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
