"""Writing the lives down: people, orders, learning and deeds, chapter by chapter, each chapter one transaction.

1. People register and agree through the use cases that a page would call, with the clock set back; orders and what was
   learnt are moved in through their domains' doors, many at once.
2. Nobody who did not agree to analytics has a behaviour row: the simulation makes none.
3. A chapter is written whole or not at all; the diary's entry is part of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, islice
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.errors import Broken
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.domains.privacy import api as privacy
from xingtan.infra.analytics import Behaviour, behaviour_row, insert_behaviour
from xingtan.infra.platform import Platform
from xingtan.sample.diary import ChapterWritten, chapters_written, enter
from xingtan.sample.remarks import quote_of, words_of
from xingtan.sample.shelves import LessonIds, Shelves
from xingtan.sample.shop import CURRENCY
from xingtan.sample.traces import Attempt, Life, Purchase, Remark, Study, Trace
from xingtan.sample.truth import DAYS, Learner

CHAPTER_DAYS = 10
CHAPTERS = DAYS // CHAPTER_DAYS
_BATCH = 2_000

Visit = tuple[str, list[Trace]]
People = dict[int, UUID]


@dataclass(slots=True)
class Chapter:
    """A stretch of time that ends at `ends_at` (exclusive), and what happened in it."""

    number: int
    starts_at: datetime
    ends_at: datetime
    joined: list[Learner] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    studies: list[Study] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    traces: list[tuple[int, Trace]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)


def chapters(lives: Iterable[Life], strangers: Iterable[Visit], *, now: datetime) -> list[Chapter]:
    """Return the history in its stretches; the last one ends at `now`. Unfinished lessons count when last touched."""
    first, span = now - timedelta(days=DAYS), timedelta(days=CHAPTER_DAYS)
    found = [Chapter(i, first + span * i, first + span * (i + 1)) for i in range(CHAPTERS)]

    def at(moment: datetime) -> Chapter:
        return found[min(max(0, (moment - first) // span), CHAPTERS - 1)]

    for life in lives:
        at(life.learner.joined_at).joined.append(life.learner)
        for purchase in life.purchases:
            at(purchase.at).purchases.append(purchase)
        for study in life.studies:
            at(study.updated_at).studies.append(study)
        for attempt in life.attempts:
            at(attempt.submitted_at).attempts.append(attempt)
        for remark in life.remarks:
            at(remark.at).remarks.append(remark)
        for trace in life.traces:
            at(trace.at).traces.append((life.learner.number, trace))
    for key, visit in strangers:
        at(visit[0].at).visits.append((key, visit))
    for chapter in found:
        chapter.purchases.sort(key=lambda purchase: purchase.at)
    return found


class Historian:
    """Writes chapters. `people` are the ids of those who have registered so far."""

    def __init__(self, platform: Platform, shelves: Shelves, people: People) -> None:
        self._platform, self._shelves, self.people = platform, shelves, people

    def write(self, chapter: Chapter) -> None:
        """Write one chapter in one transaction."""
        self.people |= self._platform.database.write(lambda session: self._write(session, chapter))

    def _write(self, session: Session, chapter: Chapter) -> People:
        if chapters_written(session) != chapter.number:
            raise Broken("another process is writing this academy")
        enter(session, ChapterWritten(chapter.number), at=chapter.ends_at)
        people, clock = dict(self.people), ManualClock(chapter.starts_at)
        for learner in chapter.joined:
            clock.set(learner.joined_at)
            people[learner.number] = self._register(session, learner, clock)
        session.flush()
        commerce.keep_past_orders(session, [self._past(purchase, people) for purchase in chapter.purchases])
        self._keep_learning(session, chapter, people)
        self._keep_traces(session, chapter, people)
        return people

    def _register(self, session: Session, learner: Learner, clock: ManualClock) -> UUID:
        command = identity.Register(learner.email, learner.name, learner.language, is_confirmed=True)
        person = identity.register(session, command, clock=clock, vault=self._platform.vault)
        for purpose in learner.consents:
            privacy.grant_consent(session, person.id, purpose=privacy.Purpose(purpose), clock=clock)
        return person.id

    def _past(self, purchase: Purchase, people: People) -> commerce.PastOrder:
        return commerce.PastOrder(
            person_id=people[purchase.learner], product_id=self._shelves.products[purchase.work],
            offer_id=self._shelves.offer_at(purchase.work, purchase.at).id,
            total=Money(purchase.paid_minor, CURRENCY), language=self._shelves.world.works[purchase.work].language,
            placed_at=purchase.at, paid_at=purchase.at if purchase.is_paid else None,
            refunded_at=purchase.refunded_at,
        )  # fmt: skip

    def _note(self, remark: Remark, people: People) -> learning.PastNote:
        lesson = self._shelves.lessons[remark.work, remark.part]
        language = self._shelves.world.works[remark.work].language
        return learning.PastNote(
            people[remark.learner], self._shelves.products[remark.work], lesson.lesson_id, lesson.version_id,
            remark.kind, lesson.html, quote_of(lesson.html, remark.pick),
            words_of(remark.pick, language) if remark.kind == "note" else "", remark.at,
        )  # fmt: skip

    def _keep_learning(self, session: Session, chapter: Chapter, people: People) -> None:
        learning.keep_past_progress(session, (self._progress(study, people) for study in chapter.studies))
        attempts = [self._attempt(attempt, people) for attempt in chapter.attempts]
        learning.keep_past_attempts(session, attempts, vault=self._platform.vault)
        notes = [self._note(remark, people) for remark in chapter.remarks]
        learning.keep_past_notes(session, [note for note in notes if note.quote], vault=self._platform.vault)

    def _progress(self, study: Study, people: People) -> learning.PastProgress:
        lesson = self._shelves.lessons[study.work, study.part]
        return learning.PastProgress(
            person_id=people[study.learner], product_id=self._shelves.products[study.work],
            lesson_id=lesson.lesson_id, version_id=lesson.version_id, position=_position(lesson, study.fraction),
            fraction=study.fraction, started_at=study.started_at, updated_at=study.updated_at,
            completed_at=study.completed_at,
        )  # fmt: skip

    def _attempt(self, attempt: Attempt, people: People) -> learning.PastAttempt:
        lesson = self._shelves.lessons[attempt.work, attempt.part]
        tasks = {part.key: part.tasks for part in self._shelves.world.works[attempt.work].parts}[attempt.part]
        typed = {task.key for task in tasks if not task.choices}
        answers = {key: given[0] if key in typed else list(given) for key, given in attempt.answers.items()}
        return learning.PastAttempt(
            people[attempt.learner], self._shelves.products[attempt.work], lesson.lesson_id, lesson.version_id,
            attempt.started_at, attempt.submitted_at, answers,
        )  # fmt: skip

    def _keep_traces(self, session: Session, chapter: Chapter, people: People) -> None:
        numbers = {number for number, _ in chapter.traces}
        keys = identity.behaviour_keys(session, [people[number] for number in numbers], vault=self._platform.vault)
        rows = (self._row(trace, keys[people[number]], None) for number, trace in chapter.traces)
        of_strangers = (self._row(trace, key, key) for key, visit in chapter.visits for trace in visit)
        every = chain(rows, of_strangers)
        while batch := list(islice(every, _BATCH)):
            insert_behaviour(session, batch)

    def _row(self, trace: Trace, actor: str, session_key: str | None) -> dict[str, Any]:
        context = dict(trace.context or {})
        if "lesson" in context and trace.work is not None:
            context["lesson"] = self._lesson_name(trace.work, str(context["lesson"]))
        product_id = None if trace.work is None else self._shelves.products[trace.work]
        deed = Behaviour(
            trace.at, actor, trace.verb, trace.object_kind, self._target(trace), product_id, context, session_key
        )  # fmt: skip
        return behaviour_row(deed)

    def _target(self, trace: Trace) -> str:
        if trace.object_kind == "product":
            return _product_name(self._shelves.products[trace.target])
        if trace.object_kind == "lesson" and trace.work is not None:
            return self._lesson_name(trace.work, trace.target)
        return trace.target

    def _lesson_name(self, work: str, part: str) -> str:
        return _lesson_name(self._shelves.lessons[work, part].lesson_id)


@cache
def _product_name(product_id: UUID) -> str:
    return public_id("product", product_id)


@cache
def _lesson_name(lesson_id: UUID) -> str:
    return public_id("lesson", lesson_id)


def _position(lesson: LessonIds, fraction: float) -> learning.Position:
    if lesson.kind in {"audio", "video"}:
        return learning.Position(seconds=round(lesson.minutes * 60 * fraction, 1))
    return learning.Position(scroll=fraction)
