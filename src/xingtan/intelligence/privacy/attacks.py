"""Attacks on a release, as measurements: how often they succeed, with an interval, beside a blind guess.

They assume the strongest plausible knowledge: the whole population's names and quasi-identifiers, a person's full
record, or everybody's rows but one. A low success here is no proof; a high one is a reason to stop. `rng` picks among
equals.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from statistics import NormalDist

import pyarrow as pa

from xingtan.core.errors import Invalid, say
from xingtan.intelligence.privacy.rows import Key, Schema, keys, values

_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Attacked:
    """How an attack fared: the share of its tries that came true, and that of a guess which does not look."""

    name: str
    success: float
    low: float
    high: float
    baseline: float
    tries: int

    @property
    def lead(self) -> float:
        """Return how much more than the guess it may achieve: the interval's upper end, less the baseline."""
        return self.high - self.baseline


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share; everything, without a try."""
    if not tries:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + _SURE) / 2)
    middle, spread = hits + z * z / 2, z * math.sqrt(hits * (tries - hits) / tries + z * z / 4)
    whole = tries + z * z
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def _outcome(name: str, hits: int, tries: int, *, baseline: float) -> Attacked:
    low, high = wilson(hits, tries)
    return Attacked(name, hits / tries if tries else 0.0, low, high, baseline, tries)


class _Candidates:
    """Which classes of a released table may be about somebody."""

    def __init__(self, released: pa.Table, schema: Schema) -> None:
        self.rows: dict[Key, list[int]] = {}
        for row, key in enumerate(keys(released, schema.quasi)):
            self.rows.setdefault(key, []).append(row)
        self._classes = list(self.rows)
        self._hierarchies = tuple(schema.quasi.values())
        self._known: list[dict[Hashable, frozenset[int]]] = [{} for _ in self._hierarchies]

    def of(self, person: Key) -> list[int]:
        """Return the released rows whose labels cover what is known of the person."""
        fitting: frozenset[int] | None = None
        for place, value in enumerate(person):
            mine = self._covering(place, value)
            fitting = mine if fitting is None else fitting & mine
        return [row for which in sorted(fitting or ()) for row in self.rows[self._classes[which]]]

    def _covering(self, place: int, value: Hashable) -> frozenset[int]:
        known, hierarchy = self._known[place], self._hierarchies[place]
        if value not in known:
            labels: dict[Hashable, bool] = {}
            for label in (key[place] for key in self._classes):
                if label not in labels:
                    labels[label] = hierarchy.covers(label, value)
            known[value] = frozenset(which for which, key in enumerate(self._classes) if labels[key[place]])
        return known[value]


def linkage(released: pa.Table, *, sources: Sequence[int], register: pa.Table, schema: Schema, rng: Random) -> Attacked:
    """Return how many of the released people a holder of the register finds by picking among the rows that fit.

    `register` has a row of quasi-identifiers for each person; `sources` says which of them each released row is about.
    """
    candidates = _Candidates(released, schema)
    people = keys(register, schema.quasi)
    hits = 0
    for person in sorted(sources, key=lambda row: (repr(people[row]), row)):
        fitting = candidates.of(people[person])
        hits += bool(fitting) and sources[rng.choice(fitting)] == person
    return _outcome("linkage", hits, len(sources), baseline=1 / len(sources) if sources else 0.0)


def inference(
    released: pa.Table, *, sources: Sequence[int], register: pa.Table, schema: Schema, sensitive: str, rng: Random
) -> Attacked:
    """Return how many of the released people's sensitive value is the most frequent one among the rows that fit.

    The guess names the most frequent value of the whole release.
    """
    candidates, secrets = _Candidates(released, schema), values(released, sensitive)
    people, hits = keys(register, schema.quasi), 0
    for row, person in sorted(enumerate(sources), key=lambda pair: (repr(people[pair[1]]), repr(secrets[pair[0]]))):
        counts = Counter(secrets[fit] for fit in candidates.of(people[person]))
        most = max(counts.values(), default=0)
        guess = rng.choice(sorted((value for value, times in counts.items() if times == most), key=repr) or [None])
        hits += bool(counts) and guess == secrets[row]
    top = max(Counter(secrets).values(), default=0)
    return _outcome("inference", hits, len(sources), baseline=top / len(sources) if sources else 0.0)


def membership(released: pa.Table, *, members: pa.Table, strangers: pa.Table, schema: Schema, rng: Random) -> Attacked:
    """Return how often a holder of full records says rightly who is in the release, half of them being in.

    A person's score is the number of released rows that fit her, sensitive values included; the threshold is learnt
    on one half of the people and tried on the other. `strangers` are of the same population and not in the release.
    """
    candidates, secrets = _Candidates(released, schema), keys(released, schema.sensitive)
    inside, outside = (
        _scores(candidates, secrets, people=people, schema=schema, rng=rng) for people in (members, strangers)
    )
    size = min(len(inside), len(outside))
    return _threshold_attack("membership", inside[:size], outside[:size])


def _scores(
    candidates: _Candidates, secrets: Sequence[Key], *, people: pa.Table, schema: Schema, rng: Random
) -> list[int]:
    known = list(zip(keys(people, schema.quasi), keys(people, schema.sensitive), strict=True))
    known.sort(key=repr)
    rng.shuffle(known)
    return [sum(secrets[row] == secret for row in candidates.of(person)) for person, secret in known]


def distinguish(
    answer: Callable[[pa.Table], Fraction], *, table: pa.Table, neighbour: pa.Table, tries: int
) -> Attacked:
    """Return how often one noisy answer tells which of two neighbours it is about, each asked `tries` times."""
    inside, outside = [answer(table) for _ in range(tries)], [answer(neighbour) for _ in range(tries)]
    return _threshold_attack("distinguish", inside, outside)


def at_best(epsilon: Fraction) -> float:
    """Return the most that `distinguish` can achieve against ε-differential privacy: e^ε / (1 + e^ε)."""
    return 1 / (1 + math.exp(-float(epsilon)))


def _threshold_attack(name: str, inside: Sequence[Fraction | int], outside: Sequence[Fraction | int]) -> Attacked:
    """Learn on the first halves at which score, and on which side of it, to say "inside"; try it on the rest."""
    half_in, half_out = len(inside) // 2, len(outside) // 2
    cut, sign = _best_cut(inside[:half_in], outside[:half_out])
    tried_in, tried_out = inside[half_in:], outside[half_out:]
    hits = sum(sign * score >= cut for score in tried_in) + sum(sign * score < cut for score in tried_out)
    return _outcome(name, hits, len(tried_in) + len(tried_out), baseline=0.5)


def _best_cut(inside: Sequence[Fraction | int], outside: Sequence[Fraction | int]) -> tuple[Fraction | int, int]:
    best: tuple[int, Fraction | int, int] = (-1, 0, 1)
    for sign in (1, -1):
        ins, outs = Counter(sign * score for score in inside), Counter(sign * score for score in outside)
        right = len(outside)  # at the lowest cut everybody is "inside": start above all, and come down
        right_in, right_out = 0, right
        for cut in sorted(ins.keys() | outs.keys(), reverse=True):
            right_in, right_out = right_in + ins[cut], right_out - outs[cut]
            best = max(best, (right_in + right_out, cut, sign))
    return best[1], best[2]


def least_epsilon(inside: Mapping[int, int], outside: Mapping[int, int]) -> float:
    """Return a lower bound of ε from how often each outcome came on two neighbouring tables.

    The largest log ratio of probabilities of "at least x" and "at most x", each share at the unfavourable end of its
    interval. An audit: an implementation that promises less than this is wrong.
    """
    if not inside or not outside:
        raise Invalid.of("outcomes", say("Both tables must have been asked."))
    found = 0.0
    for a, b in _tails(inside, outside):
        low, high = wilson(a, sum(inside.values()))[0], wilson(b, sum(outside.values()))[1]
        if low > 0:
            found = max(found, math.log(low / high))
    return found


def _tails(inside: Mapping[int, int], outside: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    for sign in (1, -1):
        here = there = 0
        for outcome in sorted(inside.keys() | outside.keys(), key=lambda x: sign * x):
            here, there = here + inside.get(outcome, 0), there + outside.get(outcome, 0)
            yield here, there
