"""The pure rules: never negative, exact, blind to the order in which words are typed."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.money import Money, total
from xingtan.domains.commerce.promotions.rules.bundles import BundlePart, owned_share
from xingtan.domains.commerce.promotions.rules.codes import CODE_BITS, code_hash, read_code, redeem_code
from xingtan.domains.commerce.promotions.rules.coupons import (
    WHOLE_BP,
    Coupon,
    Item,
    coupon_code,
    go_together,
    in_order,
    is_for,
    refusal,
    taken_off,
)

PRODUCTS = [UUID(int=number) for number in range(1, 6)]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
amounts = st.integers(0, 10**9)
items = st.lists(
    st.builds(
        Item, product_id=st.sampled_from(PRODUCTS), kind=st.sampled_from(["access", "rental", "subscription"]),
        left=amounts.map(lambda minor: Money(minor, "CNY")),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
limits = {
    "product_ids": st.frozensets(st.sampled_from(PRODUCTS), max_size=2),
    "kinds": st.frozensets(st.sampled_from(["access", "rental"]), max_size=1),
    "code": st.text("ABC", min_size=3, max_size=5),
    "id": st.builds(uuid4),
    "is_stackable": st.just(value=True),
}
coupons = st.one_of(
    st.builds(Coupon, share_bp=st.integers(1, WHOLE_BP), **limits),
    st.builds(Coupon, amounts=st.fixed_dictionaries({"CNY": st.integers(1, 10**10)}), **limits),
)


def _apply(given_coupons: Sequence[Coupon], lines: Sequence[Item]) -> list[Item]:
    left = list(lines)
    for coupon in in_order(given_coupons):
        off = taken_off(coupon, left)
        left = [Item(one.product_id, one.kind, one.left - less) for one, less in zip(left, off, strict=True)]
    return left


@given(coupons, items)
def test_what_is_taken_off_is_exact_and_never_more_than_is_left(coupon: Coupon, lines: list[Item]) -> None:
    off = taken_off(coupon, lines)
    assert all(0 <= less.minor <= one.left.minor for less, one in zip(off, lines, strict=True))
    assert all(not less for less, one in zip(off, lines, strict=True) if not is_for(coupon, one))
    base = total([one.left for one in lines if is_for(coupon, one)], "CNY")
    wanted = base.share(coupon.share_bp) if coupon.share_bp else min(Money(coupon.amounts["CNY"], "CNY"), base)
    assert total(off, "CNY") == wanted


@given(st.lists(coupons, max_size=4, unique_by=lambda coupon: coupon.code), items, st.randoms())
def test_the_order_of_typing_changes_nothing(given_coupons: list[Coupon], lines: list[Item], rng: object) -> None:
    shuffled = list(given_coupons)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    left = _apply(given_coupons, lines)
    assert left == _apply(shuffled, lines)
    assert all(one.left.minor >= 0 for one in left)


def test_a_coupon_for_all_of_it_leaves_nothing() -> None:
    lines = [Item(PRODUCTS[0], "access", Money(101, "CNY")), Item(PRODUCTS[1], "access", Money(1, "CNY"))]
    assert not any(one.left for one in _apply([Coupon(uuid4(), "ALL", share_bp=WHOLE_BP)], lines))


@pytest.mark.parametrize(
    ("coupon", "reason"),
    [
        ({"starts_at": NOW + timedelta(seconds=1)}, "not_yet"),
        ({"starts_at": NOW}, None),
        ({"ends_at": NOW}, "over"),
        ({"ends_at": NOW + timedelta(seconds=1)}, None),
        ({"product_ids": frozenset({PRODUCTS[1]})}, "not_for_this"),
        ({"product_ids": frozenset(PRODUCTS[:2])}, None),
        ({"kinds": frozenset({"rental"})}, "not_for_this"),
        ({"least": {"CNY": 10_001}}, "too_little"),
        ({"least": {"CNY": 10_000, "USD": 99_999}}, None),
        ({"share_bp": None, "amounts": {"USD": 100}}, "not_for_this"),
    ],
)
def test_every_refusal_has_its_reason(coupon: dict[str, object], reason: str | None) -> None:
    terms = {"share_bp": 1_000, **coupon}
    lines = [Item(PRODUCTS[0], "access", Money(10_000, "CNY"))]
    assert refusal(Coupon(uuid4(), "X", **terms), lines, at=NOW) == reason  # type: ignore[arg-type]


def test_nothing_left_to_lower_is_refused() -> None:
    lines = [Item(PRODUCTS[0], "access", Money(0, "CNY"))]
    assert refusal(Coupon(uuid4(), "X", share_bp=1), lines, at=NOW) == "not_for_this"


def test_together_only_where_each_says_so() -> None:
    alone, social = Coupon(uuid4(), "A", share_bp=1), Coupon(uuid4(), "B", share_bp=1, is_stackable=True)
    assert go_together([])
    assert go_together([alone])
    assert go_together([social, social])
    assert not go_together([alone, social])


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("spring20", "SPRING20"), (" Spring 20\n", "SPRING20"), ("ＳＰＲＩＮＧ２０", "SPRING20"), ("春分", None),
        ("杏花节2026", "杏花节2026"), ("A-B_C", "A-B_C"), ("", None), ("a;b c", None),
        ("x" * 41, None), ("a\x00bcd", None),
    ],
)  # fmt: skip
def test_coupon_words_are_forgiving(typed: str, code: str | None) -> None:
    assert coupon_code(typed) == code


@given(amounts, st.lists(st.builds(BundlePart, st.integers(0, 10**6), st.booleans()), max_size=12))
def test_owned_parts_of_a_bundle_never_cost_more_than_it(minor: int, parts: list[BundlePart]) -> None:
    price = Money(minor, "CNY")
    owned = owned_share(price, parts)
    rest = owned_share(price, [BundlePart(part.weight, not part.is_owned) for part in parts])
    assert 0 <= owned.minor <= minor
    assert owned + rest == (price if parts else Money(0, "CNY"))


def test_a_bundle_is_divided_by_the_parts_prices() -> None:
    price = Money(30_000, "CNY")
    assert owned_share(price, [BundlePart(10_000, True), BundlePart(30_000, False)]) == Money(7_500, "CNY")
    assert owned_share(price, [BundlePart(0, True), BundlePart(0, False), BundlePart(0, False)]).minor == 10_000
    assert not owned_share(price, [BundlePart(0, True), BundlePart(5, False)])


@given(st.integers(0, 2**CODE_BITS - 1))
def test_codes_are_read_as_they_were_made(bits: int) -> None:
    code = redeem_code(bits)
    assert len(code) == 19
    letters = read_code(f" {code.lower().replace('0', 'o').replace('1', 'l')} ")
    assert letters is not None
    assert code_hash(letters) == code_hash(code)


def test_codes_differ() -> None:
    made = {redeem_code(secrets.randbits(CODE_BITS)) for _ in range(500)}
    assert len(made) == 500
    assert len({redeem_code(bits) for bits in range(64)}) == 64


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "AAAA-AAAA-AAAA-AAA", "AAAA-AAAA-AAAA-AAAAA", "UUUU-AAAA-AAAA-AAAA", "é" * 16]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None
