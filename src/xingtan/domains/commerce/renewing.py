"""The run of subscriptions: whatever time brings is done, batch by batch; cards are charged between transactions.

1. Every step is found by its instant (`next_at`), done in one transaction, and then not due any more: a run that was
killed goes on where it was, and two runs do nothing twice. 2. Memory holds one batch, however many are due.
3. A subscription whose step fails is looked at again in an hour and stops no other. 4. A charge without an answer is
found out by reconciliation; a payment whose charge was never sent is past due within an hour and tried again.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Refused, Unavailable
from xingtan.domains.commerce.conversation import charge
from xingtan.domains.commerce.opening import open_providers
from xingtan.domains.commerce.providers import Providers
from xingtan.domains.commerce.use_cases.subscriptions.steps import due_subscriptions, note_unpaid, postpone, take_step
from xingtan.infra.db import Database
from xingtan.infra.platform import Platform

RUN_SUBSCRIPTIONS = "commerce.run_subscriptions"
BATCH, IN_ONE = 200, 25
"""How many are looked up at once, and how many of their steps share a transaction."""
Charge = tuple[UUID, UUID]
_log = structlog.get_logger("commerce")


def run_subscriptions(platform: Platform, _args: Mapping[str, Any], report: Any) -> None:
    """Take every step that is due, and charge what is to be charged."""
    providers, done = open_providers(platform), 0
    while batch := platform.database.read(partial(due_subscriptions, clock=platform.clock, limit=BATCH)):
        for one in _steps(platform.database, batch, clock=platform.clock):
            charge_subscription(platform.database, providers, *one, clock=platform.clock)
        done += len(batch)
        report(done=done)


def charge_subscription(
    database: Database, providers: Providers, subscription_id: UUID, payment_id: UUID, *, clock: Clock
) -> str:  # fmt: skip
    """Charge a subscription's payment by its method, note when that did not work, and return the payment's state."""
    try:
        state = charge(database, providers, payment_id, clock=clock)
    except Unavailable:
        return "unknown"
    except Refused as error:  # the provider is not set up any more
        _log.warning("a subscription cannot be charged", payment=str(payment_id), code=error.code)
        state = "failed"
    if state == "failed":
        database.write(partial(note_unpaid, subscription_id=subscription_id, clock=clock))
    return state


def _steps(database: Database, batch: Sequence[UUID], *, clock: Clock) -> Iterator[Charge]:
    for start in range(0, len(batch), IN_ONE):
        ids = batch[start : start + IN_ONE]
        try:
            yield from database.write(partial(_take, ids=ids, clock=clock))
        except Exception:  # noqa: BLE001 - one of them; which one is found by taking them alone
            for one in ids:
                yield from _alone(database, one, clock=clock)


def _take(session: Session, *, ids: Sequence[UUID], clock: Clock) -> list[Charge]:
    taken = ((one, take_step(session, one, clock=clock)) for one in sorted(ids))
    return [(one, payment_id) for one, payment_id in taken if payment_id is not None]


def _alone(database: Database, subscription_id: UUID, *, clock: Clock) -> list[Charge]:
    try:
        return database.write(partial(_take, ids=[subscription_id], clock=clock))
    except Exception:  # noqa: BLE001 - whatever it was, it is this one's
        _log.exception("a subscription's step failed", subscription=str(subscription_id))
        database.write(partial(postpone, subscription_id=subscription_id, clock=clock))
        return []
