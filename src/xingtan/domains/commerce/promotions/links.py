"""A gift's link, and the names under which a gift's fields are sealed for its giver."""

import hashlib
import secrets

TOKEN, EMAIL, MESSAGE = "gift.token", "gift.email", "gift.message"


def new_token() -> str:
    """Return the secret part of a gift's link: 32 random bytes as URL-safe text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what a gift is found by: SHA-256 of its token, whose 256 random bits need nothing slower."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
