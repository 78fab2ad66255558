"""Money is counted: exact, of one currency, conserved when split; what a person types is read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Broken, Invalid
from xingtan.core.money import CURRENCIES, MAX_MINOR, Money, parse_money, total, zero

amounts = st.integers(-MAX_MINOR, MAX_MINOR)
currencies = st.sampled_from(sorted(CURRENCIES))


@given(amounts, amounts, currencies)
def test_sums_and_differences_are_exact(a: int, b: int, currency: str) -> None:
    assert Money(a, currency) + Money(b, currency) - Money(b, currency) == Money(a, currency)
    assert (-Money(a, currency)).minor == -a
    assert total([Money(a, currency), Money(b, currency)], currency).minor == a + b


@given(amounts, currencies, st.lists(st.integers(0, 10_000), min_size=1, max_size=20).filter(lambda w: sum(w) > 0))
def test_splitting_conserves_and_keeps_proportion(minor: int, currency: str, weights: list[int]) -> None:
    parts = Money(minor, currency).split(weights)
    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - minor * weight / sum(weights)) < 1 + abs(minor) * 1e-12


@given(amounts, currencies)
def test_the_decimal_form_reads_back(minor: int, currency: str) -> None:
    text = Money(abs(minor), currency).major()
    assert parse_money(text, currency).minor == abs(minor)


def test_currencies_never_mix() -> None:
    with pytest.raises(Broken):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(Broken):
        _ = Money(1, "CNY") < Money(1, "USD")


@pytest.mark.parametrize("minor", [1.0, "1", None, True])
def test_only_whole_minor_units_are_money(minor: object) -> None:
    with pytest.raises(Broken):
        Money(minor, "CNY")  # type: ignore[arg-type]


@pytest.mark.parametrize(("rate_bp", "expected"), [(0, 0), (50, 1), (49, 0), (10_000, 100), (1_050, 11), (1_049, 10)])
def test_shares_round_halves_away_from_zero(rate_bp: int, expected: int) -> None:
    assert Money(100, "CNY").share(rate_bp).minor == expected
    assert Money(-100, "CNY").share(rate_bp).minor == -expected


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("199", "CNY", 19900), ("199.5", "CNY", 19950), ("0.01", "USD", 1), ("500", "JPY", 500), ("1.234", "KWD", 1234)],
)
def test_plain_amounts_are_read(text: str, currency: str, minor: int) -> None:
    assert parse_money(text, currency) == Money(minor, currency)


BAD_AMOUNTS = [
    *("", " ", "-1", "-0", "+1", "1e2", "1,00", "1,000", "１００", "١٠٠", "NaN", "Infinity", "0.1+0.2"),
    *(".5", "5.", "0x10"),
    *("1.2.3", "1 000", "1\n", "1_000", "12.345", "¥5", str(2**53), str(2**63 - 1), str(2**63), "1" + "0" * 30),
]


@pytest.mark.parametrize("text", BAD_AMOUNTS)
def test_unclear_amounts_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_money(text, "CNY", field="price")
    assert list(refused.value.fields) == ["price"]


@pytest.mark.parametrize(("text", "currency"), [("1.5", "JPY"), ("1", "cny"), ("1", "XXX"), ("1", "")])
def test_decimals_and_currencies_are_those_of_iso_4217(text: str, currency: str) -> None:
    with pytest.raises(Invalid):
        parse_money(text, currency)


def test_nothing_is_false() -> None:
    assert not zero("CNY")
    assert Money(1, "CNY")
