"""What a browser says at the checkout, read once: which offer, whose choice, nothing about a price."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode
from uuid import UUID

from babel import Locale
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.ids import private_id
from xingtan.core.money import CURRENCIES, Money, parse_money
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.edge import Edge

_BETWEEN_CODES = re.compile(r"[\s,，、;；]+")
_LETTERS = re.compile(r"[A-Z]{2}")
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_LONGEST_GROUP = 24


@dataclass(frozen=True, slots=True)
class Said:
    """The form, as it came. `shown` is the total that the page showed; `also` the offers that were ticked."""

    offer: str = ""
    key: str = ""
    provider: str = ""
    amount: str | None = None
    code: str = ""
    country: str = ""
    also: tuple[str, ...] = ()
    group: str = ""
    shown: str = ""

    @property
    def query(self) -> str:
        """Return what leads back to the same page, as a query string with its mark; empty for nothing said."""
        pairs = [
            ("amount", self.amount or ""), ("code", self.code), ("country", self.country), ("group", self.group),
            *(("also", one) for one in self.also),
        ]  # fmt: skip
        text = urlencode([pair for pair in pairs if pair[1]])
        return f"?{text}" if text else ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form means, checked."""

    chosen: Money | None
    also: tuple[UUID, ...]
    codes: tuple[str, ...]
    country: str | None
    group_id: UUID | None


def chosen(session: Session, here: Edge, offer: commerce.OfferView, said: Said) -> Chosen:
    """Return what the form means for this offer; `Invalid` names each field that means nothing."""
    faults: dict[str, Sentence] = {}
    found = Chosen(
        _amount(offer, said, faults), _also(said, faults), _codes(said.code, faults), _country(said.country, faults),
        _group(session, here, said.group, faults),
    )  # fmt: skip
    if faults:
        raise Invalid(faults)
    return found


def _amount(offer: commerce.OfferView, said: Said, faults: dict[str, Sentence]) -> Money | None:
    if not offer.is_open_priced or said.amount is None:
        return None
    try:
        return parse_money(said.amount, offer.price.currency)
    except Invalid as error:
        faults |= error.fields
        return None


def _also(said: Said, faults: dict[str, Sentence]) -> tuple[UUID, ...]:
    try:
        return tuple(private_id("offer", one) for one in said.also)
    except NotFound:
        faults["also"] = say("This is not offered here.")
        return ()


def _codes(text: str, faults: dict[str, Sentence]) -> tuple[str, ...]:
    codes = tuple(filter(None, _BETWEEN_CODES.split(text.strip())))
    if len(codes) > promotions.MOST_CODES:
        faults["code"] = say("At most %(most)s codes at once.", most=promotions.MOST_CODES)
        return ()
    return codes


def _country(text: str, faults: dict[str, Sentence]) -> str | None:
    code = text.strip().upper()
    if not code:
        return None
    if code not in countries("en"):
        faults["country"] = say("Please choose one of these.")
        return None
    return code


def _group(session: Session, here: Edge, code: str, faults: dict[str, Sentence]) -> UUID | None:
    if not code:
        return None
    try:
        return commerce.group_by_code(session, here.viewer, code[: _LONGEST_GROUP + 1]).id
    except NotFound as error:
        faults["group"] = error.sentence
        return None


def shown_total(text: str) -> Money | None:
    """Return the total that the page showed, as it wrote it: ``19900 CNY``; None for what it never wrote."""
    minor, _, currency = text.partition(" ")
    is_plain = minor.isascii() and minor.isdigit() and len(minor) <= 16  # noqa: PLR2004 - MAX_MINOR has 16 digits
    return Money(int(minor), currency) if is_plain and currency in CURRENCIES else None


@cache
def countries(language: str) -> Mapping[str, str]:
    """Return the countries and regions by their two letters, in the order of their names in `language`."""
    names = Locale.parse(_LOCALES[language]).territories
    listed = {code: name for code, name in names.items() if _LETTERS.fullmatch(code) and code not in _NO_COUNTRIES}
    return dict(sorted(listed.items(), key=lambda pair: pair[1]))
