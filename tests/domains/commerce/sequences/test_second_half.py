"""Any sequence, the second half of the steps, and whether everything that can happen did.

The first half is in a file of its own, so that two workers share the work.
"""

import os
from collections.abc import Iterator

import pytest

from tests.domains.commerce.sequences import machine

STEPS = int(os.environ.get("COMMERCE_STEPS", "20000")) // 2


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    machine.clear_away()


@pytest.mark.timeout(0)
def test_any_sequence() -> None:
    before = machine.done["steps"]
    machine.run(machine.AnySequence, steps=STEPS, offset=500_000)
    assert machine.done["steps"] - before >= STEPS
    missing = [deed for deed in HAPPENED if not machine.done[deed]]
    assert missing == [], "the sequences no longer reach this"


HAPPENED = (
    "commerce.order_paid", "commerce.order_expired", "commerce.order_cancelled", "commerce.order_refunded",
    "commerce.payment_failed", "commerce.payment_returned", "commerce.payment_held", "commerce.dispute_opened",
    "commerce.dispute_decided", "commerce.gift_claimed", "commerce.gift_returned", "commerce.code_redeemed",
    "commerce.group_completed", "commerce.group_failed", "commerce.commission_accrued", "commerce.commission_reversed",
    "commerce.subscription_started", "commerce.subscription_renewed", "commerce.subscription_changed",
    "commerce.wallet_moved", "lesson", "withdraw", "pause", "resume", "stay", "cancel at_once", "cancel at_period_end",
    "change at_period_end", "change prorate_now", "change full_now", "service delivered",
    "buy tea: already-owned", "buy print: sold-out",
)  # fmt: skip
"""Deeds, events and refusals that a run must have come past: a machine that does nothing breaks no promise."""
