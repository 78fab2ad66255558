"""Sums of what was sold and what went back.

What is put into a wallet is no sale: it becomes one when it is spent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xingtan.core.money import Money

AHEAD = "top_up"
"""The kind of line that only puts money aside."""

PER_USE = "use"
"""What uses that the wallet paid are called here; those by credits were sold with the credits."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A line that was paid, or (`is_return`) a part of one that went back; `tax` is within `gross`."""

    at: datetime
    order: str | None
    person_id: UUID
    kind: str
    product_id: UUID | None
    title: str
    gross: Money
    tax: Money
    is_return: bool = False

    @property
    def net(self) -> Money:
        """Return it without the tax."""
        return self.gross - self.tax


@dataclass(frozen=True, slots=True)
class Sum:
    """What was sold under one word in one currency: `sales` counts paid lines, `net` is less refunds and tax."""

    word: str
    sales: int
    gross: Money
    refunded: Money
    tax: Money
    net: Money


def sums(found: Iterable[Sold], word: Callable[[Sold], str]) -> tuple[Sum, ...]:
    """Return a row for each word and currency, what brought most first."""
    groups: dict[tuple[str, str], list[Sold]] = defaultdict(list)
    for one in found:
        groups[word(one), one.gross.currency].append(one)
    rows = (sum_of(group, label, currency) for (label, currency), group in groups.items())
    return tuple(sorted(rows, key=lambda row: (row.gross.currency, -row.net.minor, row.word)))


def sum_of(group: Sequence[Sold], word: str, currency: str) -> Sum:
    """Return the sum of sales of one currency."""
    came, went = ([one for one in group if one.is_return is back] for back in (False, True))
    gross, back = (sum(one.gross.minor for one in some) for some in (came, went))
    tax = sum(one.tax.minor for one in came) - sum(one.tax.minor for one in went)
    return Sum(
        word, len(came), Money(gross, currency), Money(back, currency), Money(tax, currency),
        Money(gross - back - tax, currency),
    )  # fmt: skip
