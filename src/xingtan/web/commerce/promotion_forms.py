"""What the forms of promotion have in common: numbers, shares, instants and products as people write them."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import parse_money
from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog
from xingtan.web.edge import Edge

Faults = dict[str, Sentence]
_WHOLE = re.compile(r"[0-9]{1,9}")
_SHARE = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?")
_MOST_LISTED = 100


def whole(name: str, text: str, faults: Faults) -> int | None:
    """Return the number that was written; None for nothing, and with a fault for what is no number."""
    if not text.strip():
        return None
    if _WHOLE.fullmatch(text.strip()):
        return int(text.strip())
    faults[name] = say("Write a whole number in plain digits.")
    return None


def share_bp(name: str, text: str, faults: Faults) -> int:
    """Return the share that was written in percent, such as 20 or 12.5, in basis points; 0 with a fault."""
    match = _SHARE.fullmatch(text.strip().rstrip("%").strip())
    if match is None:
        faults[name] = say("Write the share in percent, such as 20 or 12.5.")
        return 0
    return int(match["whole"]) * 100 + int((match["part"] or "").ljust(2, "0"))


def minor(name: str, text: str, currency: str, faults: Faults) -> int:
    """Return the amount that was written, in minor units; 0 with a fault."""
    try:
        return parse_money(text, currency, field=name).minor
    except Invalid as error:
        faults |= error.fields
        return 0


def instant(here: Edge, name: str, text: str, faults: Faults) -> datetime | None:
    """Return the instant that was written in the academy's own zone; None for nothing, and with a fault."""
    if not text.strip():
        return None
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    try:
        written = datetime.fromisoformat(text.strip())
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):  # no date, or one before the year 1
        faults[name] = say("Write a date and a time, such as 2026-11-22T08:00.")
        return None


def product(name: str, text: str, faults: Faults) -> UUID | None:
    """Return the product that was chosen; None for nothing, and with a fault for what is none."""
    if not text:
        return None
    try:
        return private_id("product", text)
    except NotFound:
        faults[name] = say("Please choose one of these.")
        return None


def listed_products(session: Session) -> Sequence[tuple[str, str]]:
    """Return public id and title of the products that are published, as a form lists them."""
    page = catalog.cards(session, STRANGER, limit=_MOST_LISTED)
    return [(public_id("product", card.id), card.title) for card in page.cards]


def titles_of(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the products' titles."""
    return {card.id: card.title for card in catalog.find_products(session, product_ids).values()}
