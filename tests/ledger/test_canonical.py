"""Canonical JSON and salted commitments."""

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.ledger import canonical, commitments
from xingtan.ledger.tree import NotProven

NAMES = st.text(st.characters(max_codepoint=127), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))


@given(VALUES)
def test_one_value_has_one_text(value: Any) -> None:
    text = canonical.encode(value)
    assert json.loads(text) == value
    assert canonical.encode(canonical.decode(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        ({"a": [True, False, None, -1]}, '{"a":[true,false,null,-1]}'),
        ({"": "€$\u000f\nA'\u0042\u0022\u005c\\\u0022/"}, '{"":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),  # RFC 8785, 3.2.2
        ("\x00\x08\x09\x0a\x0b\x0c\x0d\x1f\x7f", '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\x7f"'),
        ("杏坛 \u2028 \ufeff \U0001f600", '"杏坛 \u2028 \ufeff \U0001f600"'),
        ({"1": 1, "10": 2, "2": 3, "A": 4, "a": 5}, '{"1":1,"10":2,"2":3,"A":4,"a":5}'),
        (2**53 - 1, "9007199254740991"),
    ],
)
def test_texts(value: Any, text: str) -> None:
    assert canonical.encode(value) == text.encode()
    assert canonical.decode(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 ",
        " 1",
        "1\n",
        "01",
        "-0",
        "1.0",
        "1e2",
        "1.5",
        "NaN",
        "Infinity",
        "-Infinity",
        "9007199254740992",
        "-9007199254740992",
        "1" * 5000,
        "'a'",
        "{'a':1}",
        '{"a":1,"a":1}',
        '{"b":1,"a":2}',
        '{"a": 1}',
        '{"a":1,}',
        "[1,]",
        "[1 ]",
        '"\\u0041"',
        '"\\/"',
        '"\\u000A"',
        '"\\n',
        '"\n"',
        '"\\ud800"',
        '"\\u6d4b"',
        '{"测":1}',
        '{"\\u0061":1}',
        "tru",
        "null1",
        "[]]",
        "\ufeff1",
        "[" * 100_000,
        "[" * 40 + "]" * 40,
        "//x\n1",
        "undefined",
    ],
)
def test_texts_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.decode(text.encode())


@pytest.mark.parametrize("data", [b"\xff", b'"\xed\xa0\x80"', '{"a":1}'.encode("utf-16")])
def test_bytes_that_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.decode(data)


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), b"a", {1: 2}, {"a": 2**53}, "\ud800", {"é": 1}, (1,), {"a": {1}}, object()]
)
def test_values_that_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.encode(value)


@given(st.binary(max_size=60))
def test_whatever_is_read_is_what_is_written(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except ValueError:
        return
    assert canonical.encode(value) == data


SALT = bytes(range(32))


def test_a_commitment_is_checked() -> None:
    made = commitments.commit("xingtan/name", salt=SALT, payload=b"value")
    assert made == sha256(b"xingtan/name\n" + SALT + b"value").digest()
    commitments.verify(made, "xingtan/name", salt=SALT, payload=b"value")
    for domain, salt, payload in (
        ("xingtan/nam", SALT, b"value"), ("xingtan/name", bytes(32), b"value"), ("xingtan/name", SALT, b"value "),
        ("xingtan/name", SALT, b""),
    ):  # fmt: skip
        with pytest.raises(NotProven):
            commitments.verify(made, domain, salt=salt, payload=payload)


@pytest.mark.parametrize("domain", ["", "a\nb", "域", "a\0"])
def test_a_domain_is_one_line(domain: str) -> None:
    with pytest.raises(ValueError, match="domain"):
        commitments.commit(domain, salt=SALT, payload=b"")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_has_one_length(length: int) -> None:
    with pytest.raises(ValueError, match="salt"):
        commitments.commit("d", salt=bytes(length), payload=b"")


def test_salts_differ() -> None:
    assert len({commitments.new_salt() for _ in range(100)}) == 100
