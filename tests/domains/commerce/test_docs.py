"""The explanations share their numbers and diagrams with the code."""

from pathlib import Path

import pytest

from xingtan.core.machine import Machine
from xingtan.domains.books.rules.accounts import CHART
from xingtan.domains.commerce.affiliates.program import Program
from xingtan.domains.commerce.machines import (
    AFFILIATE,
    DISPUTE,
    GROUP,
    GROUP_PLACE,
    ORDER,
    PAYMENT,
    PAYOUT,
    REFERRAL,
    REFUND,
)
from xingtan.domains.commerce.providers.sandbox import TOLERANCE
from xingtan.domains.commerce.providers.sandbox_desk import CHALLENGE_CODE
from xingtan.domains.commerce.rules.refunds import POLICY
from xingtan.domains.commerce.use_cases.orders import PAYABLE_FOR
from xingtan.domains.entitlements.models import SOURCE_KINDS

DOCS = Path(__file__).parents[3] / "docs" / "explanations"


@pytest.mark.parametrize("machine", [ORDER, PAYMENT, REFUND, DISPUTE], ids=lambda machine: machine.name)
def test_the_diagrams_are_the_tables(machine: Machine) -> None:
    assert machine.mermaid() in (DOCS / "orders.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "machine"),
    [
        ("group-buy.md", GROUP), ("group-buy.md", GROUP_PLACE), ("affiliates.md", AFFILIATE), ("affiliates.md", PAYOUT),
        ("affiliates.md", REFERRAL),
    ],
)  # fmt: skip
def test_the_diagrams_of_promotion_are_the_tables(page: str, machine: Machine) -> None:
    assert machine.mermaid() in (DOCS / page).read_text(encoding="utf-8")


def test_the_days_of_the_program_are_the_codes() -> None:
    text, program = " ".join((DOCS / "affiliates.md").read_text(encoding="utf-8").split()), Program()
    assert f"within the program's days ({program.window_days} unless changed)" in text
    assert f"older than the program's days ({program.mature_days} unless changed)" in text


def test_the_numbers_are_the_codes() -> None:
    orders = (DOCS / "orders.md").read_text(encoding="utf-8")
    for words in (
        f"within {POLICY.days} days",
        f"waits for {PAYABLE_FOR.seconds // 60} minutes",
        f"at most {TOLERANCE.seconds} seconds old",
        f"code {CHALLENGE_CODE}",
    ):
        assert words in orders


def test_the_chart_and_the_sources_are_explained() -> None:
    books = (DOCS / "books.md").read_text(encoding="utf-8")
    assert all(f"| `{account.pattern}` | {account.grows} | {account.holds} |" in books for account in CHART)
    entitlements = (DOCS / "entitlements.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in entitlements for kind in SOURCE_KINDS)
