"""The worker: what it owes to those who enqueue. Once and only once, again after a crash, never twice at a time."""

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.faults.killing import open_home, start_process, was_killed
from tests.fixtures.academy import OPENING_DAY
from tests.worker.tea_house import (
    BREW,
    POUR,
    TIDY,
    WIRING,
    KettleBoiled,
    TeaPoured,
    order,
    poured,
    work,
    work_beside_others,
)
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, Refused, Unavailable
from xingtan.infra import jobs, outbox
from xingtan.infra.jobs import JobView
from xingtan.infra.platform import Platform
from xingtan.wiring import ReportsProgress, Wiring
from xingtan.worker.loop import Worker


def job(platform: Platform, job_id: Any) -> JobView:
    return platform.database.read(lambda session: jobs.job_view(session, job_id))


def states(platform: Platform) -> Counter[str]:
    return Counter(view.state for view in platform.database.read(lambda session: jobs.newest_jobs(session, limit=500)))


def wired(**functions: Any) -> Wiring:
    """Return a wiring of these transactional jobs, without a schedule."""
    transactional = {f"test.{name}": function for name, function in functions.items()}
    return replace(WIRING, transactional=transactional, long={}, periodic=())


# Kill -9


@pytest.fixture(scope="module")
def with_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a piece of news to tell and a long job to do."""
    home = tmp_path_factory.mktemp("tea") / "home"
    platform = open_home(home, ManualClock(OPENING_DAY))
    platform.database.write(lambda session: outbox.emit(session, KettleBoiled("one"), at=OPENING_DAY))
    order(platform, "two", kind=BREW, brewers=1)
    platform.close()
    return home


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize(("place", "at_least"), [("write", 12), ("commit", 9), ("committed", 9)])
def test_a_worker_killed_anywhere_leaves_its_work_to_the_next_and_nothing_is_done_twice(
    with_work: Path, tmp_path: Path, place: str, at_least: int
) -> None:
    at, is_killed = 0, True
    while is_killed:
        at += 1
        home = tmp_path / f"{place}-{at}"
        shutil.copytree(with_work, home)
        is_killed = was_killed(work, home, ManualClock(OPENING_DAY), place=place, at=at)
        for mark in home.glob("at-work-*"):  # the dead are at nothing any more
            mark.unlink()
        platform = open_home(home, ManualClock(OPENING_DAY + jobs.LEASE * 1.1))
        Worker(platform, WIRING).drain()
        assert states(platform) == {"done": 3}, f"killed at {place} {at}"
        assert poured(platform) == 1, f"killed at {place} {at}"
        platform.close()
        shutil.rmtree(home)
    assert at - 1 >= at_least


# Two at once


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.mark.slow
def test_two_workers_on_one_database_share_the_work_and_never_do_a_job_twice(shared_url: str, tmp_path: Path) -> None:
    clock, cups = ManualClock(OPENING_DAY), 12
    platform = open_home(tmp_path, clock, database_url=shared_url)
    for number in range(cups):
        order(platform, f"p{number}")
        order(platform, f"b{number}", kind=BREW, brewers=2)
        cup = f"n{number}"
        platform.database.write(lambda session, cup=cup: outbox.emit(session, KettleBoiled(cup), at=OPENING_DAY))
    processes = [start_process(work_beside_others, tmp_path, clock, shared_url) for _ in range(2)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    every = platform.database.read(lambda session: jobs.newest_jobs(session, limit=500))
    assert [(view.kind, view.attempts, view.error) for view in every if view.state != "done" or view.attempts > 1] == []
    assert poured(platform) == 2 * cups
    done = Counter(line.split()[0] for line in (tmp_path / "diary").read_text().splitlines())
    assert {cup: times for cup, times in done.items() if cup.startswith("b") and times > 1} == {}
    assert len(done) == 3 * cups
    workers = {line.split()[1] for line in (tmp_path / "diary").read_text().splitlines()}
    assert len(workers) == 2
    platform.close()


def _reports(report: ReportsProgress) -> None:
    report(done=1)


def _ends(_report: ReportsProgress) -> None:
    pass


def _fails(_report: ReportsProgress) -> None:
    message = "spilt"
    raise RuntimeError(message)


@pytest.mark.parametrize("end", [_reports, _ends, _fails])
def test_who_lost_the_lease_leaves_the_job_to_the_other(
    platform: Platform, clock: ManualClock, end: Callable[[ReportsProgress], None]
) -> None:
    def sleeps(platform: Platform, _args: Mapping[str, Any], report: ReportsProgress) -> None:
        clock.advance(seconds=jobs.LEASE.total_seconds() + 1)
        taken = platform.database.write(lambda session: jobs.claim(session, "heir", at=clock.now()))
        assert taken is not None
        end(report)

    job_id = order(platform, "one", kind="test.sleep")
    slow = Worker(platform, replace(WIRING, long={"test.sleep": sleeps}, periodic=()))
    assert slow.turn()
    assert not slow.turn()  # nothing to do: the heir is at it
    view = job(platform, job_id)
    assert (view.state, view.attempts, view.error, view.progress) == ("running", 2, None, {})
    platform.database.write(lambda session: jobs.finish(session, job_id, "heir", at=clock.now()))
    assert job(platform, job_id).state == "done"


def test_reporting_keeps_the_lease(platform: Platform, clock: ManualClock) -> None:
    def long(platform: Platform, _args: Mapping[str, Any], report: ReportsProgress) -> None:
        for done in range(4):
            clock.advance(seconds=jobs.LEASE.total_seconds() - 1)
            report(done=done)
            assert platform.database.write(lambda session: jobs.claim(session, "other", at=clock.now())) is None

    job_id = order(platform, "one", kind="test.long")
    Worker(platform, replace(WIRING, long={"test.long": long}, periodic=())).drain()
    view = job(platform, job_id)
    assert (view.state, view.attempts, view.progress) == ("done", 1, {"done": 3})


# Failures


def test_a_failure_takes_its_rows_along_and_is_tried_again_ever_later(platform: Platform, clock: ManualClock) -> None:
    tries: list[Any] = []

    def away(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
        tries.append(clock.now())
        outbox.emit(session, TeaPoured(args["cup"]), at=clock.now())
        raise Unavailable("the kettle is away")

    job_id = order(platform, "one", kind="test.away")
    worker = Worker(platform, wired(away=away))
    while job(platform, job_id).state == "queued":
        clock.set(job(platform, job_id).run_at)
        assert worker.drain() == 1
        assert worker.drain() == 0
    view = job(platform, job_id)
    assert (view.state, view.attempts, view.error) == ("dead", jobs.MAX_ATTEMPTS, "Unavailable: the kettle is away")
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == [jobs.backoff(attempt) for attempt in range(1, jobs.MAX_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert poured(platform) == 0
    clock.advance(days=365)
    assert worker.drain() == 0  # the dead rest

    platform.database.write(lambda session: jobs.revive(session, job_id, at=clock.now()))
    Worker(platform, wired(away=WIRING.transactional[POUR])).drain()
    assert (job(platform, job_id).state, job(platform, job_id).error, poured(platform)) == ("done", None, 1)


@pytest.mark.parametrize(
    ("error", "state"),
    [(Refused("never"), "dead"), (Conflict("not now"), "queued"), (ZeroDivisionError("oh"), "queued")],
)  # fmt: skip
def test_only_a_refusal_is_final_and_no_failure_stops_the_others(
    platform: Platform, error: Exception, state: str
) -> None:
    def fails(_session: Session, _platform: Platform, _args: Mapping[str, Any]) -> None:
        raise error

    job_id = order(platform, "one", kind="test.fails")
    order(platform, "two", kind="test.pour")
    Worker(platform, wired(fails=fails, pour=WIRING.transactional[POUR])).drain()
    view = job(platform, job_id)
    assert (view.state, view.attempts, view.error) == (state, 1, f"{type(error).__name__}: {error}")
    assert poured(platform) == 1


def test_a_job_that_nobody_knows_is_kept_and_said(platform: Platform) -> None:
    job_id = order(platform, "one", kind="test.of_another_version")
    Worker(platform, wired()).drain()
    view = job(platform, job_id)
    assert view.state == "queued"
    assert view.error is not None
    assert "test.of_another_version" in view.error


# The thread


def test_stopping_finishes_what_was_begun(platform: Platform) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def waits(platform: Platform, _args: Mapping[str, Any], _report: ReportsProgress) -> None:
        has_begun.set()
        assert may_end.wait(20)

    first = order(platform, "one", kind="test.waits")
    worker = Worker(platform, replace(WIRING, long={"test.waits": waits}, periodic=()))
    worker.start()
    assert has_begun.wait(20)
    second = order(platform, "two")
    threading.Timer(0.1, may_end.set).start()
    worker.stop()
    assert (job(platform, first).state, job(platform, second).state) == ("done", "queued")


def test_news_wakes_a_sleeping_worker(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xingtan.worker.loop._IDLE_S", 60)
    has_poured = threading.Event()

    def pours(_session: Session, _platform: Platform, _args: Mapping[str, Any]) -> None:
        has_poured.set()

    worker = Worker(platform, wired(pour=pours))
    worker.start()
    try:
        platform.database.write(lambda session: outbox.emit(session, KettleBoiled("one"), at=OPENING_DAY))
        assert has_poured.wait(20)
    finally:
        worker.stop()


def test_a_stumble_is_survived(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    stumbles = [Unavailable("the database does not answer")]
    turn, has_poured = Worker.turn, threading.Event()

    def stumbling(self: Worker) -> bool:
        if stumbles:
            raise stumbles.pop()
        return turn(self)

    def pours(_session: Session, _platform: Platform, _args: Mapping[str, Any]) -> None:
        has_poured.set()

    monkeypatch.setattr(Worker, "turn", stumbling)
    order(platform, "one")
    worker = Worker(platform, wired(pour=pours))
    worker.start()
    try:
        assert has_poured.wait(20)
    finally:
        worker.stop()


def test_the_schedule_is_kept_once_however_many_workers_look(platform: Platform, clock: ManualClock) -> None:
    workers = [Worker(platform, WIRING) for _ in range(3)]
    for _ in range(2):
        assert sum(worker.drain() for worker in workers) == 1
        clock.advance(days=1)
    every = platform.database.read(jobs.newest_jobs)
    assert [view.kind for view in every] == [TIDY, TIDY]
