"""Sees that something public changed in another process, by the newest event in the outbox, once a second.

Prices and launches also begin and end by the clock alone, without an event: so everything is dropped once a minute.
"""

import threading

import structlog
from sqlalchemy.exc import DBAPIError

from xingtan.infra.cache import PageCache
from xingtan.infra.db import Database
from xingtan.infra.outbox import newest_event
from xingtan.web.academy import AcademyMemory

_EVERY_S = 1.0
_LOOKS_PER_MINUTE = 60
_log = structlog.get_logger("web")


class PublicWatch:
    """Drops the pages kept for strangers when another process changed something that they show."""

    def __init__(self, database: Database, cache: PageCache, academy: AcademyMemory, kinds: frozenset[str]) -> None:
        self._database, self._cache, self._academy = database, cache, academy
        self._kinds = sorted(kinds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="public watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        seen, looks = self._newest(), 0
        while not self._stopping.wait(_EVERY_S):
            newest, looks = self._newest(), looks + 1
            if newest != seen or looks % _LOOKS_PER_MINUTE == 0:
                seen = newest
                self._academy.forget()
                self._cache.bump()

    def _newest(self) -> object:
        try:
            return self._database.read(lambda session: newest_event(session, self._kinds))
        except DBAPIError:
            _log.warning("cannot see whether something public changed")
            return object()  # unlike anything seen: drop the pages rather than show old ones
