"""Statements of a period, per currency: what was earned, what is owned and owed, what came and went.

1. Profit is income less expenses. 2. Assets = liabilities + equity + all profit so far. 3. Opening cash + what came −
what went = closing cash. Every figure is on the side on which its account grows; what stands on the other is negative.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xingtan.core.money import Money, total, zero
from xingtan.domains.books.rules.accounts import account_named

Balances = Mapping[tuple[str, str], int]
"""(account, currency) → minor units: a debit when positive."""

_CASH = ("assets:bank", "assets:provider:")


@dataclass(frozen=True, slots=True)
class Figure:
    """An account and what stands on the side on which it grows."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class IncomeStatement:
    """What was earned and spent in a period. Refunds are a negative income."""

    income: tuple[Figure, ...]
    expenses: tuple[Figure, ...]
    profit: Money

    @property
    def earned(self) -> Money:
        """Return the sum of all income."""
        return total([one.amount for one in self.income], self.profit.currency)


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What is owned and owed at an instant; `earned` is all profit until then."""

    assets: tuple[Figure, ...]
    liabilities: tuple[Figure, ...]
    equity: tuple[Figure, ...]
    earned: Money
    total: Money


@dataclass(frozen=True, slots=True)
class CashStatement:
    """What the bank and the providers held before and after a period, and why it changed: memo → amount."""

    opening: Money
    flows: tuple[tuple[str, Money], ...]
    closing: Money


@dataclass(frozen=True, slots=True)
class Statements:
    """The three statements of one currency."""

    currency: str
    income: IncomeStatement
    sheet: BalanceSheet
    cash: CashStatement


def is_cash(account: str) -> bool:
    """Say whether an account holds money that can be spent: at the bank or at a provider."""
    return account.startswith(_CASH)


def statements(before: Balances, after: Balances, flows: Mapping[tuple[str, str], int]) -> tuple[Statements, ...]:
    """Return the statements of each currency, from the balances before and after a period.

    `flows` is (memo, currency) → what the period's entries of that memo moved in and out of cash.
    """
    return tuple(_of_currency(one, before, after, flows) for one in sorted({currency for _, currency in after}))


def _of_currency(currency: str, before: Balances, after: Balances, flows: Mapping[tuple[str, str], int]) -> Statements:
    opening, closing = (
        {account: minor for (account, its), minor in one.items() if its == currency} for one in (before, after)
    )
    moved = {account: minor - opening.get(account, 0) for account, minor in closing.items()}
    cash = CashStatement(
        Money(sum(minor for account, minor in opening.items() if is_cash(account)), currency),
        tuple((memo, Money(minor, currency)) for (memo, its), minor in sorted(flows.items()) if its == currency),
        Money(sum(minor for account, minor in closing.items() if is_cash(account)), currency),
    )
    return Statements(currency, _income(currency, moved), _sheet(currency, closing), cash)


def _income(currency: str, moved: Mapping[str, int]) -> IncomeStatement:
    income = tuple(
        Figure(account, Money(-minor, currency)) for account, minor in _under(moved, "income:") if minor
    )  # refunds are debits, and so come out negative
    expenses = tuple(Figure(account, Money(minor, currency)) for account, minor in _under(moved, "expense:") if minor)
    return IncomeStatement(income, expenses, _sum(income, currency) - _sum(expenses, currency))


def _sheet(currency: str, closing: Mapping[str, int]) -> BalanceSheet:
    assets, liabilities, equity = (
        tuple(Figure(account, _grown(account, minor, currency)) for account, minor in _under(closing, root) if minor)
        for root in ("assets:", "liability:", "equity:")
    )
    earned = _income(currency, closing).profit
    return BalanceSheet(assets, liabilities, equity, earned, _sum(assets, currency))


def _under(balances: Mapping[str, int], root: str) -> Iterable[tuple[str, int]]:
    return sorted((account, minor) for account, minor in balances.items() if account.startswith(root))


def _grown(account: str, minor: int, currency: str) -> Money:
    return Money(minor if account_named(account).grows == "debit" else -minor, currency)


def _sum(figures: Iterable[Figure], currency: str) -> Money:
    return total([one.amount for one in figures], currency) if figures else zero(currency)
