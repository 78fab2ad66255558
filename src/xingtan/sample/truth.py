"""The known truth about the sample learners: what kinds there are, what each likes, pays and can do, when each leaves.

The model is set out in docs/explanations/demo-academy.md, which shares these numbers. Everything is drawn from one
seed: the same seed, number of learners and moment give the same people, whatever the machine.
"""

import json
import math
import os
import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from xingtan.sample.names import name_of
from xingtan.sample.world import TOPICS

DAYS = 180
"""How far back the history goes."""

SEED = 20
NO_CONSENT = 0.15
"""The share of people who agree to nothing: they learn and buy, and leave no behaviour rows."""

PERSONALISATION, MARKETING = 0.70, 0.45
"""The shares, of those who agree to analytics, who agree to these as well."""

FLAT_INTEREST = 0.25
"""The Dirichlet weight of a topic that a segment does not name."""

WEEK = (1.05, 1.0, 0.98, 1.0, 0.92, 1.12, 1.18)
"""How busy each weekday is, Monday first, as a factor on everybody's visits and on arrivals."""

GROWTH, LAUNCH_LIFT, LAUNCH_FADE_DAYS = 0.6, 2.5, 4.0
"""Arrivals grow by this much over the history; a launch lifts them, and the lift fades by e within these days."""

SPREAD_OF_SENSITIVITY, SPREAD_OF_PACE, SPREAD_OF_ABILITY = 0.25, 0.35, 0.8
"""Standard deviations within a segment: of log price sensitivity, of log visits a week, of ability (logits)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A kind of learner. Hours are local: (weight, mean, standard deviation); times of churn are Weibull, in days."""

    name: str
    share: float
    interests: Mapping[str, float]
    chinese: float
    visits_per_week: float
    churn_shape: float
    churn_scale_days: float
    price_sensitivity: float
    keenness: float
    diligence: float
    ability: float
    weekend: float
    hours: tuple[tuple[float, float, float], ...]
    sources: Mapping[str, float]
    phone: float


SEGMENTS: tuple[Segment, ...] = (
    Segment(
        "shopkeepers", 0.24, {"business": 6.0, "data": 4.0, "statistics": 1.0, "tea": 1.0}, 0.78, 2.2, 1.2, 120.0, 0.9,
        0.30, 0.80, -0.1, 0.7, ((0.75, 22.0, 1.2), (0.25, 14.5, 1.0)),
        {"search": 0.45, "referral": 0.25, "direct": 0.20, "social": 0.10}, 0.7,
    ),
    Segment(
        "writers", 0.22, {"writing": 6.0, "classics": 3.0, "attention": 2.0, "learning": 1.5}, 0.66, 2.6, 1.0, 170.0,
        0.7, 0.25, 0.84, 0.3, 1.1, ((0.6, 7.8, 1.0), (0.4, 20.5, 1.3)),
        {"social": 0.40, "direct": 0.30, "search": 0.20, "referral": 0.10}, 0.45,
    ),
    Segment(
        "coders", 0.18, {"python": 6.0, "statistics": 3.0, "data": 3.0, "learning": 1.0}, 0.32, 3.0, 1.1, 95.0, 1.1,
        0.25, 0.76, 0.8, 1.4, ((0.7, 22.8, 1.4), (0.3, 12.6, 0.9)),
        {"search": 0.55, "social": 0.20, "direct": 0.15, "referral": 0.10}, 0.2,
    ),
    Segment(
        "night-readers", 0.20, {"classics": 4.0, "poetry": 4.0, "tea": 2.5, "attention": 2.5}, 0.70, 1.9, 0.9, 210.0,
        1.6, -0.35, 0.88, 0.1, 1.2, ((0.9, 22.9, 0.8), (0.1, 6.8, 0.6)),
        {"social": 0.45, "referral": 0.30, "direct": 0.15, "search": 0.10}, 0.85,
    ),
    Segment(
        "samplers", 0.16, {}, 0.6, 1.6, 0.8, 12.0, 1.9, -0.55, 0.55, -0.4, 1.0, ((0.5, 21.0, 2.5), (0.5, 13.0, 3.0)),
        {"social": 0.50, "search": 0.35, "direct": 0.10, "referral": 0.05}, 0.75,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learner:
    """One person as she truly is. `leaves_at` may lie in the future: then the history does not see her leave."""

    number: int
    segment: str
    name: str
    email: str
    language: str
    utc_offset_h: int
    source: str
    device: str
    consents: tuple[str, ...]
    joined_at: datetime
    leaves_at: datetime
    interests: Mapping[str, float]
    visits_per_week: float
    price_sensitivity: float
    diligence: float
    ability: float

    @property
    def kind(self) -> Segment:
        """Return the segment's own numbers."""
        return _BY_NAME[self.segment]


_BY_NAME = {segment.name: segment for segment in SEGMENTS}


def rng_of(*words: object) -> random.Random:
    """Return the source of chance that belongs to these words: each person's life has one of its own."""
    return random.Random(":".join(map(str, words)))  # noqa: S311 - made-up people, no secrets


def draw_learners(seed: int, count: int, *, now: datetime, launched_at: datetime | None) -> list[Learner]:
    """Return `count` people who joined within the `DAYS` before `now`, in the order of joining.

    Segments get their shares exactly (largest remainders), so that the truth's shares are the sample's.
    """
    rng = rng_of(seed, "learners", count)
    kinds = [segment for segment, many in zip(SEGMENTS, _counts(count), strict=True) for _ in range(many)]
    rng.shuffle(kinds)
    joined = sorted(_arrivals(rng, count, now=now, launched_at=launched_at))
    return [_learner(rng_of(seed, "person", i), i, kinds[i], at) for i, at in enumerate(joined)]


def _counts(count: int) -> list[int]:
    exact = [segment.share * count for segment in SEGMENTS]
    counts = [math.floor(each) for each in exact]
    short = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])[: count - sum(counts)]
    return [many + (i in short) for i, many in enumerate(counts)]


