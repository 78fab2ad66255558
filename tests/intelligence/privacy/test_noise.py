"""The noise is the stated one: against its formula, against a foreign sampler, and on neighbouring tables.

Draws are seeded where a seed can be given; where the secure source itself is tried, the bound is one that a right
sampler misses once in a million runs.
"""

import math
from collections import Counter
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.attacks import least_epsilon
from xingtan.intelligence.privacy.noise import bernoulli_exp, discrete_laplace, margin, mass

DRAWS = 100_000
SCALES = [Fraction(1, 2), Fraction(1), Fraction(7, 3), Fraction(20)]
ONCE_IN_A_MILLION = 4.753  # standard deviations of a normal, one-sided


def chi_square(draws: Counter[int], scale: Fraction) -> tuple[float, int]:
    """Return Pearson's statistic over outcomes expected ten times or more, the tails being one; and its freedom."""
    size, far = draws.total(), 0
    while size * mass(far + 1, scale=scale) >= 10:
        far += 1
    cells = [(draws[x], size * mass(x, scale=scale)) for x in range(-far, far + 1)]
    cells.append((size - sum(seen for seen, _ in cells), size - sum(due for _, due in cells)))
    return sum((seen - due) ** 2 / due for seen, due in cells), len(cells) - 1


def bound(freedom: int) -> float:
    """Return the chi-square quantile that is exceeded once in a million (Wilson and Hilferty 1931)."""
    return freedom * (1 - 2 / (9 * freedom) + ONCE_IN_A_MILLION * math.sqrt(2 / (9 * freedom))) ** 3


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_draws_fit_the_formula(scale: Fraction) -> None:
    rng = Random(20)
    draws = Counter(discrete_laplace(scale, below=rng.randrange) for _ in range(DRAWS))
    statistic, freedom = chi_square(draws, scale)
    assert freedom > 3
    assert statistic < bound(freedom)


def test_the_test_of_fit_notices_a_wrong_scale() -> None:
    rng = Random(20)
    draws = Counter(discrete_laplace(Fraction(21, 20), below=rng.randrange) for _ in range(DRAWS))
    statistic, freedom = chi_square(draws, Fraction(1))
    assert statistic > bound(freedom)


def test_the_secure_source_gives_the_same_distribution() -> None:
    draws = Counter(discrete_laplace(Fraction(3, 2)) for _ in range(DRAWS))
    statistic, freedom = chi_square(draws, Fraction(3, 2))
    assert statistic < bound(freedom)


@pytest.mark.parametrize("epsilon", [Fraction(1, 2), Fraction(1), Fraction(2)], ids=str)
def test_two_neighbouring_counts_are_as_close_as_promised_and_no_closer(epsilon: Fraction) -> None:
    rng = Random(11)

    def answers(true: int) -> Counter[int]:
        return Counter(true + discrete_laplace(1 / epsilon, below=rng.randrange) for _ in range(DRAWS))

    seen = least_epsilon(answers(42), answers(41))
    assert 0.85 * epsilon < seen <= epsilon  # a lower bound with confidence, and not far below


def test_the_audit_convicts_an_implementation_that_promises_too_much() -> None:
    rng = Random(11)
    here, there = (
        Counter(true + discrete_laplace(Fraction(1, 2), below=rng.randrange) for _ in range(DRAWS)) for true in (42, 41)
    )
    assert least_epsilon(here, there) > 1  # scale 1/2 is ε = 2, sold as 1


def test_the_formula_sums_to_one_and_falls_by_epsilon() -> None:
    for scale in SCALES:
        assert math.fsum(mass(x, scale=scale) for x in range(-1000, 1001)) == pytest.approx(1)
        assert mass(3, scale=scale) / mass(4, scale=scale) == pytest.approx(math.exp(1 / scale))


@given(st.fractions(Fraction(1, 50), Fraction(50)), st.sampled_from((0.05, 0.025, 0.5)))
def test_a_margin_is_the_least_that_holds(scale: Fraction, alpha: float) -> None:
    def beyond(m: int) -> float:
        a = math.exp(-1 / scale)
        return 2 * a ** (m + 1) / (1 + a)

    found = margin(scale, alpha=alpha)
    assert beyond(found) <= alpha * (1 + 1e-9)
    assert found == 0 or beyond(found - 1) > alpha * (1 - 1e-9)


@pytest.mark.parametrize("gamma", [Fraction(0), Fraction(1, 3), Fraction(1)], ids=str)
def test_the_coin_falls_as_often_as_it_should(gamma: Fraction) -> None:
    rng = Random(3)
    heads, p = sum(bernoulli_exp(gamma, below=rng.randrange) for _ in range(DRAWS)), math.exp(-gamma)
    assert abs(heads - DRAWS * p) <= ONCE_IN_A_MILLION * math.sqrt(DRAWS * p * (1 - p)) + 1e-6


def test_noise_without_a_scale_is_refused() -> None:
    for scale in (Fraction(0), Fraction(-1)):
        with pytest.raises(Invalid):
            discrete_laplace(scale)


def test_opendp_draws_the_same_distribution() -> None:
    opendp = pytest.importorskip("opendp.prelude", reason="opendp is not installed", exc_type=ImportError)
    opendp.enable_features("contrib")
    measurement = opendp.m.make_laplace(opendp.atom_domain(T=int), opendp.absolute_distance(T=int), scale=1.5)
    draws = Counter(measurement(0) for _ in range(20_000))
    statistic, freedom = chi_square(draws, Fraction(3, 2))
    assert statistic < bound(freedom)
