"""Custom service, the academy's side: the board, quotes, work, deliveries, disputes."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.money import CURRENCIES, Money, parse_money, total
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.service_pages import BoardPage, StudioServicePage
from xingtan.web.commerce.services import serve_file
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.studio_prices import instant_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_STATES = (
    "requested", "disputed", "deposit_paid", "in_work", "delivered", "accepted", "quoted", "agreed", "expired",
    "closed", "declined", "withdrawn",
)  # fmt: skip
_PERCENT = re.compile(r"[0-9]{1,3}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,12}")


@router.get("/studio/services")
def board(here: EdgeDep, state: str = "") -> Response:
    """Everybody's requests, those that moved last first."""
    here.require(Permission.ORDERS_READ)
    wanted = state if state in _STATES else None
    with here.reading() as session:
        found = commerce.requests(session, here.viewer, state=wanted)
        cards = catalog.find_products(session, [one.product_id for one in found])
        names = identity.names_of(session, [one.person_id for one in found], vault=here.platform.vault)
        counts = commerce.request_counts(session, here.viewer)
    titles = {card.id: card.title for card in cards.values()}
    return render(here, BoardPage(found, titles, names, counts, _STATES, wanted or ""))


@router.get("/studio/services/{number}")
def service(here: EdgeDep, number: str) -> Response:
    """One request."""
    here.require(Permission.ORDERS_READ)
    return render(here, _page(here, number))


@router.post("/studio/services/{number}/quote")
def quote(
    here: EdgeDep, number: str, *, scope: Text = "", price: Text = "", currency: Text = "", deposit: Text = "",
    balance_due: Text = "", deliver_by: Text = "", valid_until: Text = "",
) -> Response:  # fmt: skip
    """Quote."""
    values = {
        "scope": scope, "price": price, "currency": currency, "deposit": deposit, "balance_due": balance_due,
        "deliver_by": deliver_by, "valid_until": valid_until,
    }  # fmt: skip
    clock, vault = here.platform.clock, here.platform.vault

    def work(session: Session) -> object:
        command = _quote(here, values)
        return commerce.make_quote(session, here.viewer, number, command, clock=clock, vault=vault)

    return _do(here, number, work, values=values)


@router.post("/studio/services/{number}/message")
def message(here: EdgeDep, number: str, text: Text = "") -> Response:
    """Say something."""
    clock, vault = here.platform.clock, here.platform.vault
    return _do(
        here, number,
        lambda session: commerce.answer_message(session, here.viewer, number, text=text, clock=clock, vault=vault),
        values={"text": text},
    )  # fmt: skip


@router.post("/studio/services/{number}/begin")
def begin(here: EdgeDep, number: str) -> Response:
    """Begin the work."""
    clock = here.platform.clock
    return _do(here, number, lambda session: commerce.begin_work(session, here.viewer, number, clock=clock))


