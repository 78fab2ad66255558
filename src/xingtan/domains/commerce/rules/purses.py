"""What a wallet's money is worth: paid money first, the bonus last; the oldest top-up first; what may go back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from xingtan.core.errors import Broken, say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NotEnough

WITHDRAWABLE_FOR = timedelta(days=360)
"""How long after its payment what is left of a top-up can go back by itself; providers take it back no longer."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What is in a wallet: money that was paid in, and a bonus that was given."""

    paid: Money
    bonus: Money

    @property
    def whole(self) -> Money:
        """Return all that can be spent."""
        return self.paid + self.bonus

    def __add__(self, other: "Purse") -> "Purse":
        """Return both together."""
        return Purse(self.paid + other.paid, self.bonus + other.bonus)

    def __neg__(self) -> "Purse":
        """Return the opposite."""
        return Purse(-self.paid, -self.bonus)


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry as a replay needs it: its kind, what it moved, and what it is about."""

    kind: str
    source_id: UUID
    moved: Purse


@dataclass(frozen=True, slots=True)
class Unused:
    """What is left of one top-up: of its paid money and of its bonus, and how much each was."""

    source_id: UUID
    left: Purse
    whole: Purse


def spend(purse: Purse, amount: Money) -> Purse:
    """Return what is taken from `purse` for `amount`: paid money first. `NotEnough` when there is less."""
    if amount.minor <= 0:
        msg = f"{amount} is nothing to spend"
        raise Broken(msg)
    if purse.whole < amount:
        raise NotEnough(say("There is not enough in the wallet."), missing=amount - purse.whole)
    paid = min(purse.paid, amount)
    return Purse(paid, amount - paid)


def take_at_most(purse: Purse, amount: Money) -> Money:
    """Return how much of the paid `amount` is still there to be taken back."""
    return min(purse.paid, amount)


def give_back(spent: Purse, returned: Purse, amount: Money) -> Purse:
    """Return how `amount` of what was `spent` comes back, after `returned` has: the bonus, spent last, comes first."""
    left = spent + -returned
    if amount > left.whole or amount.minor <= 0:
        msg = f"{amount} of {left.whole} cannot come back"
        raise Broken(msg)
    bonus = min(left.bonus, amount)
    return Purse(amount - bonus, bonus)


def unused(movements: Iterable[Movement]) -> tuple[Unused, ...]:
    """Return what is left of each top-up, oldest first: a replay in which the oldest money is spent first.

    What is given back goes to the oldest top-ups that miss some, so that it is spent again before newer money. The
    parts that are left add up to the balance.
    """
    lots: list[Unused] = []
    for one in movements:
        match one.kind:
            case "top_up" | "given":
                lots.append(Unused(one.source_id, one.moved, one.moved))
            case "returned":
                lots = _put(lots, one.moved)
            case "restored":
                lots = _put_into(lots, one.source_id, one.moved)
            case "withdrawn" | "taken_back":
                lots = _take_from(lots, one.source_id, -one.moved)
            case _:
                lots = _take(lots, -one.moved)
    return tuple(lots)


def _take(lots: Sequence[Unused], moved: Purse) -> list[Unused]:
    """Take from the oldest first."""
    found, wanted = [], moved
    for lot in lots:
        part = Purse(min(lot.left.paid, wanted.paid), min(lot.left.bonus, wanted.bonus))
        wanted += -part
        found.append(replace(lot, left=lot.left + -part))
    _must_be_nothing(wanted)
    return found


def _put(lots: Sequence[Unused], moved: Purse) -> list[Unused]:
    """Put into the oldest first, up to what each was."""
    found, coming = [], moved
    for lot in lots:
        room = lot.whole + -lot.left
        part = Purse(min(room.paid, coming.paid), min(room.bonus, coming.bonus))
        coming += -part
        found.append(replace(lot, left=lot.left + part))
    _must_be_nothing(coming)
    return found


def _take_from(lots: Sequence[Unused], source_id: UUID, moved: Purse) -> list[Unused]:
    """Take from the top-up that it is about, and make it that much smaller; what it lacks comes from the others."""
    found, wanted = [], moved
    for lot in lots:
        if lot.source_id != source_id:
            found.append(lot)
            continue
        part = Purse(min(lot.left.paid, wanted.paid), min(lot.left.bonus, wanted.bonus))
        wanted += -part
        found.append(replace(lot, left=lot.left + -part, whole=lot.whole + -part))
    return _shrink(found, wanted)


def _shrink(lots: Sequence[Unused], moved: Purse) -> list[Unused]:
    found, wanted = [], moved
    for lot in lots:
        part = Purse(min(lot.left.paid, wanted.paid), min(lot.left.bonus, wanted.bonus))
        wanted += -part
        found.append(replace(lot, left=lot.left + -part, whole=lot.whole + -part))
    _must_be_nothing(wanted)
    return found


def _put_into(lots: Sequence[Unused], source_id: UUID, moved: Purse) -> list[Unused]:
    return [
        replace(lot, left=lot.left + moved, whole=lot.whole + moved) if lot.source_id == source_id else lot
        for lot in lots
    ]


def _must_be_nothing(purse: Purse) -> None:
    if purse.paid or purse.bonus:
        msg = f"a wallet's entries do not add up: {purse} is over"
        raise Broken(msg)


def lapsing_bonus(lot: Unused, amount: Money) -> Money:
    """Return how much of the bonus goes with `amount` of the paid money that is left of `lot`.

    A bonus is for money that stays: its part goes with the money, rounded up, and never more than what is left of it.
    """
    if not lot.whole.paid:
        return min(lot.left.bonus, Money(0, amount.currency))
    due = -(-lot.whole.bonus.minor * amount.minor // lot.whole.paid.minor)
    return Money(min(lot.left.bonus.minor, due), amount.currency)


def is_withdrawable(*, paid_at: datetime, at: datetime) -> bool:
    """Say whether what is left of a top-up paid at `paid_at` can still go back by itself."""
    return at < paid_at + WITHDRAWABLE_FOR


def is_newly_low(*, before: Money, after: Money, warn_below: Money | None, was_warned: bool) -> bool:
    """Say whether a letter is due: the line was crossed downwards, and none was written since money came last."""
    return warn_below is not None and not was_warned and after < warn_below <= before


def warning_line(first: Money) -> int | None:
    """Return below how many minor units a letter is written until the owner says otherwise: a fifth of the first."""
    return first.minor // 5 or None
