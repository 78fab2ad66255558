"""What commerce tells of a payment or a refund, so that a document can be written of it."""

from dataclasses import dataclass
from uuid import UUID

from xingtan.core.money import total
from xingtan.domains.commerce.rules.tax import Rate, Taxed


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """What stands in one line: what it was, its amounts, and the rate by which they were reckoned."""

    title: str
    amounts: Taxed
    rate: Rate


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A payment that was kept. `entry_key` is the key of its entry in the books, e.g. ``payment:<id>``."""

    entry_key: str
    order_id: UUID
    order_number: str
    person_id: UUID
    language: str
    paid_by: str
    lines: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """A refund: the key of its own entry, that of the payment whose documents it corrects, and what went back."""

    entry_key: str
    corrects: str
    reason: str
    lines: tuple[DocumentLine, ...]


def sum_of(lines: tuple[DocumentLine, ...]) -> Taxed:
    """Return the sum of the lines, of which there is at least one."""
    currency = lines[0].amounts.gross.currency
    net, tax, gross = (total([one.amounts[place] for one in lines], currency) for place in range(3))
    return Taxed(net, tax, gross)
