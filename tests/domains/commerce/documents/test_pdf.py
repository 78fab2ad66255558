"""Documents on paper: both languages, data and never markup, loud without a Chinese font."""

import dataclasses
import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.money import CURRENCIES, MAX_MINOR, Money
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.documents import pdf
from xingtan.domains.commerce.documents.facts import sum_of
from xingtan.domains.commerce.documents.words import WORDS

pytestmark = pytest.mark.chinese_font

SIX, ADDED = documents.Rate(600, "inclusive"), documents.Rate(825, "exclusive")
SELLER = documents.Seller("杏坛书院", "91350100M000100Y43", "福州", "hello@example.org", "Thank you.")
BUYER = documents.Buyer("company", "某某公司", "91110108551385082Q", "北京", "CN")
ZH, EN = pdf.Paper("杏坛", "zh"), pdf.Paper("Xingtan", "en")


def view(kind: str = "invoice", *titles: str, rate: documents.Rate = SIX) -> documents.DocumentView:
    amounts = documents.tax_lines([(Money(19900, "CNY"), rate)] * max(1, len(titles)))
    lines = tuple(
        documents.DocumentLine(title, one, rate) for title, one in zip(titles or ("茶",), amounts, strict=True)
    )
    row = documents.DocumentRow(
        UUID(int=1), kind, "INV-2026-000001", "RCP-2026-000001", "K7QF-2MWD", UUID(int=2), "payment:1",
        date(2026, 3, 1), datetime(2026, 3, 1, 8, tzinfo=UTC), sum_of(lines),
    )  # fmt: skip
    return documents.DocumentView(row, lines, SELLER, BUYER, "zh", "sandbox", None)


def picture(of: documents.DocumentView) -> bytes | list[bytes]:
    """Return what the PDF shows, as PNG: one for each page when there are several."""
    compiler, font = pdf._compiler()
    inputs = {"document": json.dumps(pdf.content_of(of, EN) | {"fonts": [font]})}
    made: bytes | list[bytes] = compiler.compile(format="png", sys_inputs=inputs, ppi=40)
    return made


@pytest.mark.parametrize("paper", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize("kind", ["receipt", "invoice", "credit_note"])
@pytest.mark.parametrize("rate", [documents.UNTAXED, SIX, ADDED], ids=["untaxed", "contained", "added"])
def test_every_kind_prints_in_both_languages(kind: str, paper: pdf.Paper, rate: documents.Rate) -> None:
    made = pdf.pdf(view(kind, rate=rate), paper)
    assert made.startswith(b"%PDF-")
    assert pdf.pdf(view(kind, rate=rate), paper) == made


@pytest.mark.parametrize(
    "title", ['#text("A")', "*A*", "_A_", "= A", "$A$", "`A`", "#import", "@a", "<a>", "A \\ B", '"A']
)
def test_a_title_is_never_markup(title: str) -> None:
    seen = picture(view("invoice", title))
    assert seen != picture(view("invoice", "A"))
    assert isinstance(seen, bytes)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_title_prints(title: str) -> None:
    assert pdf.pdf(view("receipt", title), ZH).startswith(b"%PDF-")


def test_many_lines_take_many_pages() -> None:
    pages = picture(view("invoice", *(f"Tea {number}" for number in range(90))))
    assert isinstance(pages, list)
    assert len(pages) > 1


def test_nothing_is_printed_without_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    import typst

    class LatinOnly:
        def families(self) -> list[str]:
            return ["Liberation Sans", "DejaVu Serif"]

    monkeypatch.setattr(typst, "Fonts", LatinOnly)
    pdf._compiler.cache_clear()
    with pytest.raises(pdf.NoChineseFont, match="fonts-noto-cjk"):
        pdf.pdf(view(), ZH)
    monkeypatch.undo()
    assert pdf.pdf(view(), ZH).startswith(b"%PDF-")


def test_the_preferred_font_is_taken() -> None:
    assert pdf.chinese_font(["Arial", "WenQuanYi Zen Hei", "Noto Sans CJK SC"]) == "Noto Sans CJK SC"


def test_what_stands_on_an_invoice() -> None:
    content = pdf.content_of(view("invoice", rate=ADDED), ZH)
    assert (content["heading"], content["number"], content["lang"]) == ("发票", "INV-2026-000001", "zh")
    assert content["buyer"]["name"] == "某某公司"
    assert ["税号", "91110108551385082Q"] in content["buyer"]["more"]
    assert content["lines"] == [{"title": "茶", "cells": ["8.25%", "199.00", "16.42", "215.42"]}]
    assert content["sums"] == [["不含税合计", "199.00"], ["税额（价外 8.25%）", "16.42"]]
    assert content["total"] == ["合计", "215.42 CNY"]
    assert content["notes"][-1] == "Thank you."


def test_a_credit_note_takes_away() -> None:
    content = pdf.content_of(view("credit_note"), EN)
    assert content["total"] == ["Credited", "−199.00 CNY"]
    assert content["lines"][0]["cells"][1:] == ["−187.74", "−11.26", "−199.00"]
    assert ["Corrects", "RCP-2026-000001"] in content["facts"]


def test_an_erased_buyer_is_said_to_be() -> None:
    content = pdf.content_of(dataclasses.replace(view(), buyer=None), EN)
    assert content["buyer"] == {"name": "(personal data erased)", "more": []}


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(sorted(CURRENCIES)))
def test_amounts_are_exact(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert pdf.plain(amount).replace(",", "").replace("−", "-") == amount.major()


@pytest.mark.parametrize(
    ("bp", "said"), [(0, "0%"), (600, "6%"), (825, "8.25%"), (550, "5.5%"), (5, "0.05%"), (10000, "100%")]
)
def test_rates_are_said_as_people_do(bp: int, said: str) -> None:
    assert pdf.percent(bp) == said


def test_both_languages_have_every_word() -> None:
    assert WORDS["zh"].table.keys() == WORDS["en"].table.keys()
    assert WORDS["zh"].providers.keys() == WORDS["en"].providers.keys()
    for word in WORDS.values():
        assert word.kinds.keys() == set(documents.SERIES)
        assert word.modes.keys() == set(documents.TAX_MODES)
