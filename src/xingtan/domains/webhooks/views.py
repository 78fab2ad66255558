"""What the webhooks show: frozen rows, never a secret that was not just made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint. `waiting` and `failed` count its messages; `two_secrets_until`: an old secret signs as well."""

    id: UUID
    url: str
    description: str
    events: Sequence[str]
    state: str
    off_reason: str | None
    failing_since: datetime | None
    rests_until: datetime | None
    two_secrets_until: datetime | None
    created_at: datetime
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class MadeEndpoint:
    """A new endpoint, or one with a new secret. The secret is shown this once."""

    endpoint: EndpointView
    secret: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try: a `status`, or the `failure` that there was instead; the beginning of the answer."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    failure: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of an endpoint's log; `last` is its newest attempt."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    type: str
    state: str
    attempts: int
    next_at: datetime | None
    created_at: datetime
    last: AttemptView | None


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """A message with its body and every attempt, oldest first."""

    message: MessageView
    body: str
    attempts: Sequence[AttemptView]
