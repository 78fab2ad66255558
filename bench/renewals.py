"""The nightly run of subscriptions: seconds, memory and cost per renewal, from a thousand to a hundred thousand.

One subscriber is real, from the checkout on; the others are copies of her rows. All fall due in the same night and are
renewed as they are in a running academy: an order, a payment, a charge of the card left at the sandbox (the other side,
which keeps its books here too, in a transaction of its own), the books, the right, the news.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from bench.multiply import added, multiply, snapshot
from bench.postgres import postgres, programs
from bench.shop import OPENING_DAY, Till, shop
from xingtan.core.clock import ManualClock
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import Deferral, OrderLine, Payment, Subscription
from xingtan.domains.commerce.renewing import run_subscriptions
from xingtan.infra.platform import Platform
from xingtan.infra.telemetry import configure_logging

COUNTS = (1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Night:
    """One nightly run."""

    count: int
    seconds: float
    cpu_s: float
    before_mb: float
    most_mb: float
    tenths: tuple[float, ...]
    """Milliseconds per renewal in each tenth of the run."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, action="append", help="how many are renewed; may be given again")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    arguments, _ = parser.parse_known_args()
    configure_logging(log_format="json", level="error")
    print("Subscriptions renewed in one nightly run, each charged at the sandbox")
    print(
        f"{'database':<12}{'renewed':>9}{'s':>8}{'ms each':>9}{'CPU ms':>8}{'MB':>6}{'most MB':>9}   ms each, by tenths"
    )
    for name in arguments.on or ("sqlite", "postgresql"):
        if name == "postgresql" and programs() is None:
            print(f"{name:<12}  skipped: PostgreSQL is not installed")
            continue
        for count in arguments.count or COUNTS:
            _print(name, _on(name, count))


def _on(name: str, count: int) -> Night:
    with tempfile.TemporaryDirectory() as folder:
        if name == "sqlite":
            return night(Path(folder), "", count)
        with postgres() as url:
            return night(Path(folder), url, count)


def _print(name: str, one: Night) -> None:
    each, cpu = one.seconds / one.count * 1000, one.cpu_s / one.count * 1000
    tenths = " ".join(f"{tenth:.1f}" for tenth in one.tenths)
    print(
        f"{name:<12}{one.count:>9,}{one.seconds:>8.1f}{each:>9.2f}{cpu:>8.2f}{one.before_mb:>6.0f}{one.most_mb:>9.0f}"
        f"   {tenths}",
        flush=True,
    )


def night(home: Path, url: str, count: int) -> Night:
    """Have `count` subscriptions renewed in one run, check that all were, and return how it went."""
    clock = ManualClock(OPENING_DAY)
    with shop(home, url, clock=clock) as platform:
        _subscribe(platform, clock, count)
        before, marks = resident_mb(), [(0, time.perf_counter(), resident_mb())]
        cpu = time.process_time()

        def report(*, done: int) -> None:
            marks.append((done, time.perf_counter(), resident_mb()))

        run_subscriptions(platform, {}, report)
        took, cpu = time.perf_counter() - marks[0][1], time.process_time() - cpu
        _check(platform, count)
        return Night(count, took, cpu, before, max(mark[2] for mark in marks), _tenths(marks))


def _subscribe(platform: Platform, clock: ManualClock, count: int) -> None:
    """Let one subscribe and come to the last day of her period, then as many as are missing like her."""
    till = Till(platform)
    offer = till.offer(till.product("tea"), "subscription", terms={"interval": "P1M"})
    before = snapshot(platform.database)
    till.buy(till.person(), offer.id)
    with platform.database.reading() as session:
        sub = session.scalars(select(Subscription)).one()
    clock.set(sub.period_ends_at - timedelta(hours=1))
    run_subscriptions(platform, {}, _nothing)
    multiply(platform.database, added(before, snapshot(platform.database)), count - 1)
    with platform.database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    clock.set(sub.period_ends_at + timedelta(hours=1))


def _nothing(**_: object) -> None:
    pass


def _check(platform: Platform, count: int) -> None:
    with platform.database.reading() as session:
        again = session.scalar(select(func.count()).select_from(Subscription).where(Subscription.payments == 2))  # noqa: PLR2004
        kept = session.scalar(select(func.count()).select_from(Payment).where(Payment.state == "succeeded"))
        lines = session.scalar(select(func.count()).select_from(OrderLine))
        earned = session.scalar(select(func.count()).select_from(Deferral))
        assert (again, kept, lines, earned) == (count, 2 * count, 2 * count, 2 * count), (again, kept, lines, earned)
        assert not list(books.check(session))


def _tenths(marks: Sequence[tuple[int, float, float]]) -> tuple[float, ...]:
    """Return the cost of one in each tenth, as far as the batches tell."""
    found: list[float] = []
    last = marks[0]
    for mark in marks[1:]:
        if mark[0] >= (len(found) + 1) * marks[-1][0] / 10:
            found.append((mark[1] - last[1]) / (mark[0] - last[0]) * 1000)
            last = mark
    return tuple(found)


def resident_mb() -> float:
    """Return this process's resident memory, in MB (10^6 bytes)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    msg = "no VmRSS"
    raise RuntimeError(msg)


if __name__ == "__main__":
    main()
