"""When a subscription is to be looked at next, and what is to be done then. Pure: the nightly run only obeys.

A subscription's life is a row of steps, each with its instant. `next_step` returns the next one; doing it changes the
facts, so that the same step is never done twice and a run that was killed goes on where it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Deed = Literal["remind", "ask", "renew", "lapse", "dun", "end", "pause", "wake"]

CHARGE_TAKES = timedelta(hours=1)
"""So long a charge may take before the subscription is past due."""
ASKED_AGAIN_FOR = timedelta(days=1)
"""So long after the last letter somebody may still pay."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The academy's own numbers of days: tries after a failed payment, letters before a payment."""

    dunning_days: tuple[int, ...] = (2, 7, 14, 21)
    ask_days: int = 3
    remind_days: int = 7
    trial_remind_days: int = 3
    pause_days_at_most: int = 90

    @property
    def grace(self) -> timedelta:
        """Return how long access outlives what was paid for while payment is asked for."""
        return timedelta(days=self.dunning_days[-1] if self.dunning_days else 0) + ASKED_AGAIN_FOR


@dataclass(frozen=True, slots=True)
class Facts:
    """What is to be known of a subscription to know its next step.

    `paid_until` is where its last billing period ends; `due_since` is set while a payment for what comes then is
    missing. `is_yearly`: it renews so rarely that a letter is owed before.
    """

    state: str
    paid_until: datetime
    has_mandate: bool
    is_yearly: bool = False
    is_reminded: bool = False
    is_asked: bool = False
    wants_pause: bool = False
    due_since: datetime | None = None
    dunned: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done, and from when on."""

    at: datetime
    deed: Deed


def next_step(facts: Facts, policy: Policy) -> Step | None:
    """Return the next step; None when there is none any more."""
    return min(_steps(facts, policy), key=lambda step: step.at, default=None)


def _steps(facts: Facts, policy: Policy) -> Iterator[Step]:
    if facts.state in {"ended", "completed"}:
        return
    if facts.due_since is not None:
        yield _missing(facts, facts.due_since, policy.dunning_days)
    elif facts.state == "cancelled":
        yield Step(facts.paid_until, "end")
    elif facts.state == "paused":
        yield Step(facts.paid_until, "wake")
    else:
        yield from _coming(facts, policy)


def _missing(facts: Facts, since: datetime, days: Sequence[int]) -> Step:
    if facts.state not in {"past_due", "paused"}:
        return Step(since + CHARGE_TAKES, "lapse")
    if facts.dunned < len(days):
        return Step(since + timedelta(days=days[facts.dunned]), "dun")
    return Step(since + timedelta(days=days[-1] if days else 0) + ASKED_AGAIN_FOR, "end")


def _coming(facts: Facts, policy: Policy) -> Iterator[Step]:
    if facts.wants_pause:
        yield Step(facts.paid_until, "pause")
        return
    yield Step(facts.paid_until, "renew")
    days = policy.trial_remind_days if facts.state == "trialing" else policy.remind_days
    if not facts.is_reminded and (facts.is_yearly or facts.state == "trialing"):
        yield Step(facts.paid_until - timedelta(days=days), "remind")
    if not facts.has_mandate and not facts.is_asked:
        yield Step(facts.paid_until - timedelta(days=policy.ask_days), "ask")
