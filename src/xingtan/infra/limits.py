"""Rate limits: so many tries in a moving window, counted in this process or in Redis for all of them.

1. What is counted is hashed: neither memory nor Redis holds an address or a name.
2. A try that is refused is not counted, so waiting as long as `retry_after_s` says is enough.
"""

import hashlib
import math

from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from xingtan.core.clock import SystemClock
from xingtan.core.errors import LimitReached, Unavailable, say


class RateLimiter:
    """Counts tries at `uri`: ``memory://`` (one process) or ``redis://…`` (all processes)."""

    def __init__(self, uri: str) -> None:
        options = {} if uri.startswith("memory") else {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}
        self._window = MovingWindowRateLimiter(storage_from_string(uri, wrap_exceptions=True, **options))

    def check(self, rule: str, *keys: str) -> None:
        """Count one try of `keys` under `rule`, such as ``10/minute``; `LimitReached` when it is one too many.

        `Unavailable` when Redis does not answer: a limit that nobody counts is no limit.
        """
        limit, name = parse(rule), _hashed(keys)
        try:
            if self._window.hit(limit, name):
                return
            resets_at = self._window.get_window_stats(limit, name).reset_time
        except StorageError as error:
            raise Unavailable(say("The academy is very busy right now. Please try again in a moment.")) from error
        wait_s = math.ceil(resets_at - SystemClock().now().timestamp())
        raise LimitReached(say("Too many tries. Please wait a little."), retry_after_s=max(1, wait_s))


def _hashed(keys: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join(keys).encode(errors="surrogatepass")).hexdigest()
