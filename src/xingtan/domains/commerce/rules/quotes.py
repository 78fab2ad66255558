"""Custom service: how a price is parted, until when things hold, and what goes back by the rule."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.money import MAX_MINOR, Money

ACCEPT_WITHIN = timedelta(days=7)
"""A delivery that nobody has accepted or disputed for so long counts as accepted."""
REMIND_BEFORE = timedelta(days=2)
"""So long before that a letter says so once more."""
WHOLE_BP = 10_000
LONGEST_TEXT = 20_000
LONGEST_VALIDITY = timedelta(days=366)

BalanceDue = Literal["before", "after"]
Part = Literal["full", "deposit", "balance"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a quote says: price, share to be paid first, when the rest is due, day of delivery, how long it holds."""

    price: Money
    deposit_bp: int
    balance_due: BalanceDue
    deliver_by: datetime
    valid_until: datetime


def parts(price: Money, deposit_bp: int) -> tuple[Money, Money]:
    """Return what is paid first and what is paid later; they add up to the price."""
    first = price.share(deposit_bp)
    return first, price - first


def faults_of(terms: Terms, scope: str, *, at: datetime) -> dict[str, Sentence]:
    """Return what is wrong with a quote, field by field."""
    faults: dict[str, Sentence] = {}
    if not scope.strip():
        faults["scope"] = say("Write what will be done.")
    elif len(scope) > LONGEST_TEXT:
        faults["scope"] = say("At most %(limit)s characters.", limit=LONGEST_TEXT)
    if terms.price.minor <= 0 or terms.price.minor > MAX_MINOR:
        faults["price"] = say("A price is more than nothing, and not beyond all measure.")
    if not 0 < terms.deposit_bp <= WHOLE_BP or (terms.price.minor > 0 and not parts(terms.price, terms.deposit_bp)[0]):
        faults["deposit"] = say("The share to be paid first is between 1 and 100 percent.")
    if terms.balance_due not in ("before", "after"):
        faults["balance_due"] = say("Please choose one of these.")
    if not at < terms.valid_until <= at + LONGEST_VALIDITY:
        faults["valid_until"] = say("A quote holds until some day within a year.")
    if terms.deliver_by <= at:
        faults["deliver_by"] = say("The day of delivery is in the future.")
    return faults


def check_text(field: str, text: str) -> str:
    """Return the text without its margins; `Invalid` when it is empty or too long."""
    plain = text.strip()
    if not plain:
        raise Invalid.of(field, say("Write something first."))
    if len(plain) > LONGEST_TEXT:
        raise Invalid.of(field, say("At most %(limit)s characters.", limit=LONGEST_TEXT))
    return plain


def may_leave(*, state: str, deliver_by: datetime | None, at: datetime) -> bool:
    """Say whether the learner may end it and have all her money back: before work began, or when it is late."""
    if state in ("requested", "quoted", "agreed", "deposit_paid"):
        return True
    return state == "in_work" and deliver_by is not None and at >= deliver_by


def accepted_by_silence_at(delivered_at: datetime) -> datetime:
    """Return when a delivery counts as accepted."""
    return delivered_at + ACCEPT_WITHIN


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid next for a request. `is_asked`: now; otherwise it may be paid ahead."""

    part: Part
    amount: Money
    is_asked: bool


_IN_HAND = ("in_work", "delivered", "disputed", "accepted")


def due_part(*, state: str, price: Money, deposit_bp: int, balance_due: str, paid: Collection[str]) -> Due | None:
    """Return what is to be paid next, from the parts that were `paid`; None when nothing is.

    The rest is asked for before delivery or after acceptance, as quoted.
    """
    first, rest = parts(price, deposit_bp)
    if state in ("agreed", "expired"):
        return Due("deposit" if rest else "full", first, is_asked=True)
    if state not in _IN_HAND or not rest or "balance" in paid or "full" in paid:
        return None
    return Due("balance", rest, is_asked=balance_due == "before" or state == "accepted")
