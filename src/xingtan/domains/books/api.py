"""The door to the books."""

from xingtan.domains.books.journal import DatedEntry, Entry, Line, post, post_past
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
    "DatedEntry",
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
    "post_past",
    "provider_account",
    "trial_balance",
]
