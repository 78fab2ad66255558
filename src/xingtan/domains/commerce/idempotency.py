"""One-time keys: the same request again gets the same answer; another request under the same key is refused (M8).

The row is written in the transaction of its effect, so there is no «in flight»: either the whole is there, or nothing.
Two at once are put in line by the database, and the second finds what the first one did.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.domains.commerce.errors import KeyReused
from xingtan.domains.commerce.models import IdempotencyKey

KEPT_FOR = timedelta(days=7)
_FORM = re.compile(r"[A-Za-z0-9_-]{8,80}")


@dataclass(frozen=True, slots=True)
class OneTimeKey:
    """A key, whose it is, and the request that it stands for."""

    principal: str
    key: str
    request: Mapping[str, Any]

    @property
    def request_hash(self) -> bytes:
        """Return SHA-256 of the request's canonical form."""
        return hashlib.sha256(json.dumps(self.request, sort_keys=True, default=str).encode()).digest()


def recall(session: Session, one_time: OneTimeKey) -> Mapping[str, Any] | None:
    """Return what came of this request before; None when it is new. `KeyReused` when the key stood for another."""
    if not _FORM.fullmatch(one_time.key):
        raise Invalid.of("key", say("This form is incomplete. Please load the page again."))
    row = session.get(IdempotencyKey, (one_time.principal, one_time.key))
    if row is None:
        return None
    if row.request_hash != one_time.request_hash:
        raise KeyReused(say("This form was sent before with other content. Please load the page again."))
    return row.result


def remember(session: Session, one_time: OneTimeKey, result: Mapping[str, Any], *, at: datetime) -> None:
    """Keep what came of the request."""
    session.add(
        IdempotencyKey(
            principal=one_time.principal, key=one_time.key, request_hash=one_time.request_hash, result=dict(result),
            created_at=at,
        )
    )  # fmt: skip


def forget_old(session: Session, *, at: datetime) -> None:
    """Delete keys that nobody sends again."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < at - KEPT_FOR))
