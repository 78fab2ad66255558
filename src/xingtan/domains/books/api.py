"""The door to the books."""

from xingtan.domains.books.journal import Entry, Line, post
from xingtan.domains.books.queries import (
    AccountBalance,
    EntryFilter,
    EntryPage,
    EntryView,
    PostingView,
    balance,
    check,
    entries,
    trial_balance,
)
from xingtan.domains.books.rules.accounts import CHART, FEES, REFUNDS, SALES, UNAPPLIED, Account, provider_account

__all__ = [
    "CHART",
    "FEES",
    "REFUNDS",
    "SALES",
    "UNAPPLIED",
    "Account",
    "AccountBalance",
    "Entry",
    "EntryFilter",
    "EntryPage",
    "EntryView",
    "Line",
    "PostingView",
    "balance",
    "check",
    "entries",
    "post",
    "provider_account",
    "trial_balance",
]
