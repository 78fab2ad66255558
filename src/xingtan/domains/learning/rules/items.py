"""How well a quiz's questions work: classical test theory over first attempts.

Difficulty is the p-value, the part who were right. Discrimination is the corrected item-total correlation (Pearson,
of being right with the points on the other questions), so that a question is not correlated with itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from xingtan.domains.learning.views import ItemStatistic


@dataclass(frozen=True, slots=True)
class Answered:
    """One person's answer to one question in her first submitted attempt; `is_correct` None: not graded."""

    attempt: object
    question_key: str
    is_correct: bool | None
    choices: tuple[str, ...]


def item_statistics(answers: Sequence[Answered], *, question_keys: Sequence[str]) -> tuple[ItemStatistic, ...]:
    """Return one statistic for each of `question_keys`, in their order; questions nobody answered have no p-value."""
    scores: dict[object, dict[str, bool]] = {}
    for answer in answers:
        if answer.is_correct is not None:
            scores.setdefault(answer.attempt, {})[answer.question_key] = answer.is_correct
    return tuple(_statistic(key, answers, scores) for key in question_keys)


def _statistic(key: str, answers: Sequence[Answered], scores: Mapping[object, Mapping[str, bool]]) -> ItemStatistic:
    given = [answer for answer in answers if answer.question_key == key]
    pairs = [(float(score[key]), float(sum(score.values()) - score[key])) for score in scores.values() if key in score]
    return ItemStatistic(
        question_key=key,
        attempts=len(given),
        p_value=sum(right for right, _ in pairs) / len(pairs) if pairs else None,
        discrimination=_pearson(pairs),
        choice_counts=dict(Counter(choice for answer in given for choice in answer.choices)),
    )


def _pearson(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the correlation, or None where either side never varies."""
    if not pairs:
        return None
    n = len(pairs)
    mean_x, mean_y = sum(x for x, _ in pairs) / n, sum(y for _, y in pairs) / n
    spread_x = sum((x - mean_x) ** 2 for x, _ in pairs)
    spread_y = sum((y - mean_y) ** 2 for _, y in pairs)
    if not spread_x or not spread_y:
        return None
    together = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    return max(-1.0, min(1.0, together / sqrt(spread_x * spread_y)))
