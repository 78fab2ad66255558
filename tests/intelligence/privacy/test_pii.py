"""Personal data in free text: what is found and what is not, where exactly, and how often."""

import re
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intelligence.privacy.corpus import bank_card, post, resident_id
from xingtan.intelligence.privacy.pii import Finding, Kind, find, mask
from xingtan.intelligence.privacy.pii.numbers import is_luhn, is_resident_id

FULL = str.maketrans("0123456789", "０１２３４５６７８９")

FOUND: list[tuple[str, list[tuple[str, Kind]]]] = [
    ("我叫张三丰，手机１３８ ００１３ ８０００。", [("张三丰", Kind.NAME), ("１３８ ００１３ ８０００", Kind.PHONE)]),
    ("身份证11010119900307451X号", []),
    ("身份证110101199003074514", [("110101199003074514", Kind.RESIDENT_ID)]),
    ("身份证 110101 19900307 4514", [("110101 19900307 4514", Kind.RESIDENT_ID)]),
    ("身份证号：110101900307451", [("110101900307451", Kind.RESIDENT_ID)]),
    ("编号 110101900307451", []),
    ("卡号6222 0200 0000 0000 000", [("6222 0200 0000 0000 000", Kind.BANK_CARD)]),
    ("card 4111-1111-1111-1111 now", [("4111-1111-1111-1111", Kind.BANK_CARD)]),
    ("4111111111111112", []),
    ("0000000000000000", []),
    ("寄wang[at]example[dot]com吧", [("wang[at]example[dot]com", Kind.EMAIL)]),
    ("邮箱ｌｉ＠ｑｑ．ｃｏｍ。", [("ｌｉ＠ｑｑ．ｃｏｍ", Kind.EMAIL)]),
    ("1\u200b38001\u200b38000", [("1\u200b38001\u200b38000", Kind.PHONE)]),
    ("一三八零零一三八零零零", [("一三八零零一三八零零零", Kind.PHONE)]),
    ("①③⑧00138000", [("①③⑧00138000", Kind.PHONE)]),
    ("+44 20 7946 0958 2024年", [("+44 20 7946 0958", Kind.PHONE)]),
    ("（+86）138-0013-8000", [("（+86）138-0013-8000", Kind.PHONE)]),
    ("订单号13800138000", []),
    ("13800138000元", []),
    ("203.0.113.7 与 127.0.0.1 与 v1.2.3.4 与 999.1.1.1", [("203.0.113.7", Kind.IP)]),
    ("从2001:db8::8a2e:370:7334登录，12:30:45", [("2001:db8::8a2e:370:7334", Kind.IP)]),
    (
        "地址：浙江省杭州市西湖区文三路123号阳光花园3幢2单元501室。",
        [("浙江省杭州市西湖区文三路123号阳光花园3幢2单元501室", Kind.ADDRESS)],
    ),
    ("浙江省 杭州市 西湖区 文三路 9号", [("浙江省 杭州市 西湖区 文三路 9号", Kind.ADDRESS)]),
    ("今天11月22号，我知道3号楼", []),
    ("I live at 221B Baker Street, London NW1 6XE and like it", [("221B Baker Street, London NW1 6XE", Kind.ADDRESS)]),
    ("P.O. Box 1234", [("P.O. Box 1234", Kind.ADDRESS)]),
    ("感谢张伟老师！张伟说", [("张伟", Kind.NAME), ("张伟", Kind.NAME)]),
    ("请联系王小明先生", [("王小明", Kind.NAME)]),
    ("收件人：欧阳娜娜", [("欧阳娜娜", Kind.NAME)]),
    ("姓名：买买提·艾力", [("买买提·艾力", Kind.NAME)]),
    ("我是高中生，数学老师很好，谢谢老师", []),
    ("My name is Zoë O’Neil-Brown, hello", [("Zoë O’Neil-Brown", Kind.NAME)]),
    ("加微信zhang_san88，QQ：12345678", [("zhang_san88", Kind.ACCOUNT), ("12345678", Kind.ACCOUNT)]),
    ("wechat official account", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[f"{number}" for number in range(len(FOUND))])
def test_what_is_found(text: str, expected: list[tuple[str, Kind]]) -> None:
    assert [(text[one.start : one.end], one.kind) for one in find(text)] == expected


MASKED = [
    ("手机138 0013 8000。", "手机138 **** 8000。"),
    ("身份证110101199003074514", "身份证1****************4"),
    ("卡4111-1111-1111-1111", "卡****-****-****-1111"),
    ("john.smith@example.com", "j***.*****@example.com"),
    ("我叫欧阳娜娜", "我叫欧***"),
    ("My name is John Smith", "My name is J*** S****"),
    ("在203.0.113.77", "在20*.*.***.**"),
    ("收件人：张伟 +86 13800138000", "收件人：张* +86 138****8000"),
]


@pytest.mark.parametrize(("text", "expected"), MASKED, ids=[text for text, _ in MASKED])
def test_a_mask_keeps_the_shape(text: str, expected: str) -> None:
    assert mask(text) == expected
    assert len(mask(text)) == len(text)


@given(st.integers())
def test_nothing_that_was_found_is_left_to_find(seed: int) -> None:
    text, _ = post(Random(seed))
    found, masked = find(text), mask(text)
    assert len(masked) == len(text)
    hidden = {Kind.RESIDENT_ID, Kind.BANK_CARD, Kind.PHONE, Kind.NAME, Kind.ADDRESS}
    for one in found:
        if one.kind in hidden:
            assert text[one.start : one.end] not in masked[one.start : one.end]
    outside = set(range(len(text))) - {place for one in found for place in range(one.start, one.end)}
    assert all(masked[place] == text[place] for place in outside)
    assert not {one.kind for one in find(masked)} & {Kind.RESIDENT_ID, Kind.BANK_CARD, Kind.PHONE}


@given(st.text(max_size=200))
def test_any_text_has_spans_in_order_and_apart(text: str) -> None:
    found = find(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
    assert len(mask(text, found)) == len(text)


@given(st.integers())
def test_width_and_invisible_characters_change_nothing(seed: int) -> None:
    rng = Random(seed)
    text = f"号码 {resident_id(rng)} 和 {bank_card(rng)} 完"
    spans = [(one.start, one.end, one.kind) for one in find(text)]
    assert {kind for _, _, kind in spans} == {Kind.RESIDENT_ID, Kind.BANK_CARD}
    assert [(one.start, one.end, one.kind) for one in find(text.translate(FULL))] == spans
    spread = "\u200b".join(text)
    assert [(one.start, one.end, one.kind) for one in find(spread)] == [
        (2 * a, 2 * b - 1, kind) for a, b, kind in spans
    ]


@given(st.integers(), st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_no_resident_id(seed: int, place: int, digit: str) -> None:
    number = resident_id(Random(seed))
    assert is_resident_id(number)
    changed = number[:place] + digit + number[place + 1 :]
    assert changed == number or not is_resident_id(changed)


@given(st.integers(), st.integers(0, 12), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_no_card(seed: int, place: int, digit: str) -> None:
    number = re.sub("[ -]", "", bank_card(Random(seed)))
    assert is_luhn(number)
    changed = number[:place] + digit + number[place + 1 :]
    assert changed == number or not is_luhn(changed)


# Stated in docs/explanations/anonymised-data.md: kind → (precision, recall) at least.
BARS = {
    Kind.RESIDENT_ID: (0.99, 0.99), Kind.BANK_CARD: (0.99, 0.99), Kind.PHONE: (0.97, 0.98), Kind.EMAIL: (0.97, 0.97),
    Kind.IP: (0.98, 0.98), Kind.ADDRESS: (0.98, 0.98), Kind.ACCOUNT: (0.98, 0.97), Kind.NAME: (0.98, 0.75),
}  # fmt: skip


def test_precision_and_recall_are_what_the_page_states() -> None:
    right, found, there = Counter[Kind](), Counter[Kind](), Counter[Kind]()
    rng = Random(20261122)
    for _ in range(3000):
        text, truth = post(rng)
        mine = set(find(text))
        right.update(one.kind for one in mine & set(truth))
        found.update(one.kind for one in mine)
        there.update(one.kind for one in truth)
    shares = {kind: (right[kind] / found[kind], right[kind] / there[kind]) for kind in Kind}
    assert [kind for kind, bars in BARS.items() if shares[kind][0] < bars[0] or shares[kind][1] < bars[1]] == []


# Each tempts a pattern to begin everywhere, or to go far and come back; what is found of a million.
HOSTILE = {
    "1": 0, "a": 0, "浙江市": 0, "a@": 0, "a@a.": 0, "路1号": 333_320, "1:": 0, "我叫张三": 250_000, "1 ": 0,
    "6222 ": 0,
    "+1": 0, "Mr. Aa Bb ": 100_000, "1 A ": 0, "1\u200b": 0, "一": 0, "先生": 0, "qq": 0, " ": 0,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_a_million_characters_are_read_before_the_time_out(piece: str) -> None:
    assert len(find(piece * (1_000_000 // len(piece)))) == HOSTILE[piece]


@pytest.mark.slow
def test_a_number_is_found_amid_a_million_characters() -> None:
    text = "a1 @路" * 100_000 + "，手机13800138000，" + "a1 @路" * 100_000
    assert find(text) == [Finding(500_003, 500_014, Kind.PHONE)]
