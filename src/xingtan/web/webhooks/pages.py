"""The typed contexts of the pages about webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from xingtan.domains.webhooks import api as webhooks

Errors = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """Every endpoint, as pairs of public id and view."""

    template: ClassVar[str] = "webhooks/list.html"
    endpoints: Sequence[tuple[str, webhooks.EndpointView]]


@dataclass(frozen=True, slots=True)
class EditWebhookPage:
    """A new endpoint (without `id`), or one that is changed. `groups`: what the types are about → the types."""

    template: ClassVar[str] = "webhooks/edit.html"
    id: str
    values: Mapping[str, str]
    chosen: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """One endpoint and its log. `secret` is the one just made."""

    template: ClassVar[str] = "webhooks/detail.html"
    id: str
    endpoint: webhooks.EndpointView
    messages: Sequence[tuple[str, webhooks.MessageView]]
    counts: Mapping[str, int]
    state: str
    older: str | None
    has_two_secrets: bool
    since: str
    kept_days: int
    secret: str = ""
    saved: str = ""
    replayed: int | None = None
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One message: what is sent, and every attempt."""

    template: ClassVar[str] = "webhooks/message.html"
    id: str
    message_id: str
    endpoint: webhooks.EndpointView
    message: webhooks.MessageView
    body: str
    attempts: Sequence[webhooks.AttemptView]
    now: datetime
