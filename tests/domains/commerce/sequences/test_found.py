"""What the sequences have found, each told in a few words, so that it stays mended."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.domains.commerce.sequences import machine
from tests.domains.commerce.sequences.machine import AnySequence
from tests.fixtures.academy import OPENING_DAY
from xingtan.domains.commerce.models import Payment


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    machine.clear_away()


@pytest.fixture
def day() -> Iterator[AnySequence]:
    found = AnySequence()
    found.open(start=OPENING_DAY, zone="UTC")
    yield found
    found.market.close()


def test_a_charge_for_a_week_that_has_passed_is_settled(day: AnySequence) -> None:
    """The machine was off for a month; the card is charged for the week after the last one."""
    day.subscribe(who=0, what="mag week", card="pays", how="success", coupon=7)
    day.time_passes(hours=33 * 24)
    day.let_all_be_done()
    assert set(day.market.rows(select(Payment.state))) == {"succeeded"}


@pytest.mark.parametrize("outcome", ["win_dispute", "lose_dispute"])
def test_a_dispute_of_money_that_no_order_keeps_moves_it(day: AnySequence, outcome: str) -> None:
    """The buyer paid too little, so it waits; her bank takes it away."""
    day.buy_for_ever(who=0, what="tea", how="short", extra=0)
    day.what_only_the_other_side_can(pick=0, deed="open_dispute")
    day.the_worker_works()
    day.what_only_the_other_side_can(pick=0, deed=outcome)
    day.let_all_be_done()
    is_lost = outcome == "lose_dispute"
    assert day.market.rows(select(Payment.state)) == ["returned" if is_lost else "held"]
    assert ("liability:unapplied" in day.market.shop.balances()) is not is_lost


def test_a_gift_that_lapsed_is_credited_as_it_was_booked(day: AnySequence) -> None:
    day.give_a_gift(who=0, what="tea", how="success")
    day.time_passes(hours=33 * 24)
    assert day.market.events()["commerce.gift_lapsed"] == 1
    day.give_back(pick=0, amount="50", by_line=False)
    day.let_all_be_done()
