"""Strict readings of what these formats are written in: numbers, base64, lines. One text has one meaning and back."""

import base64
import re

from xingtan.ledger.tree import HASH_BYTES, LARGEST_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def decimal(text: str, *, largest: int = LARGEST_SIZE) -> int:
    """Return the number that `text` writes in ASCII digits, without sign or leading zero, up to `largest`."""
    if _DECIMAL.fullmatch(text) is None or int(text) > largest:
        raise ValueError(f"{text[:24]!r} is not a number between 0 and {largest}")
    return int(text)


def to_base64(data: bytes) -> str:
    """Return RFC 4648 base64, padded."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes of RFC 4648 base64: padded, without spaces, without bits left over."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise ValueError(f"{text[:24]!r} is not base64") from None
    if to_base64(data) != text:
        raise ValueError(f"{text[:24]!r} is not the one base64 of its bytes")
    return data


def hash_from(text: str) -> bytes:
    """Return the hash that `text` writes in base64."""
    data = from_base64(text)
    if len(data) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, not {len(data)}")
    return data


def text_of(data: bytes) -> str:
    """Return `data` as text: UTF-8, no control character but the newline (signed-note, Format)."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("this is not UTF-8") from None
    if any(one < " " and one != "\n" for one in text):
        raise ValueError("this holds a control character")
    return text
