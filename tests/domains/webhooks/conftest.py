"""An academy whose webhooks may reach this machine, and the few steps that most tests begin with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.domains.webhooks.receiver import Receiver, receiving
from xingtan.core.clock import ManualClock, SystemClock
from xingtan.core.event import Event
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.events import OrderCancelled
from xingtan.domains.identity import api as identity
from xingtan.domains.webhooks import api as webhooks
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.infra.db import new_id
from xingtan.infra.jobs import claim, finish
from xingtan.infra.outbox import emit, fan_out
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.wiring import wire


@pytest.fixture
def clock() -> ManualClock:
    """Stands at the machine's time: the foreign library asks the machine how old a signature is."""
    return ManualClock(SystemClock().now())


@pytest.fixture
def platform(settings: Settings, clock: ManualClock) -> Iterator[Platform]:
    opened = open_platform(settings.model_copy(update={"webhooks_allow_private": True}), clock=clock)
    yield opened
    opened.close()


@dataclass
class Post:
    """The webhooks of an academy. Each verb is one transaction; `work` does the webhooks' jobs and no others."""

    platform: Platform
    clock: ManualClock

    def write(self, work: Any) -> Any:
        return self.platform.database.write(work)

    def read(self, work: Any) -> Any:
        return self.platform.database.read(work)

    def endpoint(self, url: str, events: Sequence[str] = ("order.cancelled",)) -> webhooks.MadeEndpoint:
        command, reach = webhooks.SaveEndpoint(url, events), webhooks.reach_of(self.platform)
        return self.write(
            lambda s: webhooks.make_endpoint(
                s, command, viewer=SYSTEM, reach=reach, clock=self.clock, vault=self.platform.vault
            )
        )

    def tell(self, event: Event | None = None) -> UUID:
        """Write an event into the outbox and return its id."""
        event = event or OrderCancelled(new_id(), new_id())
        return self.write(lambda s: emit(s, event, at=self.clock.now()))

    def work(self, *, most: int = 10_000) -> int:
        """Fan out, then do what is due of the webhooks, one job after the other; return how many there were."""
        wiring, done = wire(), 0
        self.write(lambda s: fan_out(s, wiring.handlers, at=self.clock.now()))
        while done < most:
            job = self.write(lambda s: claim(s, "test", at=self.clock.now()))
            if job is None:
                break
            if not job.kind.startswith("webhooks."):
                self.write(lambda s, it=job: finish(s, it.id, "test", at=self.clock.now()))
                continue
            if job.kind in wiring.transactional:
                self.write(lambda s, it=job: wiring.transactional[it.kind](s, self.platform, it.args))
            else:
                wiring.long[job.kind](self.platform, job.args, lambda **_: None)
            self.write(lambda s, it=job: finish(s, it.id, "test", at=self.clock.now()))
            done += 1
            self.write(lambda s: fan_out(s, wiring.handlers, at=self.clock.now()))
        return done

    def row(self, endpoint_id: UUID) -> Endpoint:
        return self.read(lambda s: s.get(Endpoint, endpoint_id))

    def messages(self) -> list[Message]:
        return self.read(lambda s: s.scalars(select(Message).order_by(Message.id)).all())

    def attempts(self) -> list[Attempt]:
        return self.read(lambda s: s.scalars(select(Attempt).order_by(Attempt.at, Attempt.id)).all())

    def change(self, act: Any, *args: Any, **more: Any) -> Any:
        """Do one of the domain's acts as the system."""
        return self.write(lambda s: act(s, *args, viewer=SYSTEM, clock=self.clock, **more))

    def until_next(self) -> timedelta:
        """Move the clock to the moment at which the next message is due, and return by how much."""
        due = min(row.next_at for row in self.messages() if row.next_at is not None)
        pause = due - self.clock.now()
        self.clock.set(due)
        return pause


@pytest.fixture
def post(platform: Platform, clock: ManualClock) -> Post:
    return Post(platform, clock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def owner(platform: Platform, clock: ManualClock) -> identity.PersonView:
    command = identity.SetUp(
        {"zh": "杏坛书院", "en": "Apricot Terrace"}, "孔老师", "kong@example.org", "zh", "CNY", "Asia/Shanghai",
        "ten strips of dried meat",
    )  # fmt: skip
    hashed = identity.passwords(is_fast=True).hash("ten strips of dried meat")
    return platform.database.write(
        lambda s: identity.set_up(s, command, password_hash=hashed, clock=clock, vault=platform.vault)
    )
