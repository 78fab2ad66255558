"""The page about subscriptions shares its numbers and diagrams with the code."""

from pathlib import Path

import pytest

from xingtan.core.machine import Machine
from xingtan.domains.commerce.machines import BILLING_PERIOD, SUBSCRIPTION
from xingtan.domains.commerce.renewing import BATCH, IN_ONE
from xingtan.domains.commerce.rules.dunning import ASKED_AGAIN_FOR, Policy
from xingtan.domains.commerce.subscribing import REPRICE_NOTICE
from xingtan.domains.commerce.use_cases.subscriptions.changing import QUOTED_FOR

PAGE = (Path(__file__).parents[4] / "docs" / "explanations" / "subscriptions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("machine", [SUBSCRIPTION, BILLING_PERIOD], ids=lambda machine: machine.name)
def test_the_diagrams_are_the_tables(machine: Machine) -> None:
    assert machine.mermaid() in PAGE


def test_the_numbers_are_the_code_s() -> None:
    policy = Policy()
    for words in (
        f"| {', '.join(map(str, policy.dunning_days))} days later |",
        f"| {policy.ask_days} days before, without a card |",
        f"| {policy.remind_days} days before a yearly renewal, {policy.trial_remind_days} before a trial ends |",
        f"holds for {QUOTED_FOR.seconds // 60} minutes",
        f"at least {REPRICE_NOTICE.days} days before",
        f"{BATCH} looked up at once,\n{IN_ONE} to a transaction",
    ):
        assert words in PAGE
    assert ASKED_AGAIN_FOR.days == 1
    assert "| a day after the last | it ends |" in PAGE
