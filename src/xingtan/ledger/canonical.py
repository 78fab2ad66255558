"""Canonical JSON: one value, one text (RFC 8785), for objects, lists, strings, integers, booleans and null.

1. There are no fractions, integers are those that every JSON reader keeps (±(2**53 - 1)), and names are ASCII, so that
   sorting them by code unit, code point or byte is the same.
2. `decode` accepts only what `encode` writes: it encodes what it has read, and the bytes have to be the same. Names
   that occur twice, another order, a space or an escape that was not needed are refused thereby.
"""

import json
from typing import Any

LARGEST_INTEGER = (1 << 53) - 1
DEEPEST = 32

Value = dict[str, Any] | list[Any] | str | int | bool | None


def encode(value: Value) -> bytes:
    """Return the canonical text of `value`; `ValueError` where it has none."""
    _check(value, DEEPEST)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def decode(data: bytes) -> Value:
    """Return the value that the canonical text `data` writes; `ValueError` for every other text."""
    try:
        value: Value = json.loads(data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
        is_canonical = encode(value) == data
    except RecursionError:
        raise ValueError(f"this is nested deeper than {DEEPEST} levels") from None
    if not is_canonical:
        raise ValueError("this JSON is not in its canonical form")
    return value


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise ValueError(f"this is nested deeper than {DEEPEST} levels")
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ValueError(f"{str(value)[:24]} is beyond the integers of JSON")
        case str():
            value.encode("utf-8")  # a lone surrogate has no bytes
        case list():
            for one in value:
                _check(one, depth - 1)
        case dict():
            _check_names(value)
            for one in value.values():
                _check(one, depth - 1)
        case _:
            raise ValueError(f"{type(value).__name__} has no canonical form")


def _check_names(value: dict[Any, object]) -> None:
    for name in value:
        if not isinstance(name, str) or not name.isascii():
            raise ValueError(f"{name!r:.80} cannot be a name: names are ASCII")


def _refuse(text: str) -> None:
    raise ValueError(f"{text[:24]!r} is no integer")
