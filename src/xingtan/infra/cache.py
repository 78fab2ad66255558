"""Finished pages in memory, for the web edge's public pages and for nothing else.

1. A page kept here is the same for every stranger: nothing personal, nothing that a permission decides, no cookie.
2. `bump` drops everything at once. A page whose making began before the bump is not kept: it may show what was.
3. The memory used is bounded in bytes; the page that was looked at longest ago goes first.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

_PAGE_OVERHEAD = 1024  # the objects around the bytes
DEFAULT_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A whole answer, immutable: `gzip_body` is None where compression does not pay, `etag` is quoted."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    gzip_body: bytes | None
    etag: str

    @property
    def weight(self) -> int:
        """Return about how many bytes of memory this page takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + len(self.gzip_body or b"") + headers + _PAGE_OVERHEAD


class PageCache:
    """The pages of one process by key, at most `max_bytes` of them; safe to share between threads."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[str, CachedPage] = OrderedDict()
        self._bytes = 0
        self._epoch = 0
        self._guard = threading.Lock()

    @property
    def epoch(self) -> int:
        """Return how often everything was dropped. Read it before making a page, and hand it to `put`."""
        return self._epoch

    @property
    def weight(self) -> int:
        """Return about how many bytes the pages take."""
        return self._bytes

    def get(self, key: str) -> CachedPage | None:
        """Return the page kept under `key`, or None."""
        with self._guard:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: str, page: CachedPage, *, epoch: int) -> None:
        """Keep `page`, unless everything was dropped since `epoch`, or it alone would take an eighth of the memory."""
        weight = page.weight + len(key)
        with self._guard:
            if epoch != self._epoch or weight > self._max_bytes // 8:
                return
            self._drop(key)
            self._pages[key] = page
            self._bytes += weight
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._pages)))

    def bump(self) -> None:
        """Drop every page, and those that are being made right now."""
        with self._guard:
            self._epoch += 1
            self._pages.clear()
            self._bytes = 0

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= page.weight + len(key)
