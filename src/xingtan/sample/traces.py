"""What the simulation writes down, as plain records without ids of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from xingtan.sample.truth import Learner


class Trace(NamedTuple):
    """One deed for the behaviour log. A lesson's or question's `target` is its key within `work`."""

    at: datetime
    verb: str
    object_kind: str
    target: str
    work: str | None = None
    context: Mapping[str, object] | None = None


@dataclass(slots=True)
class Purchase:
    """An order: paid at `at` (`is_paid`) or left to expire; money back at `refunded_at`."""

    at: datetime
    learner: int
    work: str
    paid_minor: int
    is_paid: bool = True
    refunded_at: datetime | None = None


@dataclass(slots=True)
class Study:
    """How far a learner came in a lesson."""

    learner: int
    work: str
    part: str
    started_at: datetime
    updated_at: datetime
    fraction: float = 0.0
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try at a quiz: question → what was answered."""

    learner: int
    work: str
    part: str
    started_at: datetime
    submitted_at: datetime
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Remark:
    """A highlight or a note kept in a lesson; `pick` (0 to 1) says which sentence of it."""

    at: datetime
    learner: int
    work: str
    part: str
    kind: str
    pick: float


@dataclass(slots=True)
class Life:
    """All that one learner did, in the order of doing within each list. Without consent `traces` stays empty."""

    learner: Learner
    traces: list[Trace] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    studies: list[Study] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
