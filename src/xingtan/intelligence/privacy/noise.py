"""Discrete Laplace noise, exactly: P(x) ∝ exp(−|x| / scale) over the integers.

Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1 and 2: whole numbers
and fractions only, so the distribution is the stated one to the last bit (Mironov 2012 shows what floats betray).
`below(n)` gives a uniform integer of [0, n); in service it is the operating system's secure source and nothing else.

The time that a draw takes depends on what is drawn: do not let strangers measure it.
"""

import math
import secrets
from collections.abc import Callable
from fractions import Fraction

from xingtan.core.errors import Invalid, say

Below = Callable[[int], int]


def bernoulli_exp(gamma: Fraction, *, below: Below) -> bool:
    """Return True with probability exp(−gamma), for gamma from 0 to 1."""
    tries = 1
    while below(gamma.denominator * tries) < gamma.numerator:
        tries += 1
    return tries % 2 == 1


def discrete_laplace(scale: Fraction, *, below: Below = secrets.randbelow) -> int:
    """Return one draw; its standard deviation is about scale · √2."""
    if scale <= 0:
        raise Invalid.of("scale", say("The scale of the noise must be positive."))
    whole = scale.numerator
    while True:
        part = below(whole)
        if not bernoulli_exp(Fraction(part, whole), below=below):
            continue
        turns = 0
        while bernoulli_exp(Fraction(1), below=below):
            turns += 1
        size = (part + whole * turns) // scale.denominator
        negative = below(2) == 1
        if size or not negative:  # zero has one sign only
            return -size if negative else size


def mass(x: int, *, scale: Fraction) -> float:
    """Return the probability of `x`: (1 − a) / (1 + a) · a^|x| with a = exp(−1 / scale)."""
    return math.tanh(float(1 / scale) / 2) * math.exp(-abs(x) / float(scale))


def margin(scale: Fraction, *, alpha: float = 0.05) -> int:
    """Return the least m with P(|noise| > m) ≤ alpha: P(|noise| > m) = 2 a^(m + 1) / (1 + a)."""
    step = float(1 / scale)
    found = math.ceil((math.log(2 / alpha) - math.log1p(math.exp(-step))) / step - 1)
    return max(0, found)
