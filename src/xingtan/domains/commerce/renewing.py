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
from xingtan.domains.commerce.conversation import charge, provider_named
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.domains.commerce.opening import open_providers
from xingtan.domains.commerce.providers import ProviderPayment, Providers
from xingtan.domains.commerce.use_cases.payments import PaymentToStart, note_no_answer, payment_to_start, settle
from xingtan.domains.commerce.use_cases.subscriptions.steps import due_subscriptions, note_unpaid, postpone, take_step
from xingtan.infra.db import Database
from xingtan.infra.platform import Platform

RUN_SUBSCRIPTIONS = "commerce.run_subscriptions"
BATCH, IN_ONE = 200, 25
"""How many are looked up at once, and how many of their steps, or of the charges' answers, share a transaction."""
Charge = tuple[UUID, UUID]
_log = structlog.get_logger("commerce")


def run_subscriptions(platform: Platform, _args: Mapping[str, Any], report: Any) -> None:
    """Take every step that is due, and charge what is to be charged."""
    providers, done = open_providers(platform), 0
    while batch := platform.database.read(partial(due_subscriptions, clock=platform.clock, limit=BATCH)):
        for charges in _steps(platform.database, batch, clock=platform.clock):
            _charge_together(platform.database, providers, charges, clock=platform.clock)
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


def _charge_together(
    database: Database, providers: Providers, charges: Sequence[Charge], *, clock: Clock
) -> None:  # fmt: skip
    """Have each charged, then note all answers in one transaction; what goes wrong is done again, alone.

    A charge that is sent again is the same charge: the provider knows its key.
    """
    if not charges:
        return
    try:
        wanted = database.read(lambda session: {one: payment_to_start(session, one) for _, one in charges})
        answers = [(one, _answer(providers, wanted[one[1]])) for one in charges]
        database.write(partial(_note_answers, answers=answers, clock=clock))
    except Exception:  # noqa: BLE001 - one of them; which one is found by charging them alone
        for one in charges:
            _charge_alone(database, providers, one, clock=clock)


def _answer(providers: Providers, wanted: PaymentToStart) -> ProviderPayment | None:
    """Return what the provider says to a charge; None: nothing."""
    assert wanted.mandate is not None  # noqa: S101 - a step returns payments by a kept method alone
    try:
        return provider_named(providers, wanted.provider).charge(wanted.start, wanted.mandate)
    except Unavailable:
        return None
    except PaymentRefused as error:
        return ProviderPayment(None, "failed", failure_code=error.code)


def _note_answers(
    session: Session, *, answers: Sequence[tuple[Charge, ProviderPayment | None]], clock: Clock
) -> None:  # fmt: skip
    for (subscription_id, payment_id), seen in answers:
        if seen is None:
            note_no_answer(session, payment_id, clock=clock)
        elif settle(session, payment_id, seen, clock=clock) == "failed":
            note_unpaid(session, subscription_id, clock=clock)


def _charge_alone(database: Database, providers: Providers, one: Charge, *, clock: Clock) -> None:
    try:
        charge_subscription(database, providers, *one, clock=clock)
    except Exception:  # noqa: BLE001 - whatever it was, it is this one's; reconciliation asks again
        _log.exception("a subscription's charge failed", payment=str(one[1]))


def _steps(database: Database, batch: Sequence[UUID], *, clock: Clock) -> Iterator[list[Charge]]:
    for start in range(0, len(batch), IN_ONE):
        ids = batch[start : start + IN_ONE]
        try:
            yield database.write(partial(_take, ids=ids, clock=clock))
        except Exception:  # noqa: BLE001 - one of them; which one is found by taking them alone
            yield [charge for one in ids for charge in _alone(database, one, clock=clock)]


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