@router.post("/studio/services/{number}/deliver")
def deliver(
    here: EdgeDep, number: str, *, text: Text = "", file: Annotated[UploadFile | None, File()] = None
) -> Response:  # fmt: skip
    """Hand the work over."""
    here.require(Permission.CATALOG_WRITE)
    clock, vault = here.platform.clock, here.platform.vault
    try:
        command = commerce.Deliver(text, _stored(here, file))
    except Invalid as error:
        page = _page(here, number, values={"delivery": text}, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return _do(
        here, number,
        lambda session: commerce.deliver(session, here.viewer, number, command, clock=clock, vault=vault),
        values={"delivery": text},
    )  # fmt: skip


@router.post("/studio/services/{number}/decline")
def decline(here: EdgeDep, number: str) -> Response:
    """Give it up; what was paid goes back."""
    clock = here.platform.clock
    return _do(here, number, lambda session: commerce.decline_request(session, here.viewer, number, clock=clock))


@router.post("/studio/services/{number}/settle")
def settle(here: EdgeDep, number: str, back: Text = "") -> Response:
    """End a dispute with some of the money, or none."""
    clock = here.platform.clock

    def work(session: Session) -> None:
        found = commerce.request(session, here.viewer, number, at=clock.now(), vault=here.platform.vault)
        currency = found.quote.terms.price.currency if found.quote else "CNY"
        amount = parse_money(back or "0", currency, field="back")
        commerce.settle_dispute(session, here.viewer, number, back=amount, clock=clock)

    return _do(here, number, work, values={"back": back})


@router.get("/studio/services/{number}/files/{delivery}")
def file_of(here: EdgeDep, number: str, delivery: int) -> Response:
    """The file of a delivery, for staff."""
    here.require(Permission.ORDERS_READ)
    clock, vault = here.platform.clock, here.platform.vault
    found = here.read(lambda session: commerce.request(session, here.viewer, number, at=clock.now(), vault=vault))
    return serve_file(here, found, delivery)


def _do(
    here: Edge, number: str, work: Callable[[Session], object], *, values: Mapping[str, str] | None = None
) -> Response:
    here.require(Permission.ORDERS_READ)
    try:
        here.write(work)
    except (Invalid, Conflict) as error:
        page = _page(here, number, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/services/{number}"), status_code=303)


def _quote(here: Edge, values: Mapping[str, str]) -> commerce.MakeQuote:
    faults: dict[str, Sentence] = {}
    currency = values["currency"]
    if currency not in CURRENCIES:
        raise Invalid.of("currency", say("This currency is not known here."))
    price = parse_money(values["price"], currency, field="price")
    deposit = values["deposit"].strip()
    if not _PERCENT.fullmatch(deposit):
        faults["deposit"] = say("The share to be paid first is between 1 and 100 percent.")
    deliver_by, valid_until = (instant_of(here, name, values[name], faults) for name in ("deliver_by", "valid_until"))
    for name, at in (("deliver_by", deliver_by), ("valid_until", valid_until)):
        if at is None:
            faults.setdefault(name, say("Write a date and a time, such as 2026-11-22T08:00."))
    if faults or deliver_by is None or valid_until is None:
        raise Invalid(faults)
    due = cast("Any", values["balance_due"])
    terms = commerce.Terms(price, int(deposit) * 100, due, deliver_by, valid_until)
    return commerce.MakeQuote(values["scope"], terms)


def _stored(here: Edge, file: UploadFile | None) -> commerce.DeliveredFile | None:
    """Store the file before the transaction that names it."""
    if file is None or not file.filename:
        return None
    limit_mb = here.platform.settings.upload_limit_mb
    data = file.file.read(limit_mb * 10**6 + 1)
    if len(data) > limit_mb * 10**6:
        raise Invalid.of("file", say("This file is too large: at most %(limit)s MB, please.", limit=limit_mb))
    suffix = re.search(r"\.[A-Za-z0-9]{1,12}$", file.filename)
    found = suffix[0].lower() if suffix else ""
    stored = here.platform.files.put_content(data, found if _SUFFIX.fullmatch(found) else "")
    return commerce.DeliveredFile(stored.key, file.filename, stored.size)


def _page(
    here: Edge, number: str, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> StudioServicePage:
    clock, vault = here.platform.clock, here.platform.vault
    with here.reading() as session:
        found = commerce.request(session, here.viewer, number, at=clock.now(), vault=vault)
        product = catalog.find_products(session, [found.product_id])[found.product_id]
        names = identity.names_of(session, [found.person_id], vault=vault)
    kept = [one.amount - one.returned for one in found.paid if one.state in ("paid", "partly_refunded")]
    academy = here.request.app.state.academy.view(here.language)
    return StudioServicePage(
        request=found, product=product, name=names.get(found.person_id, ""), currencies=tuple(CURRENCIES),
        paid=_sum(kept), values=values or {"currency": academy.currency, **_days(here, clock.now())},
        errors=errors or {},
    )  # fmt: skip


def _sum(amounts: list[Money]) -> Money | None:
    return total(amounts, amounts[0].currency) if amounts else None


def _days(here: Edge, now: datetime) -> dict[str, str]:
    """Return the days that a quote's form begins with: a week to decide, three to deliver, half of it first."""
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    local = now.astimezone(zone).replace(hour=18, minute=0)
    return {
        "valid_until": f"{local + timedelta(days=7):%Y-%m-%dT%H:%M}",
        "deliver_by": f"{local + timedelta(days=28):%Y-%m-%dT%H:%M}", "deposit": "50", "balance_due": "after",
    }  # fmt: skip
