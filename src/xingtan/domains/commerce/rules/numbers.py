"""Order numbers: short, to be read out on the phone, and telling nothing about how many orders there are."""

import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
BITS = 40
_FORM = re.compile(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}")
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def order_number(bits: int) -> str:
    """Return the number made of 40 random bits, e.g. ``7K3F-9QXM``."""
    letters = [ALPHABET[(bits >> shift) & 31] for shift in range(BITS - 5, -1, -5)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def read_number(text: str) -> str | None:
    """Return the order number that a person typed, forgiving case, spaces and misread letters; None when it is none."""
    plain = re.sub(r"[\s-]", "", text).upper().translate(_MISREAD)
    number = f"{plain[:4]}-{plain[4:]}"
    return number if _FORM.fullmatch(number) else None
