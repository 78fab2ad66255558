"""What reads return: frozen rows of documents, rates and series."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce.documents.facts import DocumentLine
from xingtan.domains.commerce.documents.rules import Buyer
from xingtan.domains.commerce.rules.tax import Rate, Taxed


@dataclass(frozen=True, slots=True)
class Seller:
    """The academy as it stands on a document."""

    name: str
    tax_number: str
    address: str
    contact: str
    note: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list. `label` is None until it is numbered; `names` is the label of the document it names."""

    id: UUID
    kind: str
    label: str | None
    names: str | None
    order_number: str
    person_id: UUID
    entry_key: str
    issued_on: date
    issued_at: datetime
    amounts: Taxed

    @property
    def gross(self) -> Money:
        """Return the sum."""
        return self.amounts.gross


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A whole document. `buyer` is None when the person has been forgotten."""

    row: DocumentRow
    lines: tuple[DocumentLine, ...]
    seller: Seller
    buyer: Buyer | None
    language: str
    paid_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents: of a series and year, or all."""

    series: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Documents, newest first; `next_before` continues behind them, None at the end."""

    documents: tuple[DocumentRow, ...]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series of a year: how many numbers it gave, how many documents wait, and the numbers that are missing."""

    series: str
    year: int
    last_number: int
    waiting: int
    gaps: tuple[int, ...]
    totals: tuple[Taxed, ...]


@dataclass(frozen=True, slots=True)
class TaxRateView:
    """A rate of tax and where and when it holds; `country` and `kind` None: any."""

    id: UUID
    country: str | None
    kind: str | None
    rate: Rate
    starts_at: datetime
    ends_at: datetime | None
