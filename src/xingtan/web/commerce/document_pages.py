"""What the templates about documents, tax and statements are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from xingtan.domains.books import api as books
from xingtan.domains.commerce.documents import api as documents
from xingtan.web.commerce.pages import Errors


@dataclass(frozen=True, slots=True)
class MyDocumentsPage:
    """The reader's receipts, invoices and credit notes. `may_ask` are the receipts without an invoice, by label."""

    template: ClassVar[str] = "commerce/documents/mine.html"
    rows: Sequence[documents.DocumentRow]
    may_ask: frozenset[str]
    details: documents.BuyerDetails | None
    error: str = ""
    tab: str = "invoices"


@dataclass(frozen=True, slots=True)
class BillingPage:
    """What the reader wants to stand on her invoices. `has_details`: there are some to be deleted."""

    template: ClassVar[str] = "commerce/documents/details.html"
    values: Mapping[str, str]
    has_details: bool
    errors: Errors = field(default_factory=dict)
    tab: str = "invoices"


@dataclass(frozen=True, slots=True)
class StudioDocumentsPage:
    """Every series with its check, and the documents of one or of all. `names`: person → name."""

    template: ClassVar[str] = "commerce/documents/studio.html"
    series: Sequence[documents.SeriesView]
    rows: Sequence[documents.DocumentRow]
    names: Mapping[UUID, str]
    chosen: str
    older: str | None


@dataclass(frozen=True, slots=True)
class TaxPage:
    """What stands on documents about the academy, and the rates of tax. `live`: the ids of rates that hold now."""

    template: ClassVar[str] = "commerce/documents/tax.html"
    seller: Mapping[str, str]
    rates: Sequence[documents.TaxRateView]
    rate_ids: Mapping[UUID, str]
    live: frozenset[UUID]
    over: frozenset[UUID]
    kinds: Sequence[str]
    values: Mapping[str, str]
    seller_errors: Errors = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)
    has_saved: bool = False


@dataclass(frozen=True, slots=True)
class MonthColumn:
    """A month and its name in the page's address, e.g. ``2026-03``."""

    period: str
    month: int


@dataclass(frozen=True, slots=True)
class StatementsPage:
    """The statements of a month or a year, and the balances by month of that year: currency → accounts."""

    template: ClassVar[str] = "commerce/documents/statements.html"
    year: int
    month: int | None
    months: Sequence[MonthColumn]
    statements: Sequence[books.Statements]
    history: Sequence[tuple[str, Sequence[books.AccountHistory]]]
    earlier: str | None
    later: str | None
