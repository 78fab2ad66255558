"""The pure parts: lifecycles, prices, numbers, verdicts, refunds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Conflict, Invalid
from xingtan.core.machine import Machine
from xingtan.core.money import MAX_MINOR, Money, parse_money
from xingtan.domains.commerce.errors import RefundTooLarge
from xingtan.domains.commerce.machines import KEPT, OPEN, ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.rules.numbers import ALPHABET, BITS, order_number, read_number
from xingtan.domains.commerce.rules.pricing import price_of
from xingtan.domains.commerce.rules.refunds import refund_amount, refund_event
from xingtan.domains.commerce.rules.settling import FIRST_ASK, LONGEST_PAUSE, next_ask, verdict
from xingtan.domains.commerce.views import OfferView

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("machine", [ORDER, PAYMENT, REFUND], ids=lambda machine: machine.name)
def test_every_state_and_event(machine: Machine) -> None:
    for state in machine.states:
        for event in machine.events:
            if machine.may(state, event):
                assert machine.after(state, event) in machine.states
            else:
                with pytest.raises(Conflict):
                    machine.after(state, event)


@pytest.mark.parametrize("machine", [ORDER, PAYMENT, REFUND], ids=lambda machine: machine.name)
def test_every_state_is_reached_from_the_first(machine: Machine) -> None:
    reached = {machine.initial}
    for _ in machine.states:
        reached |= {after for (state, _), after in machine.table.items() if state in reached}
    assert reached == machine.states


def test_money_that_was_kept_never_becomes_unpaid() -> None:
    for state in KEPT:
        assert {after for (before, _), after in PAYMENT.table.items() if before == state} <= set(KEPT)
    for state in ("paid", "partly_refunded", "refunded"):
        after = {after for (before, _), after in ORDER.table.items() if before == state}
        assert after <= {"partly_refunded", "refunded"}
    assert set(OPEN) <= PAYMENT.states
    assert {"refunded", "cancelled"} <= ORDER.final


def _offer(model: str, minor: int, floor: int | None = None) -> OfferView:
    least = None if floor is None else Money(floor, "CNY")
    return OfferView(UUID(int=1), UUID(int=2), model, Money(minor, "CNY"), least, NOW, None, None, NOW)


@given(minor=st.integers(1, MAX_MINOR), chosen=st.integers(0, MAX_MINOR))
def test_where_the_price_is_fixed_the_buyers_amount_counts_for_nothing(minor: int, chosen: int) -> None:
    assert price_of(_offer("once", minor), Money(chosen, "CNY")) == Money(minor, "CNY")
    assert not price_of(_offer("free", 0), Money(chosen, "CNY"))


@given(floor=st.integers(0, 10**6), above=st.integers(0, 10**6), chosen=st.integers(0, 2 * 10**6))
def test_an_open_price_is_the_buyers_amount_and_never_below_the_floor(floor: int, above: int, chosen: int) -> None:
    offer = _offer("pay_what_you_want", floor + above, floor)
    if chosen >= floor:
        assert price_of(offer, Money(chosen, "CNY")) == Money(chosen, "CNY")
    else:
        with pytest.raises(Invalid):
            price_of(offer, Money(chosen, "CNY"))
    assert price_of(offer, None) == offer.price


@given(st.integers(0, 2**BITS - 1))
def test_order_numbers_are_short_distinct_and_forgiving_to_read(bits: int) -> None:
    number = order_number(bits)
    assert len(number) == 9
    assert set(number) <= {*ALPHABET, "-"}
    assert read_number(number) == number
    assert read_number(f" {number.lower().replace('-', ' ')} ") == number
    assert order_number(bits ^ 1) != number


@given(st.text(max_size=40))
def test_what_is_no_order_number_is_none(text: str) -> None:
    number = read_number(text)
    assert number is None or read_number(number) == number


def test_misread_letters_are_forgiven() -> None:
    assert read_number("oIl0-1111") == "0110-1111"


@given(
    state=st.sampled_from(sorted(ORDER.states)), wanted=st.integers(1, 100), received=st.integers(1, 100),
    currency=st.sampled_from(["CNY", "USD"]), owns=st.booleans(),
)  # fmt: skip
def test_money_pays_only_what_it_matches(state: str, wanted: int, received: int, currency: str, owns: bool) -> None:  # noqa: FBT001
    found = verdict(order_state=state, wanted=Money(wanted, "CNY"), received=Money(received, currency), owns_all=owns)
    if (received, currency) != (wanted, "CNY"):
        assert found == "mismatch"
    else:
        assert (found == "pays") is (state in {"placed", "expired"} and not owns)


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_the_provider_is_asked_ever_more_rarely_and_never_given_up(age: timedelta) -> None:
    pause = next_ask(created_at=NOW, at=NOW + age) - (NOW + age)
    assert FIRST_ASK <= pause <= LONGEST_PAUSE


@given(left=st.integers(0, 1000), wanted=st.none() | st.integers(-10, 1010))
def test_a_refund_is_something_and_at_most_what_is_left(left: int, wanted: int | None) -> None:
    amount = None if wanted is None else Money(wanted, "CNY")
    if left and (wanted is None or 0 < wanted <= left):
        assert refund_amount(amount, left=Money(left, "CNY")).minor == (left if wanted is None else wanted)
    else:
        with pytest.raises((Invalid, RefundTooLarge)):
            refund_amount(amount, left=Money(left, "CNY"))


def test_a_refund_is_full_only_with_the_last_cent() -> None:
    received = Money(100, "CNY")
    assert refund_event(received=received, returned=Money(99, "CNY")) == "refunded in part"
    assert refund_event(received=received, returned=received) == "refunded"


@given(st.text(max_size=30))
def test_whatever_is_typed_is_an_exact_amount_or_refused(text: str) -> None:
    try:
        amount = parse_money(text, "CNY")
    except Invalid:
        return
    assert 0 <= amount.minor <= MAX_MINOR
    assert text.strip(" ").isascii()
