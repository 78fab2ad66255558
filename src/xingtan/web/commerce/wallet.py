"""The wallet: what is in it, what fills it, every line of it, and the way back."""

import csv
import io
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import Money, parse_money, total, zero
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.wallet_pages import StatementPage, WalletCard, WalletPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_ORDERS, _WITHDRAWALS = "20/minute", "10/minute"
_MOST_SHORT = 300


@router.get("/wallet")
def wallet(here: EdgeDep, short: Annotated[str, Query(max_length=_MOST_SHORT)] = "") -> Response:
    """What is in the wallet, the credits, and what can be bought ahead."""
    here.require_person()
    return render(here, _page(here, short=short))


@router.post("/wallet/buy")
def buy(here: EdgeDep, *, offer: Text = "", key: Text = "", provider: Text = "") -> Response:
    """Buy a top-up or credits: on to the provider's page."""
    person_id = here.require_person()
    here.platform.limiter.check(_ORDERS, "checkout", str(person_id))
    command = commerce.PlaceOrder(person_id, private_id("offer", offer), key, provider, here.language)
    try:
        if provider not in _ways(here):
            raise Invalid.of("provider", say("Please choose how to pay."))
        placed = here.write(lambda session: commerce.place_order(session, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        return render(here, _page(here, errors=words_of(here, error)), status=status_of(error))
    return to_provider(here, placed)


@router.get("/wallet/{currency}")
def statement(
    here: EdgeDep, currency: str, before: Annotated[int | None, Query(ge=1)] = None, left: str = ""
) -> Response:
    """Every line of one wallet."""
    here.require_person()
    return render(here, _statement(here, currency, before=before, has_left=bool(left)))


@router.get("/wallet/{currency}/statement.csv")
def export(here: EdgeDep, currency: str) -> Response:
    """Every line of one wallet, oldest first, for a spreadsheet."""
    here.require_person()
    rows = here.read(lambda session: commerce.whole_statement(session, here.viewer, currency))
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow(("number", "at", "kind", "title", "paid", "bonus", "paid_after", "bonus_after", "currency"))
    for row in rows:
        amounts = (row.moved.paid, row.moved.bonus, row.after.paid, row.after.bonus)
        title = f"'{row.title}" if row.title[:1] in "=+-@\t\r" else row.title  # no formula in a spreadsheet
        out.writerow(
            (
                row.number,
                row.at.isoformat(),
                row.kind,
                title,
                *(one.major() for one in amounts),
                row.after.paid.currency,
            )
        )
    headers = {"Content-Disposition": f'attachment; filename="wallet-{currency}.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/wallet/{currency}/withdraw")
def withdraw(here: EdgeDep, currency: str, *, amount: Text = "", key: Text = "") -> Response:
    """Send unused money back to where it came from."""
    person_id = here.require_person()
    here.platform.limiter.check(_WITHDRAWALS, "withdraw", str(person_id))
    try:
        wanted = parse_money(amount, currency) if amount.strip() else None
        command = commerce.Withdraw(currency, wanted, key)
        here.write(lambda session: commerce.withdraw(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        page = _statement(here, currency, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/wallet/{currency}?left=1"), status_code=303)


@router.post("/wallet/{currency}/warn")
def warn(here: EdgeDep, currency: str, warn_below: Text = "") -> Response:
    """Say when a letter is wanted."""
    here.require_person()
    try:
        line = parse_money(warn_below, currency, field="warn_below") if warn_below.strip() else None
        here.write(
            lambda session: commerce.warn_below(
                session, here.viewer, currency, amount=line, clock=here.platform.clock
            )
        )  # fmt: skip
    except Invalid as error:
        page = _statement(here, currency, warn=warn_below, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/wallet/{currency}"), status_code=303)


def _ways(here: Edge) -> tuple[str, ...]:
    return tuple(name for name in commerce.open_providers(here.platform) if name != "wallet")


def _page(here: Edge, *, short: str = "", errors: Errors | None = None) -> WalletPage:
    clock = here.platform.clock
    with here.reading() as session:
        wallets = commerce.my_wallets(session, here.viewer)
        cards = tuple(WalletCard(one, _back(commerce.withdrawable(
            session, here.viewer, one.currency, clock=clock), one.currency)) for one in wallets)  # fmt: skip
        found = commerce.packs(session, at=clock.now())
        mine = commerce.my_credits(session, here.viewer, at=clock.now())
    return WalletPage(
        wallets=cards, credits=mine, packs=found, offer_ids={one.id: public_id("offer", one.id) for one in found},
        providers=_ways(here), key=secrets.token_urlsafe(18),
        short=identity.same_site_path(short) if short else "", errors=errors or {},
    )  # fmt: skip


def _back(parts: tuple[commerce.WithdrawalPart, ...], currency: str) -> Money:
    return total([one.amount for one in parts], currency) if parts else zero(currency)


def _statement(
    here: Edge, currency: str, *, before: int | None = None, has_left: bool = False, warn: str | None = None,
    errors: Errors | None = None,
) -> StatementPage:  # fmt: skip
    with here.reading() as session:
        found = commerce.my_statement(session, here.viewer, currency, before=before)
        parts = commerce.withdrawable(session, here.viewer, currency, clock=here.platform.clock)
    line = found.wallet.warn_below
    return StatementPage(
        statement=found, parts=parts, back=_back(parts, currency), key=secrets.token_urlsafe(18),
        older=f"/wallet/{currency}?before={found.next_before}" if found.next_before else None, has_left=has_left,
        warn=(line.major() if line else "") if warn is None else warn, errors=errors or {},
    )  # fmt: skip
