"""How a learner decides: the equations of docs/explanations/demo-academy.md, each a function of what is known.

Probabilities are logistic; prices enter by their logarithm, so that the elasticity of demand of a learner with price
sensitivity b is -b * (1 - p).
"""

import math
from collections.abc import Mapping
from datetime import datetime

from xingtan.sample.truth import Learner
from xingtan.sample.world import TOPICS, Work

MOST_MATCH = 4.0
APPEAL: Mapping[str, float] = {
    "course": 0.6, "column": 0.3, "podcast": 0.3, "article": 0.2, "ebook": 0.2, "bundle": 0.0, "live": -0.2,
    "consulting": -0.9,
}  # fmt: skip
"""What a kind of work is worth to everybody, in logits."""

LOOKING = {"match": 0.8, "own language": 2.2, "new": 0.9}
NEW_FADES_DAYS = 14.0
BUYING = {
    "base": -4.95, "match": 0.75, "looked before": 0.3, "other language": -2.5, "unprepared": -1.2, "free": -0.35,
}  # fmt: skip
PRICE_UNIT_MINOR = 10_000
"""Prices are measured against this (100.00): its logarithm is nothing."""

REFUNDING = {"base": -2.7, "match": -0.6}
DIFFICULTY_MEAN, DIFFICULTY_SPREAD, GAIN_PER_LESSON, GAIN_SECOND_TRY = -0.5, 0.9, 0.05, 0.6


def logistic(logit: float) -> float:
    """Return the probability of `logit`."""
    return 1 / (1 + math.exp(-logit))


def match(learner: Learner, work: Work) -> float:
    """Return how well the work's topics suit the learner: 1 for somebody of no particular interest, 4 at most."""
    shares = [learner.interests[topic] for topic in work.topics if topic in learner.interests]
    return min(MOST_MATCH, len(TOPICS) * sum(shares) / len(shares)) if shares else 1.0


def attraction(learner: Learner, work: Work) -> float:
    """Return what draws the learner to look at the work, less the charm of the new: the logarithm of a weight."""
    own = LOOKING["own language"] if work.language == learner.language else 0.0
    return LOOKING["match"] * match(learner, work) + APPEAL.get(work.kind, 0.0) + own


def newness(work: Work, at: datetime) -> float:
    """Return the charm of the new at `at`, to be added to `attraction`."""
    age_days = (at - work.published_at).total_seconds() / 86_400
    return LOOKING["new"] * math.exp(-age_days / NEW_FADES_DAYS)


def p_buy(learner: Learner, work: Work, *, price_minor: int, looks: int, is_prepared: bool) -> float:
    """Return the probability that a look at the work ends in buying it for `price_minor`, or taking it for nothing."""
    logit = BUYING["base"] + learner.kind.keenness + APPEAL.get(work.kind, 0.0)
    logit += BUYING["match"] * (match(learner, work) - 1) + BUYING["looked before"] * min(looks, 3)
    logit += 0.0 if work.language == learner.language else BUYING["other language"]
    logit += 0.0 if is_prepared else BUYING["unprepared"]
    if not price_minor:
        return logistic(logit - BUYING["base"] + BUYING["free"])
    return logistic(logit - learner.price_sensitivity * math.log(price_minor / PRICE_UNIT_MINOR))


def p_refund(learner: Learner, work: Work) -> float:
    """Return the probability that a buyer asks for her money back."""
    return logistic(REFUNDING["base"] + REFUNDING["match"] * (match(learner, work) - 1))


def p_right(learner: Learner, *, difficulty: float, lessons_done: int, is_second_try: bool) -> float:
    """Return the probability of a right answer: one-parameter logistic, with what was learnt in this work."""
    gained = GAIN_PER_LESSON * lessons_done + (GAIN_SECOND_TRY if is_second_try else 0.0)
    return logistic(learner.ability + gained - difficulty)
