"""Commerce's jobs and who hears what, for the composition root to connect."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.period import day_of
from xingtan.domains.commerce import subscription_jobs, wallet_jobs
from xingtan.domains.commerce.affiliates import jobs as affiliate_jobs
from xingtan.domains.commerce.conversation import ask, reconcile, send_refund
from xingtan.domains.commerce.deferrals import earn_due
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.groups import jobs as group_jobs
from xingtan.domains.commerce.idempotency import forget_old
from xingtan.domains.commerce.letters import MAIL_RECEIPT, MAIL_REFUND, mail_receipt, mail_refund
from xingtan.domains.commerce.notices import named_payment, receive_notice
from xingtan.domains.commerce.opening import open_providers
from xingtan.domains.commerce.papers import WRITE_CREDIT_NOTE, WRITE_RECEIPT, write_credit_note, write_receipt
from xingtan.domains.commerce.promotions import jobs as promotions
from xingtan.domains.commerce.providers import SETTLE_PAYMENT
from xingtan.domains.commerce.providers.opening import sandbox_secret
from xingtan.domains.commerce.providers.sandbox import NAME, SIGNATURE_HEADER, sign
from xingtan.domains.commerce.providers.sandbox_notices import DELIVER_NOTICE, take_notice
from xingtan.domains.commerce.referrals import jobs as referral_jobs
from xingtan.domains.commerce.services import jobs as service_jobs
from xingtan.domains.commerce.use_cases.orders import expire_orders
from xingtan.domains.commerce.use_cases.refunds import SEND_REFUND
from xingtan.domains.identity import api as identity
from xingtan.infra.inbox import mark_handled
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform


def _expire_orders(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    expire_orders(session, clock=platform.clock)


def _forget_keys(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    forget_old(session, at=platform.clock.now())


def _deliver_notice(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    """Send a sandbox notice through the very door that the web's webhook route uses."""
    body = take_notice(session, UUID(args["notice_id"]))
    signature = sign(sandbox_secret(platform), body, at=platform.clock.now())
    receive_notice(
        session, open_providers(platform), NAME, headers={SIGNATURE_HEADER: signature}, body=body, clock=platform.clock
    )


def _settle_payment(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    payment_id = named_payment(open_providers(platform), args)
    if payment_id is not None:
        ask(platform.database, open_providers(platform), payment_id, clock=platform.clock)
    platform.database.write(lambda session: mark_handled(session, UUID(args["message_id"]), at=platform.clock.now()))


def _reconcile(platform: Platform, _args: Mapping[str, Any], _report: object) -> None:
    reconcile(platform.database, open_providers(platform), clock=platform.clock)


def _earn(platform: Platform, _args: Mapping[str, Any], _report: object) -> None:
    """Earn what the days until today's first minute have earned, some thousands of lines in each transaction."""
    clock = platform.clock
    zone = platform.database.read(identity.zone)
    until = day_of(clock.now().astimezone(zone).date(), zone).starts_at
    last: UUID | None = None
    while True:
        last = platform.database.write(partial(earn_due, until=until, after=last, clock=clock))
        if last is None:
            return


def _send_refund(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    send_refund(platform.database, open_providers(platform), UUID(args["refund_id"]), clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    "commerce.expire_orders": _expire_orders,
    "commerce.forget_keys": _forget_keys,
    WRITE_RECEIPT: write_receipt,
    WRITE_CREDIT_NOTE: write_credit_note,
    DELIVER_NOTICE: _deliver_notice,
    **documents.TRANSACTIONAL,
    **promotions.TRANSACTIONAL,
    **subscription_jobs.TRANSACTIONAL,
    **wallet_jobs.TRANSACTIONAL,
    **group_jobs.TRANSACTIONAL,
    **affiliate_jobs.TRANSACTIONAL,
    **referral_jobs.TRANSACTIONAL,
    **service_jobs.TRANSACTIONAL,
}
"""Jobs whose effect is rows: ``(session, platform, args)``."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    SETTLE_PAYMENT: _settle_payment,
    "commerce.reconcile": _reconcile,
    "commerce.earn": _earn,
    SEND_REFUND: _send_refund,
    MAIL_RECEIPT: mail_receipt,
    MAIL_REFUND: mail_refund,
    **promotions.LONG,
    **subscription_jobs.LONG,
    **wallet_jobs.LONG,
    **group_jobs.LONG,
    **affiliate_jobs.LONG,
    **service_jobs.LONG,
}
"""Jobs that talk to others: ``(platform, args, report)``; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic("commerce.expire_orders", timedelta(minutes=1)),
    Periodic("commerce.reconcile", timedelta(minutes=1)),
    Periodic("commerce.earn", timedelta(hours=1)),
    Periodic("commerce.forget_keys", timedelta(days=1)),
    *promotions.PERIODIC,
    *subscription_jobs.PERIODIC,
    *wallet_jobs.PERIODIC,
    *group_jobs.PERIODIC,
    *referral_jobs.PERIODIC,
    *service_jobs.PERIODIC,
)

_HEARD: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {
        "commerce.order_paid": (WRITE_RECEIPT, MAIL_RECEIPT),
        "commerce.order_refunded": (WRITE_CREDIT_NOTE, MAIL_REFUND),
        "commerce.dispute_decided": (WRITE_CREDIT_NOTE,),
    },
    promotions.HANDLERS,
    group_jobs.HANDLERS,
    affiliate_jobs.HANDLERS,
    referral_jobs.HANDLERS,
    subscription_jobs.HANDLERS,
    wallet_jobs.HANDLERS,
    service_jobs.HANDLERS,
)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(job for heard in _HEARD for job in heard.get(kind, ())) for heard in _HEARD for kind in heard
}
"""Event kind → the jobs of commerce that hear it."""
