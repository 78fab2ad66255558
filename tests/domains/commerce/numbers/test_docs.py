"""The page about the numbers says what the code says."""

from pathlib import Path

from xingtan.domains.commerce.numbers.formulas import FORMULAS, MOVES
from xingtan.domains.commerce.numbers.rules.movements import KINDS

PAGE = Path(__file__).parents[4] / "docs" / "explanations" / "numbers.md"


def test_each_formula_is_explained_in_its_own_words() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [f"| {one.title} | {one.unit} | {one.how} |" for one in FORMULAS]
    assert [line for line in text.splitlines() if line in rows] == rows
    assert set(MOVES) == set(KINDS)
    assert all(f"| {title} | {how} |" in text for title, how in MOVES.values())


def test_codes_and_titles_are_each_others() -> None:
    assert len({one.code for one in FORMULAS}) == len({str(one.title) for one in FORMULAS}) == len(FORMULAS)
    assert not set(MOVES) & {one.code for one in FORMULAS}
