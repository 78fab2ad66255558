"""At the desk: which lesson comes next, how far a learner gets, what she answers and keeps."""

import random
from datetime import datetime, timedelta
from typing import Protocol

from xingtan.sample.choices import DIFFICULTY_MEAN, DIFFICULTY_SPREAD, p_right
from xingtan.sample.traces import Attempt, Life, Remark, Study
from xingtan.sample.truth import rng_of
from xingtan.sample.world import Part, Task, Work, World

P_DROP, P_SECOND_TRY, P_KEEP, P_GO_ON = 0.8, 0.35, 0.05, 0.7
MINUTES_AT_DESK = 20.0
_PASSED = 0.6
_TEXT_KINDS = frozenset({"text"})


class Noting(Protocol):
    """Writes a deed down, if the learner agrees to that."""

    def __call__(
        self, at: datetime, verb: str, thing: str, target: str, *, work: str | None = None, **context: object
    ) -> None:
        """Write it down."""
        ...


class Desk:
    """What a learner holds and how far she is in it."""

    def __init__(self, rng: random.Random, life: Life, world: World, *, seed: int, note: Noting) -> None:
        self._rng, self._life, self._world, self._seed, self._note = rng, life, world, seed, note
        self._held: dict[str, datetime] = {}
        self._states: dict[tuple[str, str], Study] = {}
        self._dropped: set[str] = set()
        self._last: str | None = None

    def holds_all(self, keys: tuple[str, ...]) -> bool:
        """Say whether she holds every one of these works."""
        return self._held.keys() >= set(keys)

    def put(self, work: Work, *, at: datetime) -> None:
        """Give her a work, or what is in a bundle; what she holds already stays hers since then."""
        for key in dict.fromkeys((work.key, *work.gives)):
            self._held.setdefault(key, at)

    def take_away(self, work: Work) -> None:
        """Take back what a refunded order gave, unless another order gave it too."""
        still = {
            key
            for order in self._life.purchases
            if order.is_paid and order.refunded_at is None
            for key in (order.work, *self._world.works[order.work].gives)
        }
        for key in dict.fromkeys((work.key, *work.gives)):
            if key not in still:
                self._held.pop(key, None)

    def has_work(self, at: datetime) -> bool:
        """Say whether anything she holds waits to be learnt."""
        return any(self._next(key, at) is not None for key in self._held)

    def sit_down(self, at: datetime, *, until: datetime) -> datetime:
        """Learn for a while, lesson after lesson, until the time or the patience is over; return when she got up."""
        budget_s = self._rng.expovariate(1 / (MINUTES_AT_DESK * 60))
        while budget_s > 0:
            key = self._pick(at)
            part = self._next(key, at) if key else None
            if key is None or part is None:
                break
            needed_s = part.minutes * 60 * self._rng.lognormvariate(-0.2, 0.3)
            if at + timedelta(seconds=needed_s + 600) >= until:
                break
            is_done = self._learn(key, part, at, needed_s=needed_s)
            at += timedelta(seconds=needed_s + self._rng.uniform(5, 90))
            budget_s -= needed_s
            if not is_done:
                break
        return at

    def _pick(self, at: datetime) -> str | None:
        waiting = [key for key in self._held if self._next(key, at) is not None]
        if self._last in waiting and self._rng.random() < P_GO_ON:
            return self._last
        return self._rng.choice(waiting) if waiting else None

    def _next(self, key: str, at: datetime) -> Part | None:
        if key in self._dropped:
            return None
        held_days = (at - self._held[key]) / timedelta(days=1)
        for part in self._world.works[key].parts:
            state = self._states.get((key, part.key))
            if state is None or state.completed_at is None:
                return part if held_days >= part.released_after_days else None
        return None

    def _learn(self, key: str, part: Part, at: datetime, *, needed_s: float) -> bool:
        """Go through (the rest of) a lesson; return whether she finished it."""
        rng, learner = self._rng, self._life.learner
        self._last = key
        state = self._begin(key, part, at)
        self._note(at, "viewed", "lesson", part.key, work=key, language=learner.language, device=learner.device)
        is_done = rng.random() < learner.diligence
        reached = 1.0 if is_done else rng.uniform(state.fraction, 0.97)
        span_s = needed_s * max(0.05, reached - state.fraction)
        for quarter in (0.25, 0.5, 0.75):
            if state.fraction < quarter <= reached and not part.tasks:
                passed = at + timedelta(seconds=span_s * (quarter - state.fraction) / (reached - state.fraction))
                self._note(passed, "progressed", "lesson", part.key, work=key, fraction=quarter)
        end = at + timedelta(seconds=span_s)
        state.fraction, state.updated_at = max(state.fraction, round(reached, 3)), end
        if not is_done:
            if rng.random() < (1 - learner.diligence) * P_DROP:
                self._dropped.add(key)
            return False
        self._finish(key, part, state, started_at=at)
        return True

    def _begin(self, key: str, part: Part, at: datetime) -> Study:
        state = self._states.get((key, part.key))
        if state is None:
            state = self._states[key, part.key] = Study(self._life.learner.number, key, part.key, at, at)
            self._life.studies.append(state)
            self._note(at, "started", "lesson", part.key, work=key)
        return state

    def _finish(self, key: str, part: Part, state: Study, *, started_at: datetime) -> None:
        rng = self._rng
        end = state.updated_at
        if part.tasks:
            share = self._try(key, part, started_at=started_at, end=end, is_second=False)
            if share < _PASSED and rng.random() < P_SECOND_TRY:
                again = end + timedelta(minutes=rng.uniform(1, 4))
                self._try(key, part, started_at=end, end=again, is_second=True)
        elif part.kind in _TEXT_KINDS and rng.random() < P_KEEP:
            kind = rng.choice(("highlight", "highlight", "note"))
            kept_at = started_at + (end - started_at) * rng.random()
            self._life.remarks.append(Remark(kept_at, state.learner, key, part.key, kind, rng.random()))
            self._note(kept_at, "noted", "lesson", part.key, work=key, kind=kind)
        state.completed_at = end
        self._note(end, "completed", "lesson", part.key, work=key)

    def _try(self, key: str, part: Part, *, started_at: datetime, end: datetime, is_second: bool) -> float:
        """Answer every question once and return the share of right answers."""
        rng, learner = self._rng, self._life.learner
        done = sum(1 for (work, _), state in self._states.items() if work == key and state.completed_at)
        answers, right = {}, 0
        for task in part.tasks:
            difficulty = difficulty_of(self._seed, key, part=part.key, task=task.key)
            p = p_right(learner, difficulty=difficulty, lessons_done=done, is_second_try=is_second)
            is_right = rng.random() < p
            answers[task.key] = task.right if is_right else _wrong(rng, task)
            right += is_right
            self._note(end, "answered", "question", task.key, work=key, lesson=part.key, is_correct=is_right)
        self._life.attempts.append(Attempt(learner.number, key, part.key, started_at, end, answers))
        return right / len(part.tasks)


def difficulty_of(seed: int, work: str, *, part: str, task: str) -> float:
    """Return how hard a question is, in logits: the same for everybody, drawn once for each question."""
    return rng_of(seed, "question", work, part, task).gauss(DIFFICULTY_MEAN, DIFFICULTY_SPREAD)


def difficulties(world: World, seed: int) -> dict[str, float]:
    """Return every question's difficulty, under ``work/lesson/question``."""
    return {
        f"{work.key}/{part.key}/{task.key}": difficulty_of(seed, work.key, part=part.key, task=task.key)
        for work in world.works.values()
        for part in work.parts
        for task in part.tasks
    }


def _wrong(rng: random.Random, task: Task) -> tuple[str, ...]:
    if not task.choices:
        return ("0.123456789",)
    wrong = [choice for choice in task.choices if choice not in task.right]
    return (rng.choice(wrong),) if wrong else (rng.choice(task.choices),)
