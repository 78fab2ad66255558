"""What one use earns, and which minute of a lesson somebody is in."""

from dataclasses import dataclass
from math import isfinite

from xingtan.core.errors import Broken
from xingtan.core.money import Money

UNITS = ("lesson", "minute", "question")


@dataclass(frozen=True, slots=True)
class Lot:
    """Credits: how many were bought and taken, what one of them earns, and what is not earned yet."""

    total: int
    taken: int
    unit: Money
    unearned: Money

    @property
    def left(self) -> int:
        """Return how many uses are left."""
        return self.total - self.taken


def new_lot(total: int, net: Money) -> Lot:
    """Return `total` credits for `net`: each earns the whole part of its share, the last one also the rest."""
    if total <= 0 or net.minor < 0:
        msg = f"{total} credits for {net}"
        raise Broken(msg)
    return Lot(total, 0, Money(net.minor // total, net.currency), net)


def use_one(lot: Lot) -> tuple[Lot, Money]:
    """Return the lot with one use less, and what that use earns."""
    if lot.left <= 0:
        msg = "no credit is left"
        raise Broken(msg)
    earned = lot.unearned if lot.left == 1 else lot.unit
    return Lot(lot.total, lot.taken + 1, lot.unit, lot.unearned - earned), earned


def put_one_back(lot: Lot, earned: Money) -> Lot:
    """Return the lot as it was before a use that earned `earned`."""
    if lot.taken <= 0:
        msg = "no credit was taken"
        raise Broken(msg)
    return Lot(lot.total, lot.taken - 1, lot.unit, lot.unearned + earned)


def give_back(lot: Lot, net: Money) -> tuple[Lot, Money]:
    """Return the lot after `net` of its price went back, and how much of that had not been earned yet.

    The uses stay; what they earn shrinks.
    """
    unearned = min(lot.unearned, net)
    rest = lot.unearned - unearned
    unit = Money(rest.minor // lot.left, rest.currency) if lot.left else Money(0, rest.currency)
    return Lot(lot.total, lot.taken, unit, rest), unearned


def minute_of(*, minutes: int, seconds: float | None, fraction: float) -> int:
    """Return which minute of a lesson of `minutes` somebody is in, from 0 and below its length.

    By the seconds of a recording where they are told, else by how far she is in the text.
    """
    last = max(minutes, 1) - 1
    if seconds is not None and isfinite(seconds):
        return min(max(int(seconds // 60), 0), last)
    within = min(max(fraction, 0.0), 1.0) if isfinite(fraction) else 0.0
    return min(int(within * (last + 1)), last)
