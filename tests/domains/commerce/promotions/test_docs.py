"""The explanation shares its numbers, sentences and diagrams with the code."""

from pathlib import Path

import pytest

from xingtan.core.machine import Machine
from xingtan.domains.commerce.machines import GIFT, REDEEM_CODE
from xingtan.domains.commerce.promotions.lowering import _WHY
from xingtan.domains.commerce.promotions.rules.codes import CODE_BITS, redeem_code
from xingtan.domains.commerce.promotions.use_cases.abandoned import KEPT_FOR, LEFT_AFTER
from xingtan.web.api.promotions import REDEEMING

PAGE = (Path(__file__).parents[4] / "docs" / "explanations" / "promotions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("machine", [GIFT, REDEEM_CODE], ids=lambda machine: machine.name)
def test_the_diagrams_are_the_tables(machine: Machine) -> None:
    assert machine.mermaid() in PAGE


def test_every_refusal_is_told_in_its_words() -> None:
    assert all(sentence.replace("%(code)s", "…") in PAGE for sentence in _WHY.values())


def test_the_numbers_are_the_codes() -> None:
    (person, _), (client, _) = REDEEMING
    letters = len(redeem_code(0).replace("-", ""))
    for words in (
        f"{CODE_BITS} random bits", f"{letters} letters", f"kept for {KEPT_FOR.days} days", "left for an hour",
        f"try {person.split('/')[0]} times an hour", f"an address {client.split('/')[0]}",
    ):  # fmt: skip
        assert words in PAGE, words
    assert LEFT_AFTER.total_seconds() == 3_600
