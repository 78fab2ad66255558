"""The explanations share their numbers and diagrams with the code."""

from pathlib import Path

import pytest

from xingtan.core.machine import Machine
from xingtan.domains.books.rules.accounts import CHART
from xingtan.domains.commerce.machines import ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.providers.sandbox import TOLERANCE
from xingtan.domains.commerce.providers.sandbox_desk import CHALLENGE_CODE
from xingtan.domains.commerce.rules.refunds import POLICY
from xingtan.domains.commerce.use_cases.orders import PAYABLE_FOR
from xingtan.domains.entitlements.models import SOURCE_KINDS

DOCS = Path(__file__).parents[3] / "docs" / "explanations"


@pytest.mark.parametrize("machine", [ORDER, PAYMENT, REFUND], ids=lambda machine: machine.name)
def test_the_diagrams_are_the_tables(machine: Machine) -> None:
    assert machine.mermaid() in (DOCS / "orders.md").read_text(encoding="utf-8")


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
