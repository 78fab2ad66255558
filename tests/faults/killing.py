"""Kill -9 at a chosen moment: how a real process is started, where it may die, and how often it came past each place.

The places: before every write of SQL (`write`), before and after every commit (`commit`, `committed`), before and after
every file that is stored (`storing`, `stored`).
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
from sqlalchemy import event
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

PLACES = ("write", "commit", "committed", "storing", "stored")
_SURVIVED = "survived.json"
_WRITES = ("INSERT", "UPDATE", "DELETE")
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["xingtan.wiring", "tests.domains.commerce.shop", "tests.domains.catalog.sources"])


def open_home(home: Path, clock: ManualClock, *, database_url: str = "") -> Platform:
    """Open the academy in `home`, as a restart does."""
    settings = Settings(home=home, argon2_fast=True, base_url="http://testserver", database_url=database_url)
    return open_platform(settings, clock=clock)


def start_process(target: Callable[..., None], *args: Any, **more: Any) -> Any:
    """Start `target` in a process of its own and return the process."""
    process = _forks.Process(target=target, args=args, kwargs=more)
    process.start()
    return process


def was_killed(target: Callable[..., None], *args: Any, **more: Any) -> bool:
    """Run `target` in a process of its own; return whether it was killed, False when it came to its end."""
    process = start_process(target, *args, **more)
    process.join(60)
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return bool(process.exitcode)


def passed(home: Path) -> dict[str, int]:
    """Return how often the process that survived in `home` came past each place."""
    counts: dict[str, int] = json.loads((home / _SURVIVED).read_text())
    return counts


class Killer:
    """Counts how often its process comes past each place; at the `at`-th time at `place` the process kills itself."""

    def __init__(self, platform: Platform, place: str, at: int) -> None:
        self._place, self._at = place, at
        self.counts = dict.fromkeys(PLACES, 0)
        engine = platform.database.engine
        event.listen(engine, "before_cursor_execute", self._before_execute)
        event.listen(engine, "commit", lambda _connection: self._count("commit"))
        event.listen(Session, "after_commit", self._after_commit)
        self._put = obstore.put
        obstore.put = self._store

    def survived(self, home: Path) -> None:
        """Leave the counts in `home`, for `passed`."""
        (home / _SURVIVED).write_text(json.dumps(self.counts))

    def _before_execute(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(_WRITES):
            self._count("write")

    def _after_commit(self, session: Session) -> None:
        if not session.info.get("reading"):
            self._count("committed")

    def _store(self, *args: Any, **more: Any) -> Any:
        self._count("storing")
        done = self._put(*args, **more)
        self._count("stored")
        return done

    def _count(self, place: str) -> None:
        self.counts[place] += 1
        if place == self._place and self.counts[place] == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
