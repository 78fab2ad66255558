"""Custom service: asked for and agreed upon by the learner herself, quoted and delivered by staff."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, Ask, AskDep, staff
from xingtan.web.api.fields import Name
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.order_schemas import OneTimeKey, Placed
from xingtan.web.api.orders import known_provider, presented
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.service_schemas import (
    AgreeIn,
    QuoteIn,
    RequestState,
    Service,
    ServiceIn,
    ServiceMoved,
    ServiceSummary,
    SettleIn,
    TextIn,
)

router = operations("services")
_READS = staff("read:orders", Permission.ORDERS_READ)
_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_SETTLES = staff("write:orders", Permission.ORDERS_REFUND)


@operation(router, "GET", "/me/services", READ_MINE)
def list_my_services(ask: AskDep, cursor: Cursor = None, limit: Limit = 20) -> Page[ServiceSummary]:
    """One's own requests, newest first."""
    found = ask.read(lambda session: commerce.my_requests(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=ServiceSummary.of)


@operation(router, "POST", "/me/services", WRITE_MINE, status=201, also=(404, 409))
def ask_for_service(ask: AskDep, body: ServiceIn, key: OneTimeKey) -> Service:
    """Ask for a service."""
    command = commerce.AskForService(body.product, body.brief, ask.viewer.language, key)
    vault = ask.platform.vault
    number = ask.write(
        lambda session: commerce.ask_for_service(session, ask.viewer, command, clock=ask.clock, vault=vault)
    )
    return _mine(ask, number)


@operation(router, "GET", "/me/services/{number}", READ_MINE)
def get_my_service(ask: AskDep, number: Name) -> Service:
    """One's own request."""
    return _mine(ask, number)


@operation(router, "POST", "/me/services/{number}/messages", WRITE_MINE, status=201)
def write_service_message(ask: AskDep, number: Name, body: TextIn) -> Service:
    """Say something about one's own request."""
    vault = ask.platform.vault
    return _done(
        ask, number,
        lambda session: commerce.write_message(
            session, ask.viewer, number, text=body.text, clock=ask.clock, vault=vault
        ),
    )  # fmt: skip


@operation(router, "POST", "/me/services/{number}/agree", WRITE_MINE, also=(409,))
def agree_to_quote(ask: AskDep, number: Name, body: AgreeIn) -> Service:
    """Agree to the newest quote."""
    return _done(
        ask, number,
        lambda session: commerce.accept_quote(session, ask.viewer, number, quote_number=body.quote, clock=ask.clock),
    )  # fmt: skip


@operation(router, "POST", "/me/services/{number}/pay", WRITE_MINE, also=(409,))
def pay_service(
    ask: AskDep, number: Name, provider: Annotated[str | None, Query(pattern=r"^[a-z0-9_-]{1,40}$")] = None
) -> Placed:
    """Place the order for what is to be paid next, and get the address of the page on which it is paid."""
    providers = commerce.open_providers(ask.platform)
    chosen = known_provider(provider or next(iter(providers), ""), providers)
    placed = ask.write(
        lambda session: commerce.pay_service(session, ask.viewer, number, provider=chosen, clock=ask.clock)
    )
    return presented(ask, placed, providers)


@operation(router, "POST", "/me/services/{number}/accept", WRITE_MINE, also=(409,))
def accept_delivery(ask: AskDep, number: Name) -> Service:
    """Accept what was delivered."""
    return _done(
        ask, number, lambda session: commerce.accept_delivery(session, ask.viewer, number, clock=ask.clock)
    )  # fmt: skip


@operation(router, "POST", "/me/services/{number}/dispute", WRITE_MINE, also=(409,))
def dispute_delivery(ask: AskDep, number: Name, body: TextIn) -> Service:
    """Say that what was delivered is not what was agreed upon."""
    vault = ask.platform.vault
    return _done(
        ask, number,
        lambda session: commerce.dispute_delivery(
            session, ask.viewer, number, reason=body.text, clock=ask.clock, vault=vault
        ),
    )  # fmt: skip


@operation(router, "POST", "/me/services/{number}/leave", WRITE_MINE, also=(409,))
def leave_service(ask: AskDep, number: Name) -> Service:
    """End one's own request, before work began or when it is late; what was paid goes back."""
    return _done(ask, number, lambda session: commerce.leave_request(session, ask.viewer, number, clock=ask.clock))


@operation(router, "GET", "/services", _READS)
def list_services(
    ask: AskDep, *, state: RequestState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ServiceSummary]:
    """Everybody's requests, those that moved last first; the last 200."""
    found = ask.read(lambda session: commerce.requests(session, ask.viewer, state=state))
    return sliced(found, cursor=cursor, limit=limit, show=ServiceSummary.of)


@operation(router, "GET", "/services/{number}", _READS)
def get_service(ask: AskDep, number: Name) -> Service:
    """Any request."""
    return _any(ask, number)


@operation(router, "POST", "/services/{number}/quotes", _WRITES, status=201, also=(409,))
def quote_service(ask: AskDep, number: Name, body: QuoteIn) -> ServiceMoved:
    """Quote, or quote anew."""
    terms = commerce.Terms(
        body.price.money, body.deposit_bp, body.balance_due, body.deliver_by, body.valid_until
    )  # fmt: skip
    command, vault = commerce.MakeQuote(body.scope, terms), ask.platform.vault
    return _moved(
        ask, number,
        lambda session: commerce.make_quote(session, ask.viewer, number, command, clock=ask.clock, vault=vault),
    )  # fmt: skip


@operation(router, "POST", "/services/{number}/begin", _WRITES, also=(409,))
def begin_service(ask: AskDep, number: Name) -> ServiceMoved:
    """Say that the work has begun."""
    return _moved(ask, number, lambda session: commerce.begin_work(session, ask.viewer, number, clock=ask.clock))


@operation(router, "POST", "/services/{number}/deliveries", _WRITES, status=201, also=(409,))
def deliver_service(ask: AskDep, number: Name, body: TextIn) -> ServiceMoved:
    """Hand the work over in words; a file is handed over in the studio."""
    command, vault = commerce.Deliver(body.text), ask.platform.vault
    return _moved(
        ask, number,
        lambda session: commerce.deliver(session, ask.viewer, number, command, clock=ask.clock, vault=vault),
    )  # fmt: skip


@operation(router, "POST", "/services/{number}/decline", _WRITES, also=(409,))
def decline_service(ask: AskDep, number: Name) -> ServiceMoved:
    """Give the request up; what was paid goes back."""
    return _moved(ask, number, lambda session: commerce.decline_request(session, ask.viewer, number, clock=ask.clock))


@operation(router, "POST", "/services/{number}/settle", _SETTLES, also=(409,))
def settle_service(ask: AskDep, number: Name, body: SettleIn) -> ServiceMoved:
    """End a dispute: so much goes back, the rest is earned."""
    return _moved(
        ask, number,
        lambda session: commerce.settle_dispute(session, ask.viewer, number, back=body.back.money, clock=ask.clock),
    )  # fmt: skip


def _mine(ask: Ask, number: str) -> Service:
    at, vault = ask.clock.now(), ask.platform.vault
    return Service.of_view(ask.read(lambda s: commerce.my_request(s, ask.viewer, number, at=at, vault=vault)))


def _any(ask: Ask, number: str) -> Service:
    at, vault = ask.clock.now(), ask.platform.vault
    return Service.of_view(ask.read(lambda s: commerce.request(s, ask.viewer, number, at=at, vault=vault)))


def _done(ask: Ask, number: str, work: Callable[[Session], object]) -> Service:
    ask.write(work)
    return _mine(ask, number)


def _moved(ask: Ask, number: str, work: Callable[[Session], object]) -> ServiceMoved:
    def both(session: Session) -> str:
        work(session)
        return commerce.state_of(session, ask.viewer, number)

    return ServiceMoved(number=number, state=ask.write(both))
