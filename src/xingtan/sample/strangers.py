"""People who look around and never register: visits under a random key, of those who agreed to be counted."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from xingtan.sample.traces import Trace
from xingtan.sample.truth import DAYS, arrival_weight, rng_of
from xingtan.sample.world import FRUITLESS, QUERIES, TOPICS, World

PER_LEARNER = 6.0
"""Visits of strangers for each learner who registers."""

P_HOME_FIRST, P_SEARCH, P_FRUITLESS, P_MORE, P_CHECKOUT = 0.45, 0.12, 0.15, 0.55, 0.01
_SOURCES = ("search", "social", "direct", "referral")
_SOURCE_SHARES = (0.46, 0.28, 0.16, 0.10)
_HOUR_MEAN, _HOUR_SPREAD = 15.0, 5.0  # UTC+8
_KEY_BITS = 128


def visits(world: World, *, seed: int, learners: int, now: datetime) -> Iterator[tuple[str, list[Trace]]]:
    """Yield (visit key, traces) of every visit, day by day; as many as go with so many `learners`."""
    first = now - timedelta(days=DAYS)
    launched = world.works.get(world.launched)
    launched_at = launched.published_at if launched else None
    days = [first + timedelta(days=i) for i in range(DAYS)]
    weights = [arrival_weight(day, first=first, launched_at=launched_at) for day in days]
    for day, weight in zip(days, weights, strict=True):
        rng = rng_of(seed, "strangers", day.date())
        for _ in range(_rounded(rng, PER_LEARNER * learners * weight / sum(weights))):
            at = day.replace(hour=0, minute=0, second=0) + timedelta(hours=rng.gauss(_HOUR_MEAN, _HOUR_SPREAD) - 8)
            if first < at < now - timedelta(minutes=40):
                yield f"{rng.getrandbits(_KEY_BITS):032x}", _visit(rng, world, at)


def _rounded(rng: random.Random, mean: float) -> int:
    return int(mean) + (rng.random() < mean % 1)


def _visit(rng: random.Random, world: World, at: datetime) -> list[Trace]:
    language = rng.choices(("zh", "en"), weights=(0.62, 0.38))[0]
    source = rng.choices(_SOURCES, weights=_SOURCE_SHARES)[0]
    device = "phone" if rng.random() < 0.62 else "computer"  # noqa: PLR2004 - the share of phones
    seen = {"language": language, "source": source, "device": device}
    traces = [Trace(at, "viewed", "page", "page", None, seen)] if rng.random() < P_HOME_FIRST else []
    if rng.random() < P_SEARCH:
        at += timedelta(seconds=rng.uniform(5, 60))
        words = FRUITLESS if rng.random() < P_FRUITLESS else QUERIES[rng.choice(TOPICS)]
        query = rng.choice(words[language != "zh"])
        context = {"query": query, "results": world.found.get(query, 0), "language": language}
        traces.append(Trace(at, "searched", "search", "search", None, context))
    open_works = [work for work in world.works.values() if work.published_at <= at]
    weights = [3.0 if work.language == language else 0.4 for work in open_works]
    while open_works:
        work = rng.choices(open_works, weights=weights)[0]
        at += timedelta(seconds=rng.uniform(8, 150))
        traces.append(Trace(at, "viewed", "product", work.key, work.key, seen))
        if work.price_minor and rng.random() < P_CHECKOUT:
            traces.append(Trace(at + timedelta(seconds=20), "checked_out", "product", work.key, work.key))
        if rng.random() >= P_MORE:
            break
    return traces
