"""The loop: fan out the outbox, start what the schedule wants, run what is due, sleep until woken.

1. A transactional job's effect and its end are one commit. 2. A long job reports progress, which keeps its lease.
3. Whatever a job raises is noted on it; the loop itself never dies of a job.
"""

import os
import secrets
import socket
import threading
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from xingtan.core.errors import Conflict, Refused
from xingtan.infra import jobs
from xingtan.infra.jobs import Job
from xingtan.infra.outbox import fan_out, has_waiting
from xingtan.infra.platform import Platform
from xingtan.wiring import Wiring

_IDLE_S = 1.0
_log = structlog.get_logger("worker")


class Worker:
    """Does the academy's background work, one job at a time."""

    def __init__(self, platform: Platform, wiring: Wiring) -> None:
        self._platform = platform
        self._wiring = wiring
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread of this process until `stop`."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the thread ends."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(1)

    def stop(self, *, timeout_s: float = 20) -> None:
        """Finish the job at hand, then end."""
        self._stopping.set()
        jobs.wake()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping.is_set():
            try:
                worked = self.turn()
            except Exception:  # noqa: BLE001 - whatever it was, the next turn is a new chance
                _log.exception("the worker stumbled")
                worked = False
            if not worked and not self._stopping.is_set():
                jobs.wait_for_work(_IDLE_S)

    def drain(self, *, limit: int = 10_000) -> int:
        """Do everything that is due now and return how many turns it took; for tests and the command line."""
        for done in range(limit):
            if not self.turn():
                return done
        msg = f"more than {limit} jobs: does a job enqueue itself?"
        raise RuntimeError(msg)

    def turn(self) -> bool:
        """Do the next piece of work; return whether there was any."""
        database, clock = self._platform.database, self._platform.clock
        now = clock.now()
        if not database.read(
            lambda session: has_waiting(session) or jobs.has_due(session, self._wiring.periodic, at=now)
        ):
            return False
        told = database.write(lambda session: fan_out(session, self._wiring.handlers, at=now))
        database.write(self._keep_schedule)
        job = database.write(lambda session: jobs.claim(session, self._name, at=now))
        if job is None:
            return told > 0
        self._run(job)
        return True

    def _keep_schedule(self, session: Session) -> None:
        for periodic in self._wiring.periodic:
            jobs.enqueue_periodic(session, periodic, at=self._platform.clock.now())

    def _run(self, job: Job) -> None:
        with structlog.contextvars.bound_contextvars(job=str(job.id), kind=job.kind):
            try:
                self._perform(job)
            except Conflict as error:
                self._fail(job.id, error, is_final=False)
            except Refused as error:
                self._fail(job.id, error, is_final=True)
            except Exception as error:  # noqa: BLE001 - noted on the job, whatever it was
                _log.exception("a job failed")
                self._fail(job.id, error, is_final=False)

    def _perform(self, job: Job) -> None:
        platform = self._platform
        transactional = self._wiring.transactional.get(job.kind)
        if transactional is not None:

            def work(session: Session) -> None:
                transactional(session, platform, job.args)
                jobs.finish(session, job.id, self._name, at=platform.clock.now())

            platform.database.write(work)
            return
        long = self._wiring.long.get(job.kind)
        if long is None:
            msg = f"no function is wired for jobs of kind {job.kind}"
            raise LookupError(msg)
        long(platform, job.args, Progress(platform, job.id, self._name))
        platform.database.write(lambda session: jobs.finish(session, job.id, self._name, at=platform.clock.now()))

    def _fail(self, job_id: UUID, error: Exception, *, is_final: bool) -> None:
        now = self._platform.clock.now()
        text = f"{type(error).__name__}: {error}"
        self._platform.database.write(
            lambda session: jobs.fail(session, job_id, self._name, text, is_final=is_final, at=now)
        )


class Progress:
    """How a long job says how far it is."""

    def __init__(self, platform: Platform, job_id: UUID, worker: str) -> None:
        self._platform, self._job_id, self._worker = platform, job_id, worker

    def __call__(self, **progress: object) -> None:
        """Store `progress` and keep the job's lease; `Conflict` when another worker has taken the job over."""
        now = self._platform.clock.now()
        self._platform.database.write(
            lambda session: jobs.report_progress(session, self._job_id, self._worker, progress, at=now)
        )
