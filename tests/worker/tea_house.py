"""Jobs that can be interrupted, and a worker process that does them: what the worker tests start, watch and lose."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.faults.killing import Killer, open_home
from xingtan.core.clock import ManualClock
from xingtan.core.event import Event
from xingtan.infra import jobs, outbox
from xingtan.infra.jobs import Periodic
from xingtan.infra.outbox import OutboxEvent
from xingtan.infra.platform import Platform
from xingtan.wiring import ReportsProgress, Wiring
from xingtan.worker.loop import Worker

POUR, BREW, TIDY = "test.pour", "test.brew", "test.tidy"
_PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class KettleBoiled(Event):
    kind: ClassVar[str] = "test.kettle_boiled"
    cup: str


@dataclass(frozen=True, slots=True)
class TeaPoured(Event):
    kind: ClassVar[str] = "test.tea_poured"
    cup: str


@contextmanager
def _alone(platform: Platform, cup: str) -> Iterator[None]:
    """Fail when somebody else is at the same cup; note who was at it, once more for every time."""
    mark = platform.settings.home / f"at-work-{cup}"
    mark.touch(exist_ok=False)
    with (platform.settings.home / "diary").open("a") as diary:
        diary.write(f"{cup} {os.getpid()}\n")
    try:
        yield
    finally:
        mark.unlink()


def pour(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    """A transactional job: one row, which doing it twice would make two."""
    cup = str(args["event"]["cup"] if "event" in args else args["cup"])
    with _alone(platform, cup):
        outbox.emit(session, TeaPoured(cup), at=platform.clock.now())


def brew(platform: Platform, args: Mapping[str, Any], report: ReportsProgress) -> None:
    """A long job: it goes on only while another process is at another one."""
    home = platform.settings.home
    with _alone(platform, str(args["cup"])):
        report(done=0)
        (home / f"brewer-{os.getpid()}").touch()
        until = time.monotonic() + _PATIENCE_S
        while len(list(home.glob("brewer-*"))) < args["brewers"]:
            assert time.monotonic() < until, "nobody else came to work"
            time.sleep(0.005)
        report(done=1)


def tidy(_session: Session, _platform: Platform, _args: Mapping[str, Any]) -> None:
    """A periodic job with nothing to do."""


WIRING = Wiring(
    handlers={KettleBoiled.kind: (POUR,), TeaPoured.kind: ()},
    transactional={POUR: pour, TIDY: tidy},
    long={BREW: brew},
    periodic=(Periodic(TIDY, timedelta(days=1)),),
    public_events=frozenset(),
)


def poured(platform: Platform) -> int:
    """Return how many cups stand on the table."""
    wanted = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.kind == TeaPoured.kind)
    return platform.database.read(lambda session: session.scalar(wanted) or 0)


def order(platform: Platform, cup: str, *, kind: str = POUR, **more: Any) -> Any:
    """Enqueue the job of one cup and return its id."""
    now = platform.clock.now()
    return platform.database.write(
        lambda session: jobs.enqueue(session, kind, {"cup": cup, **more}, key=f"{kind}:{cup}", at=now)
    )


def work(home: Path, clock: ManualClock, *, place: str, at: int) -> None:
    """Do all the work in `home`, and die when the process comes past `place` for the `at`-th time."""
    platform = open_home(home, clock)
    Killer(platform, place, at)
    Worker(platform, WIRING).drain()
    platform.close()


def work_beside_others(home: Path, clock: ManualClock, database_url: str) -> None:
    """Do work in `home` until there is none."""
    platform = open_home(home, clock, database_url=database_url)
    Worker(platform, WIRING).drain()
    platform.close()
