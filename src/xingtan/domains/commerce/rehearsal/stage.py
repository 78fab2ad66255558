"""The past lived through: the use cases themselves, called at the instants of long ago, inside one transaction.

1. What is written is what the use cases write, and what the jobs write that hear of it; letters and notices are not.
2. Time goes on in order: before each deed comes what fell due by then, as the worker would have done it.
3. No job is left behind. What was refused leaves no trace.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.errors import Refused
from xingtan.domains.commerce import jobs
from xingtan.domains.commerce.conversation import ask, present
from xingtan.domains.commerce.documents.use_cases import NUMBER_DOCUMENTS
from xingtan.domains.commerce.models import Payment, SandboxNotice, Subscription
from xingtan.domains.commerce.opening import open_providers
from xingtan.domains.commerce.providers import Providers
from xingtan.domains.commerce.providers.sandbox_desk import act, choose
from xingtan.domains.commerce.providers.sandbox_notices import DELIVER_NOTICE
from xingtan.domains.commerce.renewing import RUN_SUBSCRIPTIONS, charge_subscription, run_subscriptions
from xingtan.infra.db import Database
from xingtan.infra.jobs import Job
from xingtan.infra.outbox import OutboxEvent, tell_nobody
from xingtan.infra.platform import Platform

T = TypeVar("T")
_NEVER = frozenset({DELIVER_NOTICE, NUMBER_DOCUMENTS, "commerce.forget_keys", RUN_SUBSCRIPTIONS})
"""What is not done here: the past is asked instead of told, and numbered at its end."""
_DAILY = tuple(one.kind for one in jobs.PERIODIC if one.kind not in _NEVER)
_DAY = timedelta(days=1)
_DELETED_AT_ONCE = 500


class OneTransaction(Database):
    """A database whose every transaction is part of `session`'s own: a refused one is rolled back to where it began."""

    def __init__(self, outer: Database, session: Session) -> None:
        self.url, self.engine, self.dialect, self._session = outer.url, outer.engine, outer.dialect, session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield the session, with all that was written so far."""
        self._session.flush()
        yield self._session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in the session; what it wrote is taken back when it raises."""
        with self._session.begin_nested():
            return work(self._session)


@dataclass(frozen=True, slots=True)
class Payer:
    """How somebody pays in the sandbox: the card that she leaves, and what she chooses on its page."""

    card: str = "pays"
    choice: str = "success"


class Stage:
    """One transaction in which time passes. `platform` is what use cases are given: its clock is the stage's."""

    def __init__(self, platform: Platform, session: Session, *, begins_at: datetime, fee_bp: int = 0) -> None:
        tell_nobody(session)
        self.session, self.clock = session, ManualClock(begins_at)
        self.platform = replace(
            platform, database=OneTransaction(platform.database, session), clock=self.clock,
            settings=platform.settings.model_copy(update={"sandbox_fee_bp": fee_bp}),
        )  # fmt: skip
        self.providers: Providers = open_providers(self.platform)
        self._fee_bp = fee_bp
        self._news: deque[OutboxEvent | Job] = deque()
        self._jobs: list[UUID] = []
        self._next_day = begins_at + _DAY
        event.listen(session, "pending_to_persistent", self._hear)

    def _hear(self, _session: Session, row: object) -> None:
        if isinstance(row, (OutboxEvent, Job)):
            self._news.append(row)
        if isinstance(row, Job):
            self._jobs.append(row.id)

    def do(self, work: Callable[[Session], T]) -> T | None:
        """Do one deed and all that follows from it at once; None when it was refused, which changes nothing."""
        known = len(self._news), len(self._jobs)
        try:
            found = self.platform.database.write(work)
        except Refused:
            while len(self._news) > known[0]:
                self._news.pop()
            del self._jobs[known[1] :]
            return None
        self.follow()
        return found

    def pay(self, payment_id: UUID | None, payer: Payer) -> None:
        """Show the payment's page, choose there, and ask how it went; nothing where nothing is to be paid."""
        if payment_id is not None:
            self.do(lambda _: self._pay(payment_id, payer))

    def _pay(self, payment_id: UUID, payer: Payer) -> None:
        present(self.platform.database, self.providers, payment_id, clock=self.clock)
        payment = self.session.get_one(Payment, payment_id)
        if payment.provider == "sandbox" and payment.provider_reference is not None:
            reference = payment.provider_reference
            choose(
                self.session, reference, payer.choice, clock=self.clock, card=payer.card, fee_bp=self._fee_bp
            )  # fmt: skip
            ask(self.platform.database, self.providers, payment_id, clock=self.clock)

    def charge(self, subscription_id: UUID, payment_id: UUID | None) -> None:
        """Charge what a subscriber's own deed has asked for, if anything."""
        if payment_id is not None:
            charge_subscription(
                self.platform.database, self.providers, subscription_id, payment_id, clock=self.clock
            )  # fmt: skip
        self.follow()

    def act_at_sandbox(self, payment_id: UUID, name: str) -> bool:
        """Do at the sandbox what only the other side can, and ask how it stands; say whether it could be done."""
        return self.do(lambda session: self._act(session, payment_id, name)) is not None

    def _act(self, session: Session, payment_id: UUID, name: str) -> str:
        reference = session.get_one(Payment, payment_id).provider_reference or ""
        act(session, reference, name, clock=self.clock)
        return ask(self.platform.database, self.providers, payment_id, clock=self.clock)

    def follow(self) -> None:
        """Do what hears of what has happened, and the jobs that it left, but for letters."""
        self.session.flush()
        while self._news:
            row = self._news.popleft()
            if isinstance(row, Job):
                self._run(row.kind, row.args)
                continue
            for kind in jobs.HANDLERS.get(row.kind, ()):
                told = {"event": row.payload, "event_id": str(row.id), "kind": row.kind}
                self._run(kind, told | {"occurred_at": row.occurred_at.isoformat()})

    def _run(self, kind: str, args: Mapping[str, Any]) -> None:
        if kind in _NEVER or "mail" in kind or "send_gift" in kind:
            return
        if kind in jobs.TRANSACTIONAL:
            jobs.TRANSACTIONAL[kind](self.session, self.platform, args)
        elif kind in jobs.LONG:
            jobs.LONG[kind](self.platform, args, _silent)
        self.session.flush()

    def until(self, moment: datetime) -> None:
        """Let time pass up to `moment`, with each subscription's step at its instant and the daily work at its hour."""
        while True:
            due = self.session.scalar(select(func.min(Subscription.next_at)))
            step = self._next_day if due is None else min(self._next_day, max(due, self.clock.now()))
            if step > moment:
                break
            self.clock.set(step)
            if step == self._next_day:
                self._next_day += _DAY
                for kind in _DAILY:
                    self._run(kind, {})
            run_subscriptions(self.platform, {}, _silent)
            self.follow()
        self.clock.set(max(moment, self.clock.now()))

    def close(self) -> None:
        """Leave no job and no notice behind."""
        event.remove(self.session, "pending_to_persistent", self._hear)
        self.session.flush()
        for start in range(0, len(self._jobs), _DELETED_AT_ONCE):
            self.session.execute(delete(Job).where(Job.id.in_(self._jobs[start : start + _DELETED_AT_ONCE])))
        self.session.execute(delete(SandboxNotice))
        self.session.expire_all()


def _silent(**_progress: object) -> None:
    return
