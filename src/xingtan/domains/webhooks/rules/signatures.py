"""Signatures by the Standard Webhooks specification 1.0.0, symmetric scheme ``v1``."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one
SECRET_BYTES = 32


def written_secret(key: bytes) -> str:
    """Return the form in which a secret is handed to the receiver."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature(secret: str, message_id: str, *, timestamp: int, body: bytes) -> str:
    """Return ``v1,…``: HMAC-SHA256 over ``id.timestamp.body`` under the bytes behind `secret`."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def signed_headers(secrets: Sequence[str], message_id: str, *, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the three headers of an attempt made at `at`; with two secrets there are two signatures."""
    timestamp = int(at.timestamp())
    signatures = (signature(secret, message_id, timestamp=timestamp, body=body) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
