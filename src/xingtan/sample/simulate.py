"""Lives of learners: when they come, what they look at, what they buy. Same seed, same life."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from xingtan.sample.choices import attraction, match, newness, p_buy, p_refund
from xingtan.sample.study import Desk
from xingtan.sample.traces import Life, Purchase, Trace
from xingtan.sample.truth import LAUNCH_FADE_DAYS, WEEK, Learner, rng_of
from xingtan.sample.world import FRUITLESS, QUERIES, Work, World

LAUNCH_DRAW = 0.8
"""How much more often those whom a launched work suits come by, at the moment of its launch."""

P_HOME, P_SEARCH, P_FRUITLESS, P_SAMPLE, P_CHECKOUT_ONLY, P_UNPAID = 0.6, 0.16, 0.12, 0.25, 0.04, 0.05
_BEFORE_NOW = timedelta(minutes=40)
"""Nothing happens later than this before the present, so that an unpaid order has expired by now."""

_REFUND_WITHIN_DAYS = (0.3, 6.5)
_LOOKS = ((0, 1, 2, 3, 4, 5), (0.12, 0.34, 0.26, 0.16, 0.08, 0.04))


def live(learner: Learner, world: World, *, seed: int, now: datetime) -> Life:
    """Return everything that `learner` does from joining until she leaves, or until `now`."""
    return _Visitor(learner, world, seed=seed, now=now).life()


class _Visitor:
    """One learner going through the academy."""

    def __init__(self, learner: Learner, world: World, *, seed: int, now: datetime) -> None:
        self._rng = rng_of(seed, "life", learner.number)
        self._learner, self._world = learner, world
        self._left_at = learner.joined_at
        self._until = min(learner.leaves_at, now - _BEFORE_NOW)
        self._life = Life(learner)
        self._is_seen = "analytics" in learner.consents
        self._looks: dict[str, int] = {}
        self._draw = {key: math.exp(attraction(learner, work)) for key, work in world.works.items()}
        self._desk = Desk(self._rng, self._life, world, seed=seed, note=self._note)
        self._refunds: list[tuple[datetime, Purchase]] = []
        self._contexts: dict[tuple[tuple[str, object], ...], dict[str, object]] = {}
        self._unpaid_until: dict[str, datetime] = {}

    def life(self) -> Life:
        """Live it."""
        self._note(self._learner.joined_at, "registered", "academy", "academy")
        for at in self._visits():
            self._settle_refunds(at)
            self._left_at = self._visit(at)
        self._settle_refunds(self._until)
        self._life.traces.sort(key=lambda trace: trace.at)
        return self._life

    def _note(
        self, at: datetime, verb: str, thing: str, target: str, *, work: str | None = None, **context: object
    ) -> None:  # fmt: skip
        if self._is_seen:
            self._life.traces.append(Trace(at, verb, thing, target, work, self._same(context)))

    def _same(self, context: dict[str, object]) -> dict[str, object] | None:
        """Return one dictionary for all traces that say the same: there are very many."""
        return self._contexts.setdefault(tuple(context.items()), context) if context else None

    def _visits(self) -> Iterator[datetime]:
        yield self._learner.joined_at + timedelta(minutes=1)
        offset = timedelta(hours=self._learner.utc_offset_h)
        midnight = (self._learner.joined_at + offset).replace(hour=0, minute=0, second=0, microsecond=0)
        last = self._learner.joined_at + timedelta(minutes=40)
        while midnight - offset < self._until:
            hours = sorted(self._hour() for _ in range(_poisson(self._rng, self._expected(midnight))))
            for hour in hours:
                at = midnight - offset + timedelta(hours=hour)
                if last < at < self._until:
                    last = at + timedelta(minutes=40)
                    yield at
            midnight += timedelta(days=1)

    def _expected(self, midnight: datetime) -> float:
        weekday, kind = midnight.weekday(), self._learner.kind
        weekend = kind.weekend if weekday in {5, 6} else 1.0
        expected = self._learner.visits_per_week / 7 * WEEK[weekday] * weekend
        launched = self._world.works.get(self._world.launched)
        if launched is not None and match(self._learner, launched) > 1:
            since_days = (midnight - launched.published_at).total_seconds() / 86_400
            expected *= 1 + (LAUNCH_DRAW * math.exp(-since_days / LAUNCH_FADE_DAYS) if since_days >= 0 else 0)
        return expected

    def _hour(self) -> float:
        hours = self._learner.kind.hours
        _, mean, spread = self._rng.choices(hours, weights=[weight for weight, _, _ in hours])[0]
        return self._rng.gauss(mean, spread) % 24

    def _visit(self, at: datetime) -> datetime:
        learner, rng = self._learner, self._rng
        if rng.random() < P_HOME:
            self._note(
                at, "viewed", "page", "page", language=learner.language, source=learner.source, device=learner.device
            )
        if rng.random() < P_SEARCH:
            at = self._search(at)
        busy = self._desk.has_work(at) and rng.random() < 0.5  # noqa: PLR2004 - half the visits go straight to the desk
        for _ in range(0 if busy else rng.choices(*_LOOKS)[0]):
            at = self._look(at + timedelta(seconds=rng.uniform(15, 120)))
        return self._desk.sit_down(at + timedelta(seconds=rng.uniform(10, 60)), until=self._until)

    def _search(self, at: datetime) -> datetime:
        learner, rng = self._learner, self._rng
        in_english = learner.language != "zh"
        if rng.random() < P_FRUITLESS:
            query = rng.choice(FRUITLESS[in_english])
        else:
            topic = rng.choices(list(learner.interests), weights=list(learner.interests.values()))[0]
            query = rng.choice(QUERIES[topic][in_english])
        at += timedelta(seconds=rng.uniform(5, 60))
        found = self._world.found.get(query, 0)
        self._note(at, "searched", "search", "search", query=query, results=found, language=learner.language)
        return at

    def _look(self, at: datetime) -> datetime:
        work = self._choose(at)
        if work is None or at >= self._until:
            return at
        learner, rng = self._learner, self._rng
        self._note(
            at, "viewed", "product", work.key, work=work.key, language=learner.language, device=learner.device
        )  # fmt: skip
        previews = [part for part in work.parts if part.is_preview]
        if previews and rng.random() < P_SAMPLE:
            at += timedelta(seconds=rng.uniform(60, 400))
            self._note(at, "viewed", "lesson", previews[0].key, work=work.key, language=learner.language)
        self._looks[work.key] = self._looks.get(work.key, 0) + 1
        self._consider(work, at + timedelta(seconds=rng.uniform(30, 240)))
        return at + timedelta(seconds=rng.uniform(60, 300))

    def _choose(self, at: datetime) -> Work | None:
        open_to, weights = [], []
        for key, work in self._world.works.items():
            if work.published_at <= at and not self._desk.holds_all(work.gives) and self._may_order(work, at):
                open_to.append(work)
                weights.append(self._draw[key] * math.exp(newness(work, at)))
        return self._rng.choices(open_to, weights=weights)[0] if open_to else None

    def _may_order(self, work: Work, at: datetime) -> bool:
        return work.key not in self._unpaid_until or self._unpaid_until[work.key] < at

    def _consider(self, work: Work, at: datetime) -> None:
        rng, learner = self._rng, self._learner
        price = self._world.price_minor(work.key, at) if work.model != "free" else 0
        weighed = price // 2 if work.model == "pay_what_you_want" else price
        prepared = all(self._desk.holds_all((key,)) for key in work.requires)
        p = p_buy(learner, work, price_minor=weighed, looks=self._looks[work.key] - 1, is_prepared=prepared)
        chance = rng.random()
        if at >= self._until or chance >= p:
            if price and chance < p + P_CHECKOUT_ONLY and at < self._until:
                self._note(at, "checked_out", "product", work.key, work=work.key)
            return
        if price:
            self._note(at, "checked_out", "product", work.key, work=work.key)
        self._buy(work, at + timedelta(seconds=rng.uniform(30, 200)), price=price)

    def _buy(self, work: Work, at: datetime, *, price: int) -> None:
        rng, learner = self._rng, self._learner
        if work.model == "pay_what_you_want":
            price = _own_price(rng, learner, work, price)
        order = Purchase(at, learner.number, work.key, price, is_paid=not price or rng.random() >= P_UNPAID)
        self._life.purchases.append(order)
        if not order.is_paid:
            self._unpaid_until[work.key] = at + timedelta(minutes=40)
            return
        self._note(at, "purchased", "product", work.key, work=work.key, is_free=not price)
        self._desk.put(work, at=at)
        if price and rng.random() < p_refund(learner, work):
            back_at = at + timedelta(days=rng.uniform(*_REFUND_WITHIN_DAYS))
            if back_at < self._until:
                self._refunds.append((back_at, order))

    def _settle_refunds(self, at: datetime) -> None:
        for due in [due for due in self._refunds if due[0] <= at]:
            self._refunds.remove(due)
            back_at, order = max(due[0], self._left_at), due[1]  # not in the middle of a lesson
            order.refunded_at = back_at
            self._desk.take_away(self._world.works[order.work])
            self._note(back_at, "refunded", "product", order.work, work=order.work, is_full=True)


def _own_price(rng: random.Random, learner: Learner, work: Work, suggested: int) -> int:
    """Return what a buyer pays who may decide: log-normal about the suggestion, less for those who mind the price."""
    wanted = suggested * math.exp(rng.gauss(-0.35 * learner.price_sensitivity, 0.5))
    return max(work.floor_minor, round(wanted / 100) * 100, 100)


def _poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson number (Knuth's multiplication; means here are small)."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