def arrival_weight(day: datetime, *, first: datetime, launched_at: datetime | None) -> float:
    """Return how many people arrive on `day`, up to a constant: growth, weekday, and the launch's lift."""
    weight = (1 + GROWTH * (day - first).days / DAYS) * WEEK[day.weekday()]
    since_launch = -1 if launched_at is None else (day - launched_at).days
    return weight * (1 + LAUNCH_LIFT * math.exp(-since_launch / LAUNCH_FADE_DAYS)) if since_launch >= 0 else weight


def _arrivals(rng: random.Random, count: int, *, now: datetime, launched_at: datetime | None) -> list[datetime]:
    first = now - timedelta(days=DAYS)
    days = [first + timedelta(days=i) for i in range(DAYS)]
    edges = list(accumulate(arrival_weight(day, first=first, launched_at=launched_at) for day in days))
    found = []
    for _ in range(count):
        day = days[min(bisect_left(edges, rng.random() * edges[-1]), DAYS - 1)]
        found.append(min(day + timedelta(seconds=rng.randrange(86_400)), now - timedelta(minutes=5)))
    return found


def _learner(rng: random.Random, number: int, kind: Segment, joined_at: datetime) -> Learner:
    language = "zh" if rng.random() < kind.chinese else "en"
    name, email = name_of(rng, number, language)
    shares = [rng.gammavariate(kind.interests.get(topic, FLAT_INTEREST), 1.0) for topic in TOPICS]
    life_days = rng.weibullvariate(kind.churn_scale_days, kind.churn_shape)
    return Learner(
        number=number, segment=kind.name, name=name, email=email, language=language,
        utc_offset_h=8 if language == "zh" else rng.choice((8, 8, 1, 0, 1, -5, -8)),
        source=_picked(rng, kind.sources), device="phone" if rng.random() < kind.phone else "computer",
        consents=_consents(rng), joined_at=joined_at, leaves_at=joined_at + timedelta(days=life_days),
        interests={topic: share / sum(shares) for topic, share in zip(TOPICS, shares, strict=True)},
        visits_per_week=kind.visits_per_week * rng.lognormvariate(0, SPREAD_OF_PACE),
        price_sensitivity=kind.price_sensitivity * rng.lognormvariate(0, SPREAD_OF_SENSITIVITY),
        diligence=min(0.98, max(0.2, rng.gauss(kind.diligence, 0.08))),
        ability=rng.gauss(kind.ability, SPREAD_OF_ABILITY),
    )  # fmt: skip


def _consents(rng: random.Random) -> tuple[str, ...]:
    if rng.random() < NO_CONSENT:
        return ()
    more = (("personalisation", PERSONALISATION), ("marketing_mail", MARKETING))
    return ("analytics", *(purpose for purpose, share in more if rng.random() < share))


def _picked(rng: random.Random, shares: Mapping[str, float]) -> str:
    return rng.choices(list(shares), weights=list(shares.values()))[0]


def truth_of(learners: Sequence[Learner], keys: Mapping[int, str], *, now: datetime, seed: int) -> dict[str, Any]:
    """Return the truth as plain data: the segments' numbers, and each person under her behaviour key."""
    segments = [asdict(segment) for segment in SEGMENTS]
    people = {keys[learner.number]: _told(learner, now=now) for learner in learners if learner.number in keys}
    return {"format": 1, "seed": seed, "now": now.isoformat(), "days": DAYS, "segments": segments, "people": people}


def _told(learner: Learner, *, now: datetime) -> dict[str, Any]:
    left = learner.leaves_at if learner.leaves_at < now else None
    return {
        "segment": learner.segment,
        "language": learner.language,
        "source": learner.source,
        "device": learner.device,
        "consents": list(learner.consents),
        "joined_at": learner.joined_at.isoformat(),
        "leaves_at": learner.leaves_at.isoformat(),
        "churned_at": left.isoformat() if left else None,
        "interests": {topic: round(share, 6) for topic, share in learner.interests.items()},
        "visits_per_week": learner.visits_per_week,
        "price_sensitivity": learner.price_sensitivity,
        "diligence": learner.diligence,
        "ability": learner.ability,
    }


def write_truth(path: Path, truth: Mapping[str, Any]) -> None:
    """Write `truth` as JSON, whole or not at all, readable by its owner alone."""
    draft = path.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(truth, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_truth(path: Path) -> dict[str, Any] | None:
    """Return the truth that was written, or None where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found
