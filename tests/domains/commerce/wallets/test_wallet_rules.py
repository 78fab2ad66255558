"""The pure parts of wallets and uses: what is spent, what is left of what, which minute it is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Broken, Conflict
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NotEnough
from xingtan.domains.commerce.machines import WITHDRAWAL
from xingtan.domains.commerce.rules.purses import (
    Movement,
    Purse,
    Unused,
    give_back,
    is_newly_low,
    lapsing_bonus,
    spend,
    unused,
)
from xingtan.domains.commerce.rules.uses import give_back as give_credits_back
from xingtan.domains.commerce.rules.uses import minute_of, new_lot, put_one_back, use_one

amounts = st.integers(0, 10**9)
some = st.integers(1, 10**9)


def purse(paid: int, bonus: int = 0) -> Purse:
    return Purse(Money(paid, "CNY"), Money(bonus, "CNY"))


def fen(minor: int) -> Money:
    return Money(minor, "CNY")


@given(amounts, amounts, some)
def test_spending_takes_exactly_that_and_the_bonus_last(paid: int, bonus: int, wanted: int) -> None:
    before = purse(paid, bonus)
    if wanted > paid + bonus:
        with pytest.raises(NotEnough) as refused:
            spend(before, fen(wanted))
        assert refused.value.missing == fen(wanted - paid - bonus)
        return
    taken = spend(before, fen(wanted))
    after = before + -taken
    assert taken.whole == fen(wanted)
    assert after.paid.minor >= 0
    assert after.bonus.minor >= 0
    assert not taken.bonus or not after.paid


@given(amounts, amounts, some, st.data())
def test_what_comes_back_in_parts_comes_back_as_it_went(
    paid: int, bonus: int, wanted: int, data: st.DataObject
) -> None:
    spent = spend(purse(paid, bonus + wanted), fen(wanted))
    returned = purse(0)
    while returned.whole < spent.whole:
        left = (spent.whole - returned.whole).minor
        part = give_back(spent, returned, fen(data.draw(st.integers((left + 2) // 3, left))))
        returned += part
        assert returned.paid <= spent.paid
        assert returned.bonus <= spent.bonus
    assert returned == spent
    with pytest.raises(Broken):
        give_back(spent, returned, fen(1))


@given(st.lists(st.tuples(st.sampled_from(["top_up", "spend", "back", "withdraw"]), some, amounts), max_size=30))
def test_what_is_left_of_the_top_ups_is_the_balance(steps: list[tuple[str, int, int]]) -> None:
    movements: list[Movement] = []
    balance, spent = purse(0), []
    for number, (what, first, second) in enumerate(steps):
        source = UUID(int=number)
        if what == "top_up":
            moved, kind = purse(first, second), "top_up"
        elif what == "spend" and balance.whole:
            moved, kind = -spend(balance, fen(min(first, balance.whole.minor))), "paid"
            spent.append(-moved)
        elif what == "back" and spent:
            moved, kind = spent.pop(), "returned"
        elif what == "withdraw" and (lots := [lot for lot in unused(movements) if lot.left.paid]):
            lot = lots[0]
            amount = fen(min(first, lot.left.paid.minor))
            moved, kind, source = -Purse(amount, lapsing_bonus(lot, amount)), "withdrawn", lot.source_id
        else:
            continue
        movements.append(Movement(kind, source, moved))
        balance += moved
        left = [lot.left for lot in unused(movements)]
        assert sum((one for one in left), start=purse(0)) == balance
        assert all(one.paid.minor >= 0 and one.bonus.minor >= 0 for one in left)


def test_the_oldest_top_up_is_spent_first() -> None:
    movements = [
        Movement("top_up", UUID(int=1), purse(100)),
        Movement("top_up", UUID(int=2), purse(50, 10)),
        Movement("paid", UUID(int=3), purse(-120)),
    ]
    assert [lot.left for lot in unused(movements)] == [purse(0), purse(30, 10)]
    movements.append(Movement("returned", UUID(int=3), purse(60)))
    assert [lot.left for lot in unused(movements)] == [purse(60), purse(30, 10)]


@given(some, amounts, st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
def test_taking_out_all_of_a_top_up_takes_all_of_its_bonus(paid: int, bonus: int, parts: list[int]) -> None:
    lot = Unused(UUID(int=1), purse(paid, bonus), purse(paid, bonus))
    for wanted in [*parts, paid]:
        amount = fen(min(wanted, lot.left.paid.minor))
        if amount:
            part = Purse(amount, lapsing_bonus(lot, amount))
            lot = Unused(lot.source_id, lot.left + -part, lot.whole + -part)
            assert lot.left.bonus.minor * paid <= bonus * lot.left.paid.minor, "no more bonus than for what stays"
    assert lot.left == purse(0)


def test_a_letter_is_due_once_per_crossing() -> None:
    line = fen(100)
    assert is_newly_low(before=fen(100), after=fen(99), warn_below=line, was_warned=False)
    assert not is_newly_low(before=fen(99), after=fen(10), warn_below=line, was_warned=False)
    assert not is_newly_low(before=fen(100), after=fen(99), warn_below=line, was_warned=True)
    assert not is_newly_low(before=fen(100), after=fen(0), warn_below=None, was_warned=False)
    assert not is_newly_low(before=fen(0), after=fen(50), warn_below=line, was_warned=False)


@given(st.integers(1, 300), st.integers(0, 10**9))
def test_credits_earn_their_price_exactly(total: int, net: int) -> None:
    lot, earned = new_lot(total, fen(net)), []
    for _ in range(total):
        lot, one = use_one(lot)
        earned.append(one.minor)
    assert sum(earned) == net
    assert set(earned[:-1]) <= {net // total}
    assert earned[-1] == net - (total - 1) * (net // total)
    assert not lot.unearned
    with pytest.raises(Broken):
        use_one(lot)


@given(st.integers(1, 50), amounts, st.data())
def test_credits_conserve_whatever_happens_to_them(total: int, net: int, data: st.DataObject) -> None:
    lot, earned, returned = new_lot(total, fen(net)), [], 0
    for _ in range(20):
        match data.draw(st.sampled_from(["use", "back", "refund"])):
            case "use" if lot.left:
                lot, one = use_one(lot)
                earned.append(one)
            case "back" if earned:
                lot = put_one_back(lot, earned.pop())
            case "refund":
                lot, part = give_credits_back(lot, fen(data.draw(st.integers(0, 10**9))))
                returned += part.minor
        assert lot.unearned.minor + sum(one.minor for one in earned) + returned == net
        assert lot.unearned.minor >= 0
        assert lot.unit.minor >= 0
        assert lot.left or not lot.unearned


@given(st.integers(-5, 500), st.none() | st.floats(), st.floats())
def test_a_minute_is_always_one_of_the_lesson(minutes: int, seconds: float | None, fraction: float) -> None:
    assert 0 <= minute_of(minutes=minutes, seconds=seconds, fraction=fraction) < max(minutes, 1)


@pytest.mark.parametrize(
    ("minutes", "seconds", "fraction", "bucket"),
    [(10, 0, 0, 0), (10, 59.9, 0, 0), (10, 60, 0, 1), (10, 599, 0, 9), (10, 600, 0, 9), (10, None, 0.0, 0),
     (10, None, 0.1, 1), (10, None, 0.999, 9), (10, None, 1.0, 9), (0, 300, 0, 0)],
)  # fmt: skip
def test_which_minute(minutes: int, seconds: float | None, fraction: float, bucket: int) -> None:
    assert minute_of(minutes=minutes, seconds=seconds, fraction=fraction) == bucket


def test_every_state_and_event_of_a_withdrawal() -> None:
    for state in WITHDRAWAL.states:
        for happened in WITHDRAWAL.events:
            if WITHDRAWAL.may(state, happened):
                assert WITHDRAWAL.after(state, happened) in WITHDRAWAL.states
            else:
                with pytest.raises(Conflict):
                    WITHDRAWAL.after(state, happened)
