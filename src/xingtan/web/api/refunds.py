"""Refunds by the rule, the rule itself, and what is not decided: read and asked about by staff."""

from typing import Annotated

from fastapi import Query

from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.caller import PUBLIC_READ, WRITE_MINE, AskDep, staff
from xingtan.web.api.fields import Name
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.order_schemas import OneTimeKey, RefundRequested
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.refund_schemas import (
    Asked,
    DisputeOut,
    OpenPayment,
    ProviderSumOut,
    RefundRule,
    RefundRuleIn,
    RefundSummary,
)
from xingtan.web.completion import completed_bp

router = operations("orders")

_READS = staff("read:orders", Permission.ORDERS_READ)
_REFUNDS = staff("write:orders", Permission.ORDERS_REFUND)
_SETS = staff("write:academy", Permission.SETTINGS_WRITE)
_COUNTS = staff("read:numbers", Permission.NUMBERS_READ)


@operation(router, "GET", "/refund-rule", PUBLIC_READ)
def get_refund_rule(ask: AskDep) -> RefundRule:
    """The rule under which an order is placed now."""
    return RefundRule.of(ask.read(commerce.refund_policy))


@operation(router, "PUT", "/refund-rule", _SETS)
def set_refund_rule(ask: AskDep, body: RefundRuleIn) -> RefundRule:
    """Have a rule hold for orders from now on; orders placed before keep theirs."""
    made = ask.write(
        lambda session: commerce.set_refund_policy(
            session, ask.viewer, days=body.days, most_completed_bp=body.most_completed_bp, clock=ask.clock
        )
    )
    return RefundRule.of(made)


@operation(router, "POST", "/orders/{number}/ask-back", WRITE_MINE, status=202, also=(409,))
def ask_order_back(ask: AskDep, number: Name, key: OneTimeKey) -> RefundRequested:
    """Have all of one's own order back, where its rule gives it; it is sent in the background."""
    order = ask.read(lambda session: commerce.my_order(session, ask.viewer, number))
    completed = ask.read(lambda session: completed_bp(session, ask.person_id, order))
    command = commerce.AskBack(order.number, completed, key)
    return RefundRequested(
        id=ask.write(lambda session: commerce.ask_back(session, ask.viewer, command, clock=ask.clock))
    )


@operation(router, "GET", "/refunds", _READS)
def list_refunds(
    ask: AskDep, *, open_only: Annotated[bool, Query(alias="open")] = False, cursor: Cursor = None, limit: Limit = 50
) -> Page[RefundSummary]:
    """Refunds, newest first; those that are not through yet alone with `open`."""
    states = commerce.UNDECIDED_REFUNDS if open_only else ()
    found = ask.read(lambda session: commerce.refunds(session, ask.viewer, states=states))
    return sliced(found, cursor=cursor, limit=limit, show=RefundSummary.of)


@operation(router, "GET", "/disputes", _READS)
def list_disputes(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[DisputeOut]:
    """Disputes, open ones first."""
    found = ask.read(lambda session: commerce.disputes(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=DisputeOut.of)


@operation(router, "GET", "/reconciliation/payments", _READS)
def list_open_payments(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[OpenPayment]:
    """Payments that are not decided, those that need a person first."""
    found = ask.read(lambda session: commerce.open_payments(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=OpenPayment.of)


@operation(router, "POST", "/reconciliation/ask", _REFUNDS)
def ask_providers(ask: AskDep) -> Asked:
    """Ask the providers about everything that is open, now."""
    asked, unanswered = commerce.ask_all_open(
        ask.platform.database, commerce.open_providers(ask.platform), clock=ask.clock
    )
    return Asked(asked=asked, unanswered=unanswered)


@operation(router, "GET", "/reconciliation/sums", _COUNTS)
def list_provider_sums(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[ProviderSumOut]:
    """What each provider holds in each currency, by its payments and by the books."""
    found = ask.read(lambda session: commerce.provider_sums(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=ProviderSumOut.of)
