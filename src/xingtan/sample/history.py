"""Writing the lives down: people, orders, learning and deeds, chapter by chapter, each chapter one transaction.

1. People register, buy and are refunded through the use cases that a page would call, with the clock set back.
2. Nobody who did not agree to analytics has a behaviour row: the simulation makes none.
3. A chapter is written whole or not at all; the diary's entry is part of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.domains.privacy import api as privacy
from xingtan.infra.analytics import Behaviour, behaviour_row, insert_behaviour
from xingtan.infra.platform import Platform
from xingtan.sample.diary import ChapterWritten, enter
from xingtan.sample.remarks import quote_of, words_of
from xingtan.sample.shelves import LessonIds, Shelves
from xingtan.sample.shop import CURRENCY
from xingtan.sample.traces import Attempt, Life, Purchase, Remark, Study, Trace
from xingtan.sample.truth import DAYS, Learner

CHAPTER_DAYS = 10
CHAPTERS = DAYS // CHAPTER_DAYS

Visit = tuple[str, list[Trace]]
People = dict[int, UUID]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of time (half-open) and what happened in it."""

    number: int
    starts_at: datetime
    ends_at: datetime
    happenings: tuple[tuple[datetime, int, Any], ...]
    studies: tuple[Study, ...]
    attempts: tuple[Attempt, ...]
    traces: tuple[tuple[int, Trace], ...]
    visits: tuple[Visit, ...]


def chapters(lives: Sequence[Life], visits: Iterable[Visit], *, now: datetime) -> Iterator[Chapter]:
    """Yield the history in its stretches; the last one ends at `now`."""
    first = now - timedelta(days=DAYS)
    sorted_in = _Sorted([first + timedelta(days=CHAPTER_DAYS * i) for i in range(CHAPTERS)])
    order = 0
    for life in lives:
        for at, what in _happenings(life):
            order += 1
            sorted_in.happenings[sorted_in.place(at)].append((at, order, what))
        for study in life.studies:
            sorted_in.studies[sorted_in.place(study.updated_at)].append(study)
        for attempt in life.attempts:
            sorted_in.attempts[sorted_in.place(attempt.submitted_at)].append(attempt)
        for trace in life.traces:
            sorted_in.traces[sorted_in.place(trace.at)].append((life.learner.number, trace))
    for visit in visits:
        sorted_in.visits[sorted_in.place(visit[1][0].at)].append(visit)
    for i in range(CHAPTERS):
        starts_at = first + timedelta(days=CHAPTER_DAYS * i)
        yield sorted_in.chapter(i, starts_at, starts_at + timedelta(days=CHAPTER_DAYS))


