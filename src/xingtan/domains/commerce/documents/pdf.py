"""A document on paper: PDF by Typst, in Chinese or in English, from the frozen content alone.

1. The content reaches Typst as data, never as markup. 2. The same document and language give the same bytes. 3. Without
a Chinese font there is no PDF: `NoChineseFont` says what to install, and nothing is printed with holes in it.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from babel.dates import format_date

from xingtan.core.errors import Broken
from xingtan.core.money import Money, total
from xingtan.domains.commerce.documents.facts import DocumentLine
from xingtan.domains.commerce.documents.views import DocumentView
from xingtan.domains.commerce.documents.words import WORDS, Words
from xingtan.domains.commerce.rules.tax import Rate

if TYPE_CHECKING:
    from typst import Compiler

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Serif CJK SC",
    "Source Han Serif SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
)  # fmt: skip
"""Families with Chinese glyphs, the preferred one first."""

_TEMPLATE = Path(__file__).with_name("document.typ")
_GUARD = Lock()
_SIGN = "−"


class NoChineseFont(Broken):
    """No font with Chinese glyphs is installed."""

    code = "no-chinese-font"


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on paper besides the document: the academy's name, and the language of its words."""

    academy: str
    language: str


def pdf(view: DocumentView, paper: Paper) -> bytes:
    """Return the document as PDF; about 10 ms once the fonts are read, which the first one in a process waits for."""
    content, issued = content_of(view, paper), int(view.row.issued_at.timestamp())
    with _GUARD:
        compiler, font = _compiler()
        inputs = {"document": json.dumps(content | {"fonts": [font]}, ensure_ascii=False)}
        made = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=issued)
    return cast("bytes", made)  # one file, whatever the number of pages


def chinese_font(families: list[str]) -> str:
    """Return the best of the installed `families`; `NoChineseFont` when none of them writes Chinese."""
    for one in CHINESE_FONTS:
        if one in families:
            return one
    msg = "no Chinese font is installed: install one, on Debian and Ubuntu with `apt-get install fonts-noto-cjk`"
    raise NoChineseFont(msg)


@cache
def _compiler() -> "tuple[Compiler, str]":
    import typst  # noqa: PLC0415 - 80 MB that only those pay who print

    return typst.Compiler(input=str(_TEMPLATE), root=str(_TEMPLATE.parent)), chinese_font(typst.Fonts().families())


def content_of(view: DocumentView, paper: Paper) -> dict[str, Any]:
    """Return what the template prints, in words."""
    word, row = WORDS[paper.language], view.row
    is_credit, is_taxed = row.kind == "credit_note", any(line.rate.rate_bp for line in view.lines)
    gross = -row.gross if is_credit else row.gross
    return {
        "lang": "zh" if paper.language == "zh" else "en", "heading": word.kinds[row.kind], "academy": paper.academy,
        "number": row.label or word.waiting, "words": word.table, "is_taxed": is_taxed, "facts": _facts(view, word),
        "buyer": _buyer(view, word), "seller": _seller(view, word),
        "lines": [_line(line, is_taxed=is_taxed, is_credit=is_credit) for line in view.lines],
        "sums": _sums(view, word, is_credit=is_credit) if is_taxed else [],
        "total": [word.credited if is_credit else word.total, f"{plain(gross)} {gross.currency}"],
        "notes": _notes(view, word),
    }  # fmt: skip


def plain(amount: Money) -> str:
    """Return an amount with its currency's decimals, thousands apart: ``1,234.50``; a true minus sign."""
    whole, dot, fraction = amount.major().lstrip("-").partition(".")
    return f"{_SIGN if amount.minor < 0 else ''}{int(whole):,}{dot}{fraction}"


def percent(rate_bp: int) -> str:
    """Return a rate as people write it: ``6 %``, ``8.25 %``."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}{f'.{rest:02d}'.rstrip('0') if rest else ''}%"


def _facts(view: DocumentView, word: Words) -> list[list[str]]:
    facts = [[word.issued, _day(view.row.issued_on, word)], [word.order, view.row.order_number]]
    if view.row.names:
        facts.append([word.corrects if view.row.kind == "credit_note" else word.receipt, view.row.names])
    if view.row.kind == "receipt":
        facts.append([word.paid_by, word.providers.get(view.paid_by, view.paid_by)])
    return facts


def _day(day: date, word: Words) -> str:
    return format_date(day, "long", locale=word.locale)


def _buyer(view: DocumentView, word: Words) -> Mapping[str, Any]:
    buyer = view.buyer
    if buyer is None or not buyer.name:
        return {"name": word.forgotten, "more": []}
    more = [[word.tax_number, buyer.tax_number], [word.address, buyer.address], [word.country, buyer.country]]
    return {"name": buyer.name, "more": [pair for pair in more if pair[1]]}


def _seller(view: DocumentView, word: Words) -> Mapping[str, Any]:
    seller = view.seller
    more = [[word.tax_number, seller.tax_number], [word.address, seller.address], [word.contact, seller.contact]]
    return {"name": seller.name, "more": [pair for pair in more if pair[1]]}


def _line(line: DocumentLine, *, is_taxed: bool, is_credit: bool) -> Mapping[str, Any]:
    amounts = [-one if is_credit else one for one in line.amounts]
    cells = [plain(one) for one in amounts]
    return {"title": line.title, "cells": [percent(line.rate.rate_bp), *cells] if is_taxed else cells[2:]}


def _sums(view: DocumentView, word: Words, *, is_credit: bool) -> list[list[str]]:
    by_rate: dict[Rate, list[DocumentLine]] = defaultdict(list)
    for line in view.lines:
        by_rate[line.rate].append(line)
    currency, sums = view.row.gross.currency, [[word.net, view.row.amounts.net]]
    for rate, lines in sorted(by_rate.items(), key=lambda pair: (pair[0].rate_bp, pair[0].mode)):
        tax = total([line.amounts.tax for line in lines], currency)
        sums.append([word.modes[rate.mode] % percent(rate.rate_bp), tax])
    return [[str(name), plain(-amount if is_credit else amount)] for name, amount in sums if isinstance(amount, Money)]


def _notes(view: DocumentView, word: Words) -> list[str]:
    notes = []
    if view.row.kind == "credit_note" and view.row.names:
        notes.append(word.credit_note % view.row.names)
    if view.row.kind == "invoice" and word.not_fiscal:
        notes.append(word.not_fiscal)
    return [*notes, view.seller.note] if view.seller.note else notes
