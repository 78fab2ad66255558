"""When what is to be done: the table of a subscription's life, and every pair of its machines."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Conflict
from xingtan.core.machine import Machine
from xingtan.domains.commerce.machines import BILLING_PERIOD, SUBSCRIPTION
from xingtan.domains.commerce.rules.dunning import ASKED_AGAIN_FOR, CHARGE_TAKES, Facts, Policy, next_step

END = datetime(2026, 3, 31, 9, tzinfo=UTC)
POLICY = Policy()


@pytest.mark.parametrize("machine", [SUBSCRIPTION, BILLING_PERIOD], ids=lambda machine: machine.name)
def test_every_pair_of_state_and_event(machine: Machine) -> None:
    for state, event in product(machine.states, machine.events):
        if (state, event) in machine.table:
            assert machine.after(state, event) == machine.table[state, event]
        else:
            with pytest.raises(Conflict):
                machine.after(state, event)


def test_an_end_is_an_end() -> None:
    assert SUBSCRIPTION.final == {"ended"}
    assert {event for state, event in SUBSCRIPTION.table if state == "completed"} == {"ended"}
    assert BILLING_PERIOD.final == {"free", "unpaid", "refunded"}


@pytest.mark.parametrize(
    ("facts", "days", "deed"),
    [
        (Facts("active", END, has_mandate=True), 0, "renew"),
        (Facts("active", END, has_mandate=False), -3, "ask"),
        (Facts("active", END, has_mandate=False, is_asked=True), 0, "renew"),
        (Facts("active", END, has_mandate=True, is_yearly=True), -7, "remind"),
        (Facts("active", END, has_mandate=True, is_yearly=True, is_reminded=True), 0, "renew"),
        (Facts("trialing", END, has_mandate=True), -3, "remind"),
        (Facts("trialing", END, has_mandate=True, is_reminded=True), 0, "renew"),
        (Facts("cancelled", END, has_mandate=True), 0, "end"),
        (Facts("active", END, has_mandate=False, wants_pause=True), 0, "pause"),
        (Facts("paused", END, has_mandate=True), 0, "wake"),
        (Facts("past_due", END, has_mandate=True, due_since=END), 2, "dun"),
        (Facts("past_due", END, has_mandate=True, due_since=END, dunned=1), 7, "dun"),
        (Facts("past_due", END, has_mandate=True, due_since=END, dunned=2), 14, "dun"),
        (Facts("past_due", END, has_mandate=True, due_since=END, dunned=3), 21, "dun"),
        (Facts("past_due", END, has_mandate=True, due_since=END, dunned=4), 22, "end"),
        (Facts("paused", END, has_mandate=False, due_since=END, dunned=4), 22, "end"),
    ],
)
def test_the_next_step(facts: Facts, days: int, deed: str) -> None:
    step = next_step(facts, POLICY)
    assert step is not None
    assert (step.at, step.deed) == (END + timedelta(days=days), deed)


def test_a_charge_has_an_hour() -> None:
    step = next_step(Facts("active", END, has_mandate=True, due_since=END), POLICY)
    assert step is not None
    assert (step.at, step.deed) == (END + CHARGE_TAKES, "lapse")


def test_nothing_is_done_after_the_end() -> None:
    assert next_step(Facts("ended", END, has_mandate=True), POLICY) is None
    assert next_step(Facts("completed", END, has_mandate=True), POLICY) is None


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True).map(sorted))
def test_grace_outlives_the_last_letter(days: list[int]) -> None:
    policy = Policy(tuple(days))
    assert policy.grace == timedelta(days=days[-1]) + ASKED_AGAIN_FOR
    facts = Facts("past_due", END, has_mandate=True, due_since=END, dunned=len(days))
    step = next_step(facts, policy)
    assert step is not None
    assert step.at == END + policy.grace