class _Sorted:
    """What happened, by chapter."""

    def __init__(self, starts: list[datetime]) -> None:
        self._starts = starts
        self.happenings: list[list[tuple[datetime, int, Any]]] = [[] for _ in starts]
        self.studies: list[list[Study]] = [[] for _ in starts]
        self.attempts: list[list[Attempt]] = [[] for _ in starts]
        self.traces: list[list[tuple[int, Trace]]] = [[] for _ in starts]
        self.visits: list[list[Visit]] = [[] for _ in starts]

    def place(self, at: datetime) -> int:
        """Return the number of the chapter in which `at` falls."""
        days = (at - self._starts[0]) // timedelta(days=1)
        return min(max(0, days // CHAPTER_DAYS), len(self._starts) - 1)

    def chapter(self, number: int, starts_at: datetime, ends_at: datetime) -> Chapter:
        """Return one chapter."""
        return Chapter(
            number, starts_at, ends_at, tuple(sorted(self.happenings[number])), tuple(self.studies[number]),
            tuple(self.attempts[number]), tuple(self.traces[number]), tuple(self.visits[number]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Refund:
    purchase: Purchase


def _happenings(life: Life) -> Iterator[tuple[datetime, Any]]:
    yield life.learner.joined_at, life.learner
    for purchase in life.purchases:
        yield purchase.at, purchase
        if purchase.refunded_at is not None:
            yield purchase.refunded_at, _Refund(purchase)
    for remark in life.remarks:
        yield remark.at, remark


class Historian:
    """Writes chapters. `people` are the ids of those who have registered so far."""

    def __init__(self, platform: Platform, shelves: Shelves, people: People) -> None:
        self._platform, self._shelves, self.people = platform, shelves, people
        self._write_of: Mapping[type, Callable[..., None]] = {
            Learner: self._register,
            Purchase: self._order,
            _Refund: self._refund,
            Remark: self._remark,
        }

    def write(self, chapter: Chapter) -> None:
        """Write one chapter in one transaction."""
        self.people |= self._platform.database.write(lambda session: self._write(session, chapter))

    def _write(self, session: Session, chapter: Chapter) -> People:
        enter(session, ChapterWritten(chapter.number), at=chapter.ends_at)
        people, clock = dict(self.people), ManualClock(chapter.starts_at)
        with session.no_autoflush:
            for at, _, what in chapter.happenings:
                clock.set(at)
                self._write_of[type(what)](session, what, people, clock)
        session.flush()
        clock.set(chapter.ends_at)
        while commerce.expire_orders(session, clock=clock):
            session.flush()
        self._keep_learning(session, chapter, people)
        self._keep_traces(session, chapter, people)
        return people

    def _register(self, session: Session, learner: Learner, people: People, clock: ManualClock) -> None:
        command = identity.Register(learner.email, learner.name, learner.language, is_confirmed=True)
        person = identity.register(session, command, clock=clock, vault=self._platform.vault)
        people[learner.number] = person.id
        for purpose in learner.consents:
            privacy.grant_consent(session, person.id, purpose=privacy.Purpose(purpose), clock=clock)

    def _order(self, session: Session, purchase: Purchase, people: People, clock: ManualClock) -> None:
        offer = self._shelves.offer_at(purchase.work, purchase.at)
        chosen = Money(purchase.paid_minor, CURRENCY) if offer.is_open_priced else None
        command = commerce.PlaceOrder(
            people[purchase.learner], offer.id, f"sample-{purchase.work}-{purchase.at.timestamp():.0f}", "sandbox",
            self._shelves.world.works[purchase.work].language, chosen,
        )  # fmt: skip
        placed = commerce.place_order(session, command, clock=clock)
        if placed.payment_id is None:
            return
        if purchase.is_paid:
            commerce.pay_in_sandbox(session, placed.payment_id, clock=clock)
        else:
            commerce.settle(session, placed.payment_id, commerce.ProviderPayment(None, "absent"), clock=clock)

    def _refund(self, session: Session, refund: _Refund, people: People, clock: ManualClock) -> None:
        session.flush()
        only = commerce.OrderFilter(
            state="paid", person_id=people[refund.purchase.learner],
            product_id=self._shelves.products[refund.purchase.work],
        )  # fmt: skip
        row = commerce.orders(session, SYSTEM, only=only, limit=1).orders[0]
        payment = commerce.order_by_id(session, SYSTEM, row.id).kept_payment
        if payment is not None:
            command = commerce.RequestRefund(payment.id, None, "buyer_asked", f"sample-{row.number}")
            commerce.refund_in_sandbox(session, SYSTEM, command, clock=clock)

    def _remark(self, session: Session, remark: Remark, people: People, clock: ManualClock) -> None:
        lesson = self._shelves.lessons[remark.work, remark.part]
        quote = quote_of(lesson.html, remark.pick)
        if quote:
            language = self._shelves.world.works[remark.work].language
            command = learning.WriteNote(
                Viewer(people[remark.learner], language=language), lesson.lesson_id, lesson.version_id, remark.kind,
                lesson.html, quote=quote, text=words_of(remark.pick, language) if remark.kind == "note" else "",
            )  # fmt: skip
            learning.write_note(session, command, clock=clock, vault=self._platform.vault)

    def _keep_learning(self, session: Session, chapter: Chapter, people: People) -> None:
        learning.keep_past_progress(session, (self._progress(study, people) for study in chapter.studies))
        attempts = [self._attempt(attempt, people) for attempt in chapter.attempts]
        learning.keep_past_attempts(session, attempts, vault=self._platform.vault)

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
        rows = [self._row(trace, keys[people[number]], None) for number, trace in chapter.traces]
        rows += [self._row(trace, key, key) for key, visit in chapter.visits for trace in visit]
        insert_behaviour(session, rows)

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
