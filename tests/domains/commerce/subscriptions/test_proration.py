"""M11: what a change of plan comes to conserves money, and no sequence of changes gains any."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.commerce.rules.plans import Plan, plan_of
from xingtan.domains.commerce.rules.proration import MODES, Change, Held, Mode, Wanted, change_of, invoice_of, unused

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
LENGTH = timedelta(days=30)
amounts = st.integers(1, 10**9).map(lambda minor: Money(minor, "CNY"))
carries = st.integers(-(10**6), 10**6).map(lambda minor: Money(minor, "CNY"))
moments = st.integers(0, LENGTH // timedelta(microseconds=1) - 1).map(lambda tick: START + timedelta(microseconds=tick))
modes = st.sampled_from(MODES)


def whole() -> Period:
    return Period(START, START + LENGTH)


def change(value: Money, price: Money, *, carry: Money, mode: Mode, at: datetime) -> Change:
    held = Held(whole(), value, whole(), carry)
    return change_of(held, Wanted(price, Period(at, at + LENGTH)), mode=mode, at=at)


@given(amounts, amounts, carries, modes, moments)
def test_nothing_appears_and_nothing_is_lost(
    value: Money, price: Money, carry: Money, mode: Mode, at: datetime
) -> None:
    found = change(value, price, carry=carry, mode=mode, at=at)
    assert found.due_now - found.carry == found.charge - found.credit - carry
    assert found.due_now.minor >= 0
    assert Money(0, "CNY") <= found.credit <= value


@given(amounts, amounts, carries, modes, moments)
def test_each_mode_keeps_its_word(value: Money, price: Money, carry: Money, mode: Mode, at: datetime) -> None:
    found = change(value, price, carry=carry, mode=mode, at=at)
    end = START + LENGTH
    if mode == "at_period_end":
        assert (found.due_now.minor, found.carry, found.period, found.next_payment_at) == (0, carry, None, end)
    elif mode == "full_now":
        assert (found.charge, found.period, found.next_payment_at) == (price, Period(at, at + LENGTH), at + LENGTH)
    else:
        assert (found.period, found.next_payment_at) == (Period(at, end), end)
        assert mode == "prorate_now" or found.due_now.minor == 0


@given(amounts, carries)
def test_an_invoice_conserves(price: Money, carry: Money) -> None:
    due, carried_on = invoice_of(price, carry=carry)
    assert due.minor >= 0
    assert due - carried_on == price - carry


@given(amounts, st.lists(st.tuples(amounts, moments), max_size=6))
def test_no_sequence_of_changes_gains_money(first: Money, wanted: list[tuple[Money, datetime]]) -> None:
    """What was paid, less what is carried, is never less than the exact price of the time that was used."""
    end = START + LENGTH
    stretch, value, carry, paid, used = whole(), first, Money(0, "CNY"), first.minor, Fraction(0)
    price_now = first.minor
    for price, at in sorted(wanted, key=lambda it: it[1]):
        if at <= stretch.starts_at:
            continue
        used += Fraction(
            price_now * ((at - stretch.starts_at) // timedelta(microseconds=1)), LENGTH // timedelta(microseconds=1)
        )
        found = change_of(
            Held(stretch, value, whole(), carry), Wanted(price, Period(at, at + LENGTH)), mode="prorate_now", at=at
        )
        paid += found.due_now.minor
        stretch, value, carry, price_now = Period(at, end), found.charge, found.carry, price.minor
    used += Fraction(
        price_now * ((end - stretch.starts_at) // timedelta(microseconds=1)), LENGTH // timedelta(microseconds=1)
    )
    assert paid - carry.minor >= used
    assert paid - carry.minor - used <= 2 * (len(wanted) + 1)  # and at most the rounding of each change more


@given(amounts, moments)
def test_what_is_unused_shrinks_with_time(value: Money, at: datetime) -> None:
    assert unused(value, whole(), at=START) == value
    assert unused(value, whole(), at=START + LENGTH).minor == 0
    assert unused(value, whole(), at=at) >= unused(value, whole(), at=at + timedelta(hours=1))


@given(st.integers(2, 60), st.integers(1, 10**9))
def test_instalments_add_up_to_the_whole(count: int, minor: int) -> None:
    price = Money(max(minor, count), "CNY")
    plan = plan_of("instalments", price, {"interval": "P1M", "count": count})
    parts = [plan.price_of(number).minor for number in range(1, count + 1)]
    assert sum(parts) == price.minor
    assert max(parts) - min(parts) <= 1
    assert all(parts)


@given(amounts, st.integers(1, 36), st.data())
def test_first_prices_hold_for_as_long_as_was_said(price: Money, periods: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, price.minor - 1))
    plan = plan_of("subscription", price, {"interval": "P1M", "intro": {"minor": first, "periods": periods}})
    assert [plan.price_of(number).minor for number in (1, periods, periods + 1)] == [first, first, price.minor]
    assert plan_of("subscription", price, plan.terms()) == plan


def test_prices_by_the_month_compare() -> None:
    year, month = (
        Plan(Money(12_000, "CNY"), plan_of("subscription", Money(1, "CNY"), {"interval": text}).every)
        for text in ("P1Y", "P1M")
    )
    assert (year.monthly.minor, month.monthly.minor) == (1_000, 12_000)
