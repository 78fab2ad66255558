"""The page about documents shares its words with the code."""

from pathlib import Path

from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.documents.invariants import SOLD
from xingtan.domains.commerce.documents.rules import label_of

PAGE = (Path(__file__).parents[4] / "docs" / "explanations" / "documents.md").read_text(encoding="utf-8")


def test_every_kind_stands_beside_its_series() -> None:
    for kind, series in documents.SERIES.items():
        assert f"| {kind.replace('_', ' ')} | `{series}` |" in PAGE
    assert f"`{label_of('INV', 2026, 1)}`" in PAGE


def test_the_accounts_of_a_document_are_named() -> None:
    assert all(f"`{account}`" in PAGE for account in SOLD)


def test_every_mode_of_tax_is_explained() -> None:
    assert all(f"| {mode} |" in PAGE for mode in documents.TAX_MODES)
