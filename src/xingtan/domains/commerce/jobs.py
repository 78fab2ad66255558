"""Commerce's jobs and who hears what, for the composition root to connect."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.conversation import ask, reconcile, send_refund
from xingtan.domains.commerce.idempotency import forget_old
from xingtan.domains.commerce.letters import MAIL_RECEIPT, MAIL_REFUND, mail_receipt, mail_refund
from xingtan.domains.commerce.notices import SETTLE_PAYMENT, receive_notice
from xingtan.domains.commerce.providers import Providers
from xingtan.domains.commerce.providers.sandbox import NAME, SIGNATURE_HEADER, Sandbox, sign
from xingtan.domains.commerce.providers.sandbox_desk import DELIVER_NOTICE, take_notice
from xingtan.domains.commerce.use_cases.orders import expire_orders
from xingtan.domains.commerce.use_cases.refunds import SEND_REFUND
from xingtan.infra.inbox import mark_handled
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

_SANDBOX_SECRET = "sandbox notices"  # noqa: S105 - the name of a purpose, from which the vault derives the secret


def open_providers(platform: Platform) -> Providers:
    """Return the payment providers that the settings turn on, by name."""
    if not platform.settings.sandbox_payments:
        return {}
    secret = platform.vault.derive(_SANDBOX_SECRET)
    return {NAME: Sandbox(platform.database, secret, clock=platform.clock)}


def _expire_orders(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    expire_orders(session, clock=platform.clock)


def _forget_keys(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    forget_old(session, at=platform.clock.now())


def _deliver_notice(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    """Send a sandbox notice through the very door that the web's webhook route uses."""
    body = take_notice(session, UUID(args["notice_id"]))
    signature = sign(platform.vault.derive(_SANDBOX_SECRET), body, at=platform.clock.now())
    receive_notice(
        session, open_providers(platform), NAME, headers={SIGNATURE_HEADER: signature}, body=body, clock=platform.clock
    )


def _settle_payment(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    ask(platform.database, open_providers(platform), UUID(args["payment_id"]), clock=platform.clock)
    platform.database.write(lambda session: mark_handled(session, UUID(args["message_id"]), at=platform.clock.now()))


def _reconcile(platform: Platform, _args: Mapping[str, Any], _report: object) -> None:
    reconcile(platform.database, open_providers(platform), clock=platform.clock)


def _send_refund(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    send_refund(platform.database, open_providers(platform), UUID(args["refund_id"]), clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    "commerce.expire_orders": _expire_orders,
    "commerce.forget_keys": _forget_keys,
    DELIVER_NOTICE: _deliver_notice,
}
"""Jobs whose effect is rows: ``(session, platform, args)``."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {
    SETTLE_PAYMENT: _settle_payment,
    "commerce.reconcile": _reconcile,
    SEND_REFUND: _send_refund,
    MAIL_RECEIPT: mail_receipt,
    MAIL_REFUND: mail_refund,
}
"""Jobs that talk to others: ``(platform, args, report)``; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic("commerce.expire_orders", timedelta(minutes=1)),
    Periodic("commerce.reconcile", timedelta(minutes=1)),
    Periodic("commerce.forget_keys", timedelta(days=1)),
)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    "commerce.order_paid": (MAIL_RECEIPT,),
    "commerce.order_refunded": (MAIL_REFUND,),
}
"""Event kind → the jobs of commerce that hear it."""
