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
    Account("assets:bank", "debit", "what has been paid out to the academy"),
    Account("assets:provider:<name>", "debit", "what a payment provider holds for the academy"),
    Account("assets:disputed:<name>", "debit", "what a provider took back until a dispute is decided"),
    Account("liability:unapplied", "credit", "money that came and does not belong to an order: it goes back"),
    Account("liability:deferred", "credit", "what was paid for days that have not come yet"),
    Account("liability:wallet", "credit", "what learners have in their wallets"),
    Account("liability:bonus", "credit", "what wallets were given on top, and not used"),
    Account("liability:credits", "credit", "credits that were paid for and not used"),
    Account("liability:gifts", "credit", "gifts and codes that were paid for and not redeemed"),
    Account("liability:escrow", "credit", "what a group has paid that is not complete: it may go back"),
    Account("liability:tax", "credit", "tax that was charged and belongs to the state"),
    Account("liability:affiliates", "credit", "commission that is owed and not paid out"),
    Account("liability:rewards", "credit", "referral rewards that are owed and not used"),
    Account("equity:opening", "credit", "what was there before these books began"),
    Account("income:sales", "credit", "what was sold, before refunds"),
    Account("income:refunds", "debit", "what was given back; sales less refunds is what was earned"),
    Account("income:breakage", "credit", "what was paid for, never used, and has lapsed"),
    Account("expense:fees", "debit", "what providers keep for themselves"),
    Account("expense:commission", "debit", "what affiliates have earned"),
    Account("expense:disputes", "debit", "what was lost in disputes"),
    Account("expense:rewards", "debit", "what rewards to learners have cost"),
)

_PATTERNS = {
    account: re.compile(re.escape(account.pattern).replace("<name>", "[a-z][a-z0-9_]{0,29}")) for account in CHART
}

BANK = "assets:bank"
UNAPPLIED = "liability:unapplied"
DEFERRED = "liability:deferred"
WALLET = "liability:wallet"
BONUS = "liability:bonus"
CREDITS = "liability:credits"
GIFTS = "liability:gifts"
ESCROW = "liability:escrow"
TAX = "liability:tax"
AFFILIATES = "liability:affiliates"
REWARDS = "liability:rewards"
OPENING = "equity:opening"
SALES = "income:sales"
REFUNDS = "income:refunds"
BREAKAGE = "income:breakage"
FEES = "expense:fees"
COMMISSION = "expense:commission"
DISPUTE_LOSSES = "expense:disputes"
REWARD_COSTS = "expense:rewards"


def provider_account(name: str) -> str:
    """Return the account of what provider `name` holds for us."""
    return f"assets:provider:{name}"


def disputed_account(name: str) -> str:
    """Return the account of what provider `name` took back until a dispute is decided."""
    return f"assets:disputed:{name}"


def account_named(name: str) -> Account:
    """Return the chart's line for the account `name`; `Broken` when the chart has none."""
    for account, pattern in _PATTERNS.items():
        if pattern.fullmatch(name):
            return account
    msg = f"the chart of accounts has no {name!r}"
    raise Broken(msg)
