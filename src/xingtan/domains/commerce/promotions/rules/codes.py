"""Redeem codes: 80 random bits in letters that can be read out, and what is kept of them."""

import hashlib
import re
import unicodedata

from xingtan.domains.commerce.rules.numbers import ALPHABET

CODE_BITS = 80
_LETTERS = CODE_BITS // 5
_GROUP = 4
_FORM = re.compile(f"[{ALPHABET}]{{{_LETTERS}}}")
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def redeem_code(bits: int) -> str:
    """Return the code made of 80 random bits, e.g. ``7K3F-9QXM-0D2A-VV8T``."""
    letters = "".join(ALPHABET[(bits >> shift) & 31] for shift in range(CODE_BITS - 5, -1, -5))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))


def read_code(text: str) -> str | None:
    """Return the letters of the code that a person typed, forgiving case, signs and misread letters; None for none."""
    plain = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", text)).upper().translate(_MISREAD)
    return plain if _FORM.fullmatch(plain) else None


def code_hash(letters: str) -> bytes:
    """Return what is kept of a code: SHA-256 of its letters without dashes; 80 random bits need no salt."""
    return hashlib.sha256(letters.replace("-", "").encode()).digest()
