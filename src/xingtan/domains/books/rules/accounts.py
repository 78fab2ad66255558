"""The chart of accounts. An amount is a debit when it is positive and a credit when it is negative.

1. Only an account of this chart can be posted to. 2. `:<name>` in the chart stands for one lower-case word.
"""

import re
from dataclasses import dataclass
from typing import Literal

from xingtan.core.errors import Broken

Side = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the chart: its name or pattern, the side on which it grows, and what it holds."""

    pattern: str
    grows: Side
    holds: str


CHART: tuple[Account, ...] = (
    Account("assets:provider:<name>", "debit", "what a payment provider holds for the academy"),
    Account("assets:bank", "debit", "what has been paid out to the academy"),
    Account("liability:unapplied", "credit", "money that came and does not belong to an order: it goes back"),
    Account("income:sales", "credit", "what was sold, before refunds"),
    Account("income:refunds", "debit", "what was given back; sales less refunds is what was earned"),
    Account("expense:fees", "debit", "what providers keep for themselves"),
)

_PATTERNS = {
    account: re.compile(re.escape(account.pattern).replace("<name>", "[a-z][a-z0-9_]{0,29}")) for account in CHART
}

SALES = "income:sales"
REFUNDS = "income:refunds"
FEES = "expense:fees"
UNAPPLIED = "liability:unapplied"


def provider_account(name: str) -> str:
    """Return the account of what provider `name` holds for us."""
    return f"assets:provider:{name}"


def account_named(name: str) -> Account:
    """Return the chart's line for the account `name`; `Broken` when the chart has none."""
    for account, pattern in _PATTERNS.items():
        if pattern.fullmatch(name):
            return account
    msg = f"the chart of accounts has no {name!r}"
    raise Broken(msg)
