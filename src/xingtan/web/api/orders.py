"""Orders: placed and paid by the person herself, read and refunded by staff."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, Ask, AskDep, Needs, ScopeMissing, staff
from xingtan.web.api.fields import Name, PaymentPath, Word, id_in_query
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.order_schemas import (
    OneTimeKey,
    Order,
    OrderIn,
    OrderState,
    OrderSummary,
    Placed,
    RefundIn,
    RefundRequested,
)
from xingtan.web.api.paging import Cursor, Limit, Page, foreign_cursor, plausible

router = operations("orders")

_READS = staff("read:orders", Permission.ORDERS_READ)
_REFUNDS = staff("write:orders", Permission.ORDERS_REFUND)
_EITHER = Needs()


@operation(router, "GET", "/me/orders", READ_MINE)
def list_my_orders(ask: AskDep, cursor: Cursor = None, limit: Limit = 20) -> Page[OrderSummary]:
    """One's own orders, newest first."""
    with foreign_cursor():
        page = ask.read(
            lambda session: commerce.my_orders(session, ask.viewer, cursor=plausible(cursor), limit=limit)
        )  # fmt: skip
    return Page(items=[OrderSummary.of(row) for row in page.orders], next=page.next_cursor)


@operation(router, "POST", "/orders", WRITE_MINE, status=201, also=(404, 409))
def place_order(ask: AskDep, body: OrderIn, key: OneTimeKey) -> Placed:
    """Buy something: place an order, and get the address of the page on which it is paid."""
    providers = commerce.open_providers(ask.platform)
    provider = body.provider or next(iter(providers), "")
    command = commerce.PlaceOrder(
        ask.person_id, body.offer, key, _known(provider, providers), ask.viewer.language,
        body.amount.money if body.amount else None,
    )  # fmt: skip
    placed = ask.write(lambda session: commerce.place_order(session, command, clock=ask.clock))
    return _presented(ask, placed, providers)


@operation(router, "POST", "/orders/{number}/pay", WRITE_MINE, also=(409,))
def pay_order(
    ask: AskDep, number: Name, provider: Annotated[str | None, Query(pattern=r"^[a-z0-9_-]{1,40}$")] = None
) -> Placed:
    """Try again to pay one's own order."""
    providers = commerce.open_providers(ask.platform)
    chosen = _known(provider or next(iter(providers), ""), providers)
    placed = ask.write(
        lambda session: commerce.pay_again(session, ask.viewer, number, provider=chosen, clock=ask.clock)
    )
    return _presented(ask, placed, providers)


@operation(router, "POST", "/orders/{number}/cancel", WRITE_MINE, also=(409,))
def cancel_order(ask: AskDep, number: Name) -> Order:
    """Cancel one's own unpaid order."""

    def work(session: Session) -> Order:
        commerce.cancel_order(session, ask.viewer, number, clock=ask.clock)
        return Order.of(commerce.order(session, ask.viewer, number))

    return ask.write(work)


@operation(router, "GET", "/orders/{number}", _EITHER)
def get_order(ask: AskDep, number: Name) -> Order:
    """An order by its number: one's own, or anybody's for staff who read orders."""
    if ask.reader.person_id is None and not ask.viewer.may(Permission.ORDERS_READ):
        raise ScopeMissing(say("This token lacks the scope %(scope)s.", scope="read:mine"))
    found = ask.read(lambda session: commerce.order(session, ask.viewer, number))
    return Order.of(found)


@operation(router, "GET", "/orders", _READS)
def list_orders(
    ask: AskDep,
    *,
    state: OrderState | None = None,
    person: Word | None = None,
    product: Word | None = None,
    number: Word | None = None,
    needs_attention: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderSummary]:
    """Everybody's orders, newest first."""
    only = commerce.OrderFilter(
        state, id_in_query("person", person), id_in_query("product", product), number, needs_attention=needs_attention
    )
    with foreign_cursor():
        page = ask.read(
            lambda session: commerce.orders(session, ask.viewer, only=only, cursor=plausible(cursor), limit=limit)
        )
    return Page(items=[OrderSummary.of(row) for row in page.orders], next=page.next_cursor)


@operation(router, "POST", "/payments/{payment}/refunds", _REFUNDS, status=202, also=(409,))
def request_refund(ask: AskDep, payment: PaymentPath, body: RefundIn, key: OneTimeKey) -> RefundRequested:
    """Give money of a payment back, in whole or in part; it is sent in the background."""
    command = commerce.RequestRefund(payment, body.amount.money if body.amount else None, body.reason, key)
    refund_id = ask.write(lambda session: commerce.request_refund(session, ask.viewer, command, clock=ask.clock))
    return RefundRequested(id=refund_id)


def _known(provider: str, providers: commerce.Providers) -> str:
    if provider and provider not in providers:
        raise Invalid.of("provider", say("This way to pay is not offered here."))
    return provider


def _presented(ask: Ask, placed: commerce.PlacedOrder, providers: commerce.Providers) -> Placed:
    url = None
    if placed.payment_id is not None:
        url = commerce.present(ask.platform.database, providers, placed.payment_id, clock=ask.clock)
    order = ask.read(lambda session: commerce.order(session, ask.viewer, placed.number))
    return Placed(order=Order.of(order), payment_url=_absolute(ask, url))


def _absolute(ask: Ask, url: str | None) -> str | None:
    return ask.here.absolute(url) if url is not None and url.startswith("/") else url
