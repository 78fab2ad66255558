"""Tax: net + tax = gross, lines add up to the whole, parts add up to the tax."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Broken
from xingtan.core.money import CURRENCIES, MAX_MINOR, Money, total
from xingtan.core.period import Period
from xingtan.domains.commerce.rules.tax import (
    MOST_BP,
    TAX_MODES,
    UNTAXED,
    Rate,
    Taxed,
    TaxMode,
    TaxRule,
    overlap,
    part_of,
    rate_for,
    tax_lines,
    tax_of,
)

AMOUNTS = st.integers(0, MAX_MINOR)
RATES = st.builds(Rate, st.integers(0, MOST_BP), st.sampled_from(TAX_MODES))
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


@pytest.mark.parametrize(
    ("amount", "rate_bp", "mode", "net", "tax"),
    [
        (10000, 600, "exclusive", 10000, 600),
        (10600, 600, "inclusive", 10000, 600),
        (19900, 1300, "exclusive", 19900, 2587),
        (11300, 1300, "inclusive", 10000, 1300),
        (1, 5000, "exclusive", 1, 1),  # a half goes away from zero
        (50, 100, "exclusive", 50, 1),
        (49, 100, "exclusive", 49, 0),
        (3, 10000, "inclusive", 1, 2),
        (0, 1300, "inclusive", 0, 0),
        (999, 0, "exclusive", 999, 0),
    ],
)
def test_known_taxes(amount: int, rate_bp: int, mode: TaxMode, net: int, tax: int) -> None:
    assert tax_of(yuan(amount), rate_bp, mode) == Taxed(yuan(net), yuan(tax), yuan(net + tax))


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(sorted(CURRENCIES)), RATES)
def test_net_and_tax_are_the_gross_to_the_nearest_unit(minor: int, currency: str, rate: Rate) -> None:
    net, tax, gross = tax_of(Money(minor, currency), rate.rate_bp, rate.mode)
    assert net + tax == gross
    assert minor in (net.minor, gross.minor)
    exact = Fraction(minor * rate.rate_bp, 10_000 if rate.mode == "exclusive" else 10_000 + rate.rate_bp)
    assert abs(tax.minor - exact) <= Fraction(1, 2)
    assert tax_of(Money(-minor, currency), rate.rate_bp, rate.mode) == (-net, -tax, -gross)


@pytest.mark.parametrize("rate_bp", [-1, MOST_BP + 1])
def test_a_rate_that_is_none_is_loud(rate_bp: int) -> None:
    with pytest.raises(Broken, match="basis points"):
        tax_of(yuan(1), rate_bp, "inclusive")


@given(st.lists(st.tuples(AMOUNTS.map(yuan), RATES), max_size=12))
def test_lines_add_up_to_the_tax_of_their_sum(lines: list[tuple[Money, Rate]]) -> None:
    found = tax_lines(lines)
    assert len(found) == len(lines)
    for (amount, rate), one in zip(lines, found, strict=True):
        assert one.net + one.tax == one.gross
        assert amount == (one.net if rate.mode == "exclusive" else one.gross)
        assert yuan(0) <= one.tax <= one.gross
        assert abs(one.tax.minor - tax_of(amount, rate.rate_bp, rate.mode).tax.minor) <= 1
    for rate in {rate for _, rate in lines}:
        mine = [(amount, one) for (amount, its), one in zip(lines, found, strict=True) if its == rate]
        whole = tax_of(total([amount for amount, _ in mine], "CNY"), rate.rate_bp, rate.mode)
        assert total([one.tax for _, one in mine], "CNY") == whole.tax


def test_a_negative_line_is_loud() -> None:
    with pytest.raises(Broken, match="not negative"):
        tax_lines([(yuan(-1), UNTAXED)])


@given(st.lists(st.tuples(AMOUNTS.map(yuan), RATES), min_size=1, max_size=6), st.lists(st.integers(0, 100), max_size=8))
def test_parts_never_take_more_than_is_left_and_all_at_the_end(
    lines: list[tuple[Money, Rate]], percents: list[int]
) -> None:
    left = whole = tax_lines(lines)
    taken = [Taxed(yuan(0), yuan(0), yuan(0))] * len(whole)
    for percent in [*percents, 100]:
        rest = total([one.gross for one in left], "CNY")
        part = part_of(left, Money(rest.minor * percent // 100, "CNY"))
        assert total([one.gross for one in part], "CNY").minor == rest.minor * percent // 100
        left = tuple(_map(Money.__sub__, mine, off) for mine, off in zip(left, part, strict=True))
        taken = [_map(Money.__add__, mine, off) for mine, off in zip(taken, part, strict=True)]
        for one in (*left, *part):
            assert one.net + one.tax == one.gross
            assert min(one.net, one.tax, one.gross) >= yuan(0)
    assert tuple(taken) == whole


def _map(verb: object, one: Taxed, other: Taxed) -> Taxed:
    return Taxed(*(verb(mine, theirs) for mine, theirs in zip(one, other, strict=True)))  # type: ignore[operator]


@pytest.mark.parametrize("minor", [-1, 101])
def test_more_than_is_left_cannot_be_taken(minor: int) -> None:
    with pytest.raises(Broken, match="cannot be taken"):
        part_of([Taxed(yuan(90), yuan(10), yuan(100))], yuan(minor))


def _rule(country: str | None, kind: str | None, bp: int, since: int = 0, until: int | None = None) -> TaxRule:
    holds = Period(DAY + timedelta(days=since), None if until is None else DAY + timedelta(days=until))
    return TaxRule(country, kind, Rate(bp, "inclusive"), holds)


RULES = [
    _rule(None, None, 100),
    _rule(None, "ebook", 200),
    _rule("CN", None, 600, until=10),
    _rule("CN", None, 900, since=10),
    _rule("CN", "ebook", 0),
]


@pytest.mark.parametrize(
    ("country", "kind", "day", "bp"),
    [
        ("FR", "course", 0, 100),
        ("FR", "ebook", 0, 200),
        ("CN", "course", 9, 600),
        ("CN", "course", 10, 900),
        ("CN", "ebook", 20, 0),
        (None, "course", 0, 100),
        ("CN", "course", -1, 0),
    ],
)
def test_the_narrowest_rate_wins(country: str | None, kind: str, day: int, bp: int) -> None:
    found = rate_for(RULES, country=country, kind=kind, at=DAY + timedelta(days=day))
    assert found.rate_bp == bp


def test_no_rule_means_no_tax() -> None:
    assert rate_for([], country="CN", kind="course", at=DAY) == UNTAXED


PERIODS = st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 6))).map(
    lambda pair: _rule("CN", None, 1, pair[0], None if pair[1] is None else pair[0] + pair[1])
)


@given(PERIODS, PERIODS)
def test_rules_overlap_when_some_hour_is_in_both(one: TaxRule, other: TaxRule) -> None:
    hours = [DAY + timedelta(hours=12 * step) for step in range(40)]
    assert overlap(one, other) == overlap(other, one) == any(at in one.holds and at in other.holds for at in hours)
    assert not overlap(one, TaxRule("DE", None, other.rate, other.holds))
