"""What to believe of a provider's answer, and what money that came is worth. Pure: the table of settlement."""

from datetime import datetime, timedelta
from typing import Literal

from xingtan.core.money import Money

Verdict = Literal["pays", "surplus", "mismatch"]

FIRST_ASK = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)

_PAYABLE = frozenset({"placed", "expired"})


def verdict(*, order_state: str, wanted: Money, received: Money, owns_all: bool) -> Verdict:
    """Return what received money is worth.

    It *pays* an order that waits for it, late or not. It is *surplus* when the order is paid or cancelled already, or
    when the buyer owns all of it by another order by now. It is a *mismatch* when amount or currency differ.
    """
    if received != wanted:
        return "mismatch"
    if order_state not in _PAYABLE or owns_all:
        return "surplus"
    return "pays"


def next_ask(*, created_at: datetime, at: datetime) -> datetime:
    """Return when to ask the provider again: in as long as the payment is old, within two minutes and six hours."""
    return at + min(max(at - created_at, FIRST_ASK), LONGEST_PAUSE)
