"""Salted commitments: a value that is bound and not told.

The log keeps SHA-256(domain ‖ salt ‖ payload). Whoever is given salt and payload can check it; without the salt, 32
bytes of chance, not even a guess of the payload can be checked, so destroying the salt is forgetting the payload.

1. A domain ends in a newline and holds no other, so no two domains start alike; the salt has one length.
2. A salt is used once. Two commitments to the same value are different.
"""

import hmac
import secrets
from hashlib import sha256

from xingtan.ledger.tree import NotProven

SALT_BYTES = 32


def new_salt() -> bytes:
    """Return a fresh salt."""
    return secrets.token_bytes(SALT_BYTES)


def commit(domain: str, *, salt: bytes, payload: bytes) -> bytes:
    """Return the commitment to `payload` as a value of `domain`."""
    if not domain or not domain.isascii() or not domain.isprintable():
        raise ValueError(f"{domain!r:.80} is no domain: one line of ASCII")
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(domain.encode("ascii") + b"\n" + salt + payload).digest()


def verify(commitment: bytes, domain: str, *, salt: bytes, payload: bytes) -> None:
    """Check that `commitment` is to `payload`; `NotProven` when it is not."""
    if not hmac.compare_digest(commit(domain, salt=salt, payload=payload), commitment):
        raise NotProven("the commitment is to another value")
