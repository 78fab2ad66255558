"""Public forms of ids: a prefix that says what it is, and 26 letters that carry the UUID.

`ord_06e2k3m…` is Crockford's base 32 of the 128 bits, lower case, most significant first, so that public ids of
UUIDv7 sort by time as the UUIDs do. Decoding accepts exactly what encoding makes, and nothing else.
"""

from uuid import UUID

from xingtan.core.errors import NotFound, say

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26
_BITS = 128

PREFIXES = {
    "person": "per",
    "session": "ses",
    "token": "tok",
    "product": "prd",
    "section": "sec",
    "lesson": "les",
    "asset": "ast",
    "version": "ver",
    "offer": "ofr",
    "order": "ord",
    "payment": "pay",
    "refund": "ref",
    "entry": "jnl",
    "entitlement": "ent",
    "note": "nte",
    "attempt": "att",
    "job": "job",
    "event": "evt",
}


def public_id(kind: str, value: UUID) -> str:
    """Return the public form of `value`, e.g. ``ord_01h…`` for kind ``order``."""
    number, letters = value.int, []
    for _ in range(_LENGTH):
        letters.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{PREFIXES[kind]}_{''.join(reversed(letters))}"


def private_id(kind: str, text: str) -> UUID:
    """Return the UUID behind a public id of `kind`; `NotFound` for anything else, so that a guess learns nothing."""
    prefix, _, letters = text.partition("_")
    if prefix != PREFIXES[kind] or len(letters) != _LENGTH or any(letter not in _VALUES for letter in letters):
        raise NotFound(say("There is nothing here."))
    number = 0
    for letter in letters:
        number = number << 5 | _VALUES[letter]
    if number >> _BITS:
        raise NotFound(say("There is nothing here."))
    return UUID(int=number)
