"""Bodies that nobody should send: each is refused in plain words, none breaks anything."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.api.conftest import House, problem
from xingtan.web.api.strict_json import MOST_BYTES, NotJson, read_json

JSON = {"Content-Type": "application/json"}


def send(house: House, body: bytes, content_type: str = "application/json") -> tuple[int, str]:
    answer = house.call("PUT", "/me", "learner", content=body, headers={"Content-Type": content_type})
    return problem(answer)


BODIES = {
    "cut off": b"{",
    "a name twice": b'{"name": "a", "name": "b", "language": "en"}',
    "NaN": b'{"name": NaN, "language": "en"}',
    "-Infinity": b'{"name": -Infinity, "language": "en"}',
    "overflow": b'{"name": 1e999, "language": "en"}',
    "digits": b'{"name": ' + b"9" * 5000 + b', "language": "en"}',
    "open brackets": b"[" * 100_000,
    "nested lists": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a little too deep": b"[" * 65 + b"]" * 65,
    "words behind": b'{"name": "a", "language": "en"} trailing',
    "two values": b'{"name": "a", "language": "en"}{}',
    "NUL": b'{"name": "\\u0000", "language": "en"}',
    "lone surrogate": b'{"name": "\\ud800", "language": "en"}',
    "NUL in a name": b'{"\\u0000": "a"}',
    "Python": b"{'name': 'a'}",
    "GBK": '{"name": "杏"}'.encode("gbk"),
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "no text": b"\xff\xfe",
    "byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_what_is_not_json_is_refused(house: House, body: bytes) -> None:
    assert send(house, body) in {(400, "not-json"), (422, "invalid")}
    assert house.call("GET", "/me", "learner").json()["name"] == "Lily"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        (["Lily", "en"], "body"),
        ("Lily", "body"),
        (1, "body"),
        (None, "body"),
        ({}, "name"),
        ({"name": "Lily"}, "language"),
        ({"name": ["Lily"], "language": "en"}, "name"),
        ({"name": 5, "language": "en"}, "name"),
        ({"name": {"a": 1}, "language": "en"}, "name"),
        ({"name": None, "language": "en"}, "name"),
        ({"name": "Lily", "language": "fr"}, "language"),
        ({"name": "Lily", "language": "en", "role": "owner"}, "role"),
        ({"name": "x" * 501, "language": "en"}, "name"),
        ({"name": "", "language": "en"}, "name"),
    ],
    ids=str,
)
def test_a_field_that_does_not_hold_is_named(house: House, body: object, field: str) -> None:
    answer = house.call("PUT", "/me", "learner", json=body)
    assert problem(answer) == (422, "invalid")
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png", "",
        "application/json; charset=gbk", "application/json; charset=utf-16",
    ],
)  # fmt: skip
def test_another_type_is_refused(house: House, content_type: str) -> None:
    assert send(house, b'{"name": "Lily", "language": "en"}', content_type) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "application/merge+json"]
)
def test_json_is_taken(house: House, content_type: str) -> None:
    answer = house.call(
        "PUT", "/me", "learner", content=b'{"name": "Lily", "language": "en"}', headers={"Content-Type": content_type}
    )
    assert answer.status_code == 200


def test_a_body_that_is_too_large_is_cut_off(house: House) -> None:
    assert send(house, b'"' + b"a" * MOST_BYTES + b'"') == (413, "too-large")


@pytest.mark.parametrize(
    ("price", "field"),
    [
        ({"minor": 1.5, "currency": "CNY"}, "price.minor"),
        ({"minor": 100.0, "currency": "CNY"}, "price.minor"),
        ({"minor": "100", "currency": "CNY"}, "price.minor"),
        ({"minor": True, "currency": "CNY"}, "price.minor"),
        ({"minor": -1, "currency": "CNY"}, "price.minor"),
        ({"minor": 10**13, "currency": "CNY"}, "price.minor"),
        ({"minor": 100, "currency": "XXX"}, "price"),
        ({"minor": 100, "currency": "cny"}, "price.currency"),
        ({"minor": 100, "currency": "CNY", "amount": "2.00"}, "price"),
        ({"amount": "1.00", "currency": "CNY"}, "price.minor"),
        (100, "price"),
    ],
)  # fmt: skip
def test_money_is_counted_and_never_measured(house: House, price: object, field: str) -> None:
    body = {"model": "once", "price": price}
    answer = house.call("POST", f"/products/{house.course}/offers", json=body)
    assert problem(answer) == (422, "invalid")
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "at",
    ["2026-03-01", "2026-03-01T08:00:00", "1772352000", 1772352001, "9999-12-31T23:59:59-23:00",
     "0001-01-01T00:00:00+23:00", "soon", "2026-02-30T00:00:00Z", None],
)  # fmt: skip
def test_a_moment_has_its_zone(house: House, at: object) -> None:
    answer = house.call("POST", f"/products/{house.course}/schedule", json={"publish_at": at})
    assert problem(answer) == (422, "invalid")
    assert "publish_at" in answer.json()["errors"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_complaints_are_in_the_readers_language(house: House, language: str) -> None:
    answer = house.call("PUT", "/me", "learner", json={}, headers={"Accept-Language": language})
    assert answer.json()["errors"]["name"] == {"zh": "这一项没有填。", "en": "This is missing."}[language]


def test_queries_and_paths_are_checked_too(house: House) -> None:
    assert problem(house.call("GET", "/products?topic=%00")) == (422, "invalid")
    assert problem(house.call("GET", "/products?limit=0")) == (422, "invalid")
    assert problem(house.call("GET", "/products?limit=1e3")) == (422, "invalid")
    assert problem(house.call("GET", "/products?sort=price")) == (422, "invalid")
    assert problem(house.call("GET", "/products/%00")) == (404, "not-found")
    assert problem(house.call("GET", "/products/no-such")) == (404, "not-found")
    assert problem(house.call("GET", "/lessons/nonsense")) == (404, "not-found")
    assert problem(house.call("GET", f"/lessons/{house.id('product')}")) == (404, "not-found")
    assert problem(house.call("GET", "/nothing")) == (404, "not-found")
    assert problem(house.call("PATCH", "/me")) == (405, "method-not-allowed")
    assert house.call("GET", "/search?q=%00%27%22--;DROP TABLE").status_code == 200


# Property: whatever Python can write as one JSON text, `read_json` reads back, unless it refuses it in its own words.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_reading_gives_what_was_written(value: object) -> None:
    written = json.dumps(value, ensure_ascii=True).encode()
    if "\\u0000" in written.decode() or "\\ud" in written.decode():
        return  # refused, or a pair of surrogates: the next test has them
    assert read_json(written) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(NotJson):
        json.dumps(read_json(body), allow_nan=False).encode()


def test_an_emoji_is_kept() -> None:
    assert read_json(b'"\\ud83c\\udf51"') == "\U0001f351"
