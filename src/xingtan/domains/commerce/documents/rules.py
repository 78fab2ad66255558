"""Rules of documents: what a number looks like, what a buyer may write, what a document of the day holds."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from xingtan.core.errors import Invalid, Sentence, say

BuyerKind = Literal["person", "company"]
LONGEST_TITLE, LONGEST_ADDRESS, LONGEST_NOTE = 100, 200, 300
_DIGITS = 6
_LABEL = re.compile(r"(?P<series>[A-Z]{3})-(?P<year>[0-9]{4})-(?P<number>[0-9]{6,9})")
_TAX_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{3,23}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]")

# GB 32100-2015: the unified social credit code of a Chinese company, its alphabet and its check character
_USCC_LENGTH = 18
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_OLD_CHINESE = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{20}")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom a document names: a person by name, or a company by title and tax number."""

    kind: BuyerKind
    name: str
    tax_number: str = ""
    address: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class BuyerDetails:
    """What a person wrote into the form about her invoices."""

    kind: str
    title: str
    tax_number: str
    address: str
    country: str


@dataclass(frozen=True, slots=True)
class SellerDetails:
    """What stands on documents about the academy."""

    name: str
    tax_number: str
    address: str
    country: str
    note: str


def label_of(series: str, year: int, number: int) -> str:
    """Return a number as people write it: ``INV-2026-000001``."""
    return f"{series}-{year}-{number:0{_DIGITS}d}"


def read_label(text: str) -> tuple[str, int, int] | None:
    """Return series, year and number behind a label; None for anything that `label_of` does not make."""
    found = _LABEL.fullmatch(text)
    if found is None:
        return None
    read = found["series"], int(found["year"]), int(found["number"])
    return read if label_of(*read) == text else None


def day_in(zone: str, at: datetime) -> date:
    """Return the calendar day of `at` in the academy's zone, which is the day of issue."""
    return at.astimezone(ZoneInfo(zone)).date()


def gaps(numbers: Sequence[int], *, last: int) -> tuple[int, ...]:
    """Return the numbers from 1 to `last` that are not among `numbers`, in order."""
    return tuple(sorted(set(range(1, last + 1)) - set(numbers)))


def checked_buyer(details: BuyerDetails) -> BuyerDetails:
    """Return the details cleaned; `Invalid` when a company's number cannot be one, or a line is not a line."""
    faults: dict[str, Sentence] = {}
    title = _line("title", details.title, LONGEST_TITLE, faults, is_required=True)
    address = _line("address", details.address, LONGEST_ADDRESS, faults)
    country = _country(details.country, faults)
    if details.kind not in ("person", "company"):
        faults["kind"] = say("Please choose one of these.")
    number = _tax_number(details.tax_number, country, faults) if details.kind == "company" else ""
    if details.kind == "company" and country == "CN" and not number:
        faults.setdefault("tax_number", say("A company’s invoice needs its tax number."))
    if faults:
        raise Invalid(faults)
    return BuyerDetails(details.kind, title, number, address, country)


def checked_seller(details: SellerDetails) -> SellerDetails:
    """Return the details cleaned; `Invalid` when something cannot stand on a document."""
    faults: dict[str, Sentence] = {}
    country = _country(details.country, faults)
    cleaned = SellerDetails(
        _line("name", details.name, LONGEST_ADDRESS, faults), _tax_number(details.tax_number, country, faults),
        _line("address", details.address, LONGEST_NOTE, faults), country,
        _line("note", details.note, LONGEST_NOTE, faults),
    )  # fmt: skip
    if faults:
        raise Invalid(faults)
    return cleaned


def country_code(text: str) -> str | None:
    """Return an ISO 3166 code of two letters; None when it is none."""
    code = text.strip().upper()
    return code if _COUNTRY.fullmatch(code) else None


def is_credit_code(text: str) -> bool:
    """Say whether the check character of an 18-character Chinese credit code is right (GB 32100-2015 §4.5)."""
    if len(text) != _USCC_LENGTH or any(letter not in _USCC for letter in text):
        return False
    weighed = sum(_USCC.index(letter) * pow(3, place, 31) for place, letter in enumerate(text[:-1]))
    return _USCC[-weighed % 31] == text[-1]


def _line(name: str, text: str, longest: int, faults: dict[str, Sentence], *, is_required: bool = False) -> str:
    line = unicodedata.normalize("NFC", text.strip()) if not _REFUSED.search(text) else ""
    if _REFUSED.search(text):
        faults[name] = say("This holds characters that cannot be shown, such as a line break.")
    elif is_required and not line:
        faults[name] = say("This must not be empty.")
    elif len(line) > longest:
        faults[name] = say("This is too long; at most %(longest)s characters.", longest=longest)
    return line


def _country(text: str, faults: dict[str, Sentence]) -> str:
    code = country_code(text)
    if code is None:
        faults["country"] = say("Write the country’s two letters, such as CN.")
    return code or ""


def _tax_number(text: str, country: str, faults: dict[str, Sentence]) -> str:
    number = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
    if not number:
        return ""
    is_one = bool(_TAX_NUMBER.fullmatch(number))
    if country == "CN":
        is_one = is_credit_code(number) or bool(_OLD_CHINESE.fullmatch(number))
    if not is_one:
        faults["tax_number"] = say("This cannot be a tax number; please look again.")
    return number
