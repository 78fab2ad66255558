"""Money paid ahead: one's own wallets, credits and uses; uses taken back by staff."""

from typing import Annotated

from fastapi import Path, Query
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, AskDep, staff
from xingtan.web.api.fields import Amount, Out, UsePath
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.order_schemas import OneTimeKey
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.wallet_schemas import (
    CreditsOut,
    UseIn,
    UseLine,
    UseOut,
    WalletEntry,
    WalletOut,
    WithdrawalOut,
    WithdrawIn,
)

router = operations("wallets")
Currency = Annotated[str, Path(pattern=r"^[A-Z]{3}$")]
_REVERSES = staff("write:orders", Permission.ORDERS_REFUND)


class Reversed(Out):
    """What a use had cost; it is in the wallet, or among the credits, again."""

    amount: Amount


@operation(router, "GET", "/me/wallets", READ_MINE)
def list_my_wallets(ask: AskDep, cursor: Cursor = None, limit: Limit = 20) -> Page[WalletOut]:
    """One's own wallets, one for each currency."""
    found = ask.read(lambda session: commerce.my_wallets(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=WalletOut.of)


@operation(router, "GET", "/me/wallets/{currency}/entries", READ_MINE)
def list_my_wallet_entries(
    ask: AskDep, currency: Currency, *, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Limit = 50,
) -> list[WalletEntry]:  # fmt: skip
    """Every line of one's own wallet, newest first; `before` is the number behind which the list goes on."""
    found = ask.read(lambda session: commerce.my_statement(session, ask.viewer, currency, before=before, limit=limit))
    return [WalletEntry.of(line) for line in found.entries]


@operation(router, "POST", "/me/wallets/{currency}/withdrawals", WRITE_MINE, status=202, also=(409,))
def withdraw(ask: AskDep, currency: Currency, body: WithdrawIn, key: OneTimeKey) -> list[WithdrawalOut]:
    """Send unused money back to the payments that it came from, the oldest first; it is sent in the background."""
    amount = body.amount.money if body.amount else None
    if amount is not None and amount.currency != currency:
        raise Invalid.of("amount", say("This wallet holds %(currency)s.", currency=currency))
    command = commerce.Withdraw(currency, amount, key)
    parts = ask.write(lambda session: commerce.withdraw(session, ask.viewer, command, clock=ask.clock))
    return [WithdrawalOut.of(part) for part in parts]


@operation(router, "GET", "/me/credits", READ_MINE)
def list_my_credits(ask: AskDep, cursor: Cursor = None, limit: Limit = 20) -> Page[CreditsOut]:
    """One's own credits, those that can still be used first."""
    found = ask.read(lambda session: commerce.my_credits(session, ask.viewer, at=ask.clock.now()))
    return sliced(found, cursor=cursor, limit=limit, show=CreditsOut.of)


@operation(router, "GET", "/me/uses", READ_MINE)
def list_my_uses(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[UseLine]:
    """What one was charged for by itself, newest first; the last 200."""
    found = ask.read(lambda session: commerce.my_uses(session, ask.viewer, limit=200))
    return sliced(found, cursor=cursor, limit=limit, show=UseLine.of)


@operation(router, "POST", "/me/uses", WRITE_MINE, status=201, also=(404, 409))
def open_lesson_by_use(ask: AskDep, body: UseIn) -> UseOut:
    """Pay for a lesson, or for a minute of it, by a credit or from the wallet, and open it. Again costs nothing."""
    academy = ask.here.request.app.state.academy.current()
    currency = academy.currency if academy else "CNY"
    at = commerce.AtLesson(body.lesson, fraction=body.fraction)

    def work(session: Session) -> commerce.Used:
        return commerce.open_by_use(session, ask.viewer, at, currency=currency, clock=ask.clock)

    return UseOut.of(ask.write(work))


@operation(router, "POST", "/uses/{use}/reverse", _REVERSES, also=(409,))
def reverse_use(ask: AskDep, use: UsePath) -> Reversed:
    """Take a use back: its right ends, and what it cost is there again."""
    amount = ask.write(lambda session: commerce.reverse_use(session, ask.viewer, use, clock=ask.clock))
    return Reversed(amount=Amount.of(amount))
