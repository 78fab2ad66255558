"""Password hashing: Argon2id (RFC 9106), about 280 ms of work with the real parameters.

Never call it inside a transaction: on SQLite that would stop every other writer.
"""

import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from xingtan.domains.identity.rules.passwords import LONGEST, normal_password


class Passwords:
    """Hashes and checks passwords. `is_fast` lowers the cost a thousandfold, for tests only."""

    def __init__(self, *, is_fast: bool = False) -> None:
        hasher = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1) if is_fast else Argon2Hasher()
        self._hash = PasswordHash((hasher,))
        self._nobody = self._hash.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Return the hash to be stored for `password`."""
        return self._hash.hash(normal_password(password))

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Say whether `password` belongs to the hash; takes as long, and says no, when there is no hash."""
        try:
            is_right = self._hash.verify(normal_password(password)[:LONGEST], password_hash or self._nobody)
        except UnknownHashError:
            return False
        return is_right and password_hash is not None


@cache
def passwords(*, is_fast: bool) -> Passwords:
    """Return the process's one hasher for the setting `argon2_fast`."""
    return Passwords(is_fast=is_fast)
