"""When to try again, when to let an endpoint rest, when to give up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pauses between the ten attempts at a message, as the Standard Webhooks specification recommends them."""

JITTER = 0.1
"""A pause is up to a tenth longer, by chance, so that what failed together does not come again together."""

TURN_OFF_AFTER = timedelta(days=5)
"""An endpoint through which nothing got for so long, although it was tried, is turned off."""

_SUCCESS = range(200, 300)
_ASKS_FOR_REST = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_FIRST_REST_S = 5
_LONGEST_REST = timedelta(minutes=10)
_LONGEST_ASKED = timedelta(hours=1)
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: a `status`, or the `failure` that there was instead of one."""

    status: int | None
    failure: str | None
    took_ms: int
    answer: str
    retry_after: str = ""

    @property
    def is_delivered(self) -> bool:
        """Say whether the receiver took the message: any 2xx, and nothing else."""
        return self.status in _SUCCESS

    @property
    def is_gone(self) -> bool:
        """Say whether the receiver wants no messages any more."""
        return self.status == HTTPStatus.GONE

    @property
    def is_miss(self) -> bool:
        """Say whether the receiver is not there, or is overwhelmed, so that it is better left in peace for a while."""
        return self.status is None or self.status in _ASKS_FOR_REST


def pause_after(tries: int, *, chance: float) -> timedelta | None:
    """Return the pause after `tries` failed attempts, `chance` being in [0, 1); None: give up."""
    if tries > len(PAUSES_S):
        return None
    return timedelta(seconds=PAUSES_S[tries - 1] * (1 + JITTER * chance))


def rest_after(misses: int, outcome: Outcome, *, at: datetime) -> timedelta:
    """Return how long an endpoint rests after `misses` misses in a row: what it asked for, else ever longer."""
    asked = _asked_rest(outcome.retry_after, at=at)
    if asked is not None:
        return asked
    doublings = min(misses - 1, _MOST_DOUBLINGS)
    return min(timedelta(seconds=_FIRST_REST_S * 2**doublings), _LONGEST_REST)


def _asked_rest(retry_after: str, *, at: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110 §10.2.3), a number of seconds or a date; an hour at most."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        wanted = timedelta(seconds=min(int(text[:9]), 10**6))
    else:
        try:
            wanted = parsedate_to_datetime(text) - at
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wanted, timedelta()), _LONGEST_ASKED)


def turns_off(outcome: Outcome, *, failing_since: datetime, at: datetime) -> str:
    """Return why an endpoint is turned off after this failure; empty: it is not."""
    if outcome.is_gone:
        return "gone"
    return "failing" if at - failing_since >= TURN_OFF_AFTER else ""


def outcome_of_status(status: int, *, headers: Mapping[str, str], took_ms: int, body: bytes) -> Outcome:
    """Return the outcome of an answer; its beginning is kept as text that a database can hold."""
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Outcome(status, None, took_ms, text, headers.get("retry-after", ""))
