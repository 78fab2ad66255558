"""Pages kept in memory as bytes: bounded, thread-safe, all dropped at once when something public changes.

Only the web edge's public pages go in here, and they are rendered without a viewer: no personal byte is ever kept.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CachedPage:
    """An answer, ready to be sent: status, headers without content-length, body, body gzipped, strong ETag."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    gzip_body: bytes | None
    etag: str

    @property
    def weight(self) -> int:
        """Return about how many bytes of memory this page takes."""
        return len(self.body) + len(self.gzip_body or b"") + 1024


class PageCache:
    """Pages by key, least recently used first out, at most `max_bytes` in all."""

    def __init__(self, max_bytes: int = 32 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[str, CachedPage] = OrderedDict()
        self._bytes = 0
        self._epoch = 0
        self._guard = threading.Lock()

    @property
    def epoch(self) -> int:
        """Return the number of times that everything was dropped; a page is kept only if it did not change meanwhile."""
        return self._epoch

    def get(self, key: str) -> CachedPage | None:
        """Return the page kept under `key`, or None."""
        with self._guard:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: str, page: CachedPage, *, epoch: int) -> None:
        """Keep `page`, whose rendering began in `epoch`; a page of an older epoch, or one too large, is let go."""
        with self._guard:
            if epoch != self._epoch or page.weight > self._max_bytes // 4:
                return
            old = self._pages.pop(key, None)
            self._bytes += page.weight - (old.weight if old else 0)
            self._pages[key] = page
            while self._bytes > self._max_bytes:
                _, dropped = self._pages.popitem(last=False)
                self._bytes -= dropped.weight

    def bump(self) -> None:
        """Drop every page."""
        with self._guard:
            self._pages.clear()
            self._bytes = 0
            self._epoch += 1

    def __len__(self) -> int:
        """Return how many pages are kept."""
        return len(self._pages)
