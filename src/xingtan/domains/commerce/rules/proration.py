"""What a change of plan costs: one pure function, asked by the preview and by the charge alike (M11).

For a stretch of time that was paid with *v*, from *s* until *e*, and a change at *t*:

    credit = floor(v · (e − t) / (e − s))          what was paid for days that have not come
    charge = ceil(p · (e − t) / (end − start))      the new price's share of the days that are left

1. ``due_now − carry_out = charge − credit − carry_in``: nothing appears, nothing is lost.
2. What is credited is rounded down and what is charged is rounded up, so that no sequence of changes gains money.
3. `carry` is signed: more than nothing is kept for later payments, less is added to the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from xingtan.core.money import Money, zero
from xingtan.core.period import Period

Mode = Literal["at_period_end", "prorate_now", "full_now", "next_invoice"]
MODES: tuple[Mode, ...] = ("at_period_end", "prorate_now", "full_now", "next_invoice")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held now: a stretch of time, what was paid for it, and the whole billing period that it is part of."""

    stretch: Period
    value: Money
    whole: Period
    carry: Money


@dataclass(frozen=True, slots=True)
class Wanted:
    """The plan wanted: its price for a whole period, and the period that begins if it begins today."""

    price: Money
    fresh: Period


@dataclass(frozen=True, slots=True)
class Change:
    """What a change comes to. `value` is what the stretch `period` is worth from then on; None: nothing changes now."""

    mode: Mode
    at: datetime
    credit: Money
    charge: Money
    due_now: Money
    carry: Money
    period: Period | None
    next_payment_at: datetime


def change_of(held: Held, wanted: Wanted, *, mode: Mode, at: datetime) -> Change:
    """Return what the change at the instant `at` comes to; `at` lies within the stretch that is held."""
    end = _end(held.stretch)
    nothing = zero(wanted.price.currency)
    if mode == "at_period_end":
        return Change(mode, at, nothing, nothing, nothing, held.carry, None, end)
    credit = unused(held.value, held.stretch, at=at)
    period = wanted.fresh if mode == "full_now" else Period(at, end)
    charge = wanted.price if mode == "full_now" else _rest(wanted.price, held.whole, at=at)
    balance = charge - credit - held.carry
    due_now = nothing if mode == "next_invoice" else max(balance, nothing)
    return Change(mode, at, credit, charge, due_now, due_now - balance, period, _end(period))


def invoice_of(price: Money, *, carry: Money) -> tuple[Money, Money]:
    """Return what the next payment comes to after what is carried, and what is carried on then."""
    due = max(price - carry, zero(price.currency))
    return due, due - (price - carry)


def unused(value: Money, stretch: Period, *, at: datetime) -> Money:
    """Return the share of `value` that was paid for what comes after `at`, rounded down."""
    end = _end(stretch)
    left, whole = (end - max(at, stretch.starts_at)) // _TICK, (end - stretch.starts_at) // _TICK
    return Money(value.minor * max(left, 0) // whole, value.currency)


def _rest(price: Money, whole: Period, *, at: datetime) -> Money:
    end = _end(whole)
    left, ticks = (end - at) // _TICK, (end - whole.starts_at) // _TICK
    return Money(-(-price.minor * left // ticks), price.currency)


def _end(period: Period) -> datetime:
    if period.ends_at is None:
        msg = "what is paid for has an end"
        raise ValueError(msg)
    return period.ends_at
