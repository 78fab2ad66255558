"""Webhooks: where news is sent, what was sent, and sending it again."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission
from xingtan.domains.webhooks import api as webhooks
from xingtan.web.api.caller import AskDep, staff
from xingtan.web.api.fields import (
    At,
    EventId,
    In,
    Instant,
    Line,
    MessageId,
    MessagePath,
    Out,
    ShortText,
    WebhookId,
    WebhookPath,
)
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, id_cursor, read_id_cursor, sliced

router = operations("webhooks")

_READS = staff("read:academy", Permission.OPERATE)
_WRITES = staff("write:academy", Permission.SETTINGS_WRITE)


class WebhookEvent(Out):
    """A type of event that a webhook can hear. `data` names its facts: fact → an id's kind, ``money`` or ``plain``."""

    type: str
    data: dict[str, str]


class WebhookIn(In):
    """Where to send, which types of events, and what it is for."""

    url: ShortText
    events: Annotated[list[Line], Field(max_length=100)]
    description: Line = ""


class Webhook(Out):
    """An endpoint. `failing_since`: nothing has got through since. `off_reason` says why it is off."""

    id: WebhookId
    url: str
    description: str
    events: list[str]
    state: Literal["active", "paused", "off"]
    off_reason: Literal["failing", "gone"] | None
    failing_since: At | None
    two_secrets_until: At | None
    waiting: int
    failed: int
    created_at: At

    @classmethod
    def of(cls, view: webhooks.EndpointView) -> "Webhook":
        """Return the endpoint as programs read it."""
        return cls.model_validate(view, from_attributes=True)


class NewWebhook(Out):
    """An endpoint with a new secret, which is shown this once."""

    webhook: Webhook
    secret: str

    @classmethod
    def of(cls, made: webhooks.MadeEndpoint) -> "NewWebhook":
        """Return the endpoint and its secret."""
        return cls(webhook=Webhook.of(made.endpoint), secret=made.secret)


class WebhookAttempt(Out):
    """One try: a `status`, or the `failure` that there was instead; `answer` is how the answer began."""

    number: int
    at: At
    took_ms: int
    status: int | None
    failure: str | None
    answer: str

    @classmethod
    def of(cls, view: webhooks.AttemptView) -> "WebhookAttempt":
        """Return the attempt as programs read it."""
        return cls.model_validate(view, from_attributes=True)


class WebhookMessage(Out):
    """A message in the log; its `id` is the ``webhook-id``."""

    id: MessageId
    event_id: EventId
    type: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    next_at: At | None
    created_at: At
    last: WebhookAttempt | None

    @classmethod
    def of(cls, view: webhooks.MessageView) -> "WebhookMessage":
        """Return the message as programs read it."""
        return cls.model_validate(view, from_attributes=True)


class WebhookMessageDetail(Out):
    """A message with the body that is sent, and every attempt, oldest first."""

    message: WebhookMessage
    body: str
    attempts: list[WebhookAttempt]


class ReplayIn(In):
    """From when on."""

    since: Instant


class Replayed(Out):
    """How many messages wait again."""

    count: int


def _command(body: WebhookIn) -> webhooks.SaveEndpoint:
    return webhooks.SaveEndpoint(body.url, tuple(body.events), body.description)


@operation(router, "GET", "/webhook-events", _READS)
def list_webhook_events(ask: AskDep) -> Page[WebhookEvent]:  # noqa: ARG001 - every operation asks who calls
    """Every type of event that a webhook can hear, and what it carries."""
    return Page(items=[WebhookEvent(type=one.type, data=dict(one.facts)) for one in webhooks.PUBLIC.values()])


@operation(router, "GET", "/webhooks", _READS)
def list_webhooks(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Webhook]:
    """Every webhook, oldest first."""
    found = ask.read(lambda session: webhooks.endpoints(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=Webhook.of)


@operation(router, "POST", "/webhooks", _WRITES, status=201, also=(409,))
def make_webhook(ask: AskDep, body: WebhookIn) -> NewWebhook:
    """Make a webhook and return its secret, which is shown this once."""

    def work(session: Session) -> NewWebhook:
        reach = webhooks.reach_of(ask.platform)
        return NewWebhook.of(
            webhooks.make_endpoint(
                session, _command(body), viewer=ask.viewer, reach=reach, clock=ask.clock, vault=ask.vault
            )
        )

    return ask.write(work)


@operation(router, "GET", "/webhooks/{webhook}", _READS)
def get_webhook(ask: AskDep, webhook: WebhookPath) -> Webhook:
    """A webhook and how it does."""
    return Webhook.of(ask.read(lambda session: webhooks.endpoint(session, ask.viewer, webhook)))


@operation(router, "PUT", "/webhooks/{webhook}", _WRITES)
def save_webhook(ask: AskDep, webhook: WebhookPath, body: WebhookIn) -> Webhook:
    """Change where a webhook leads and what it hears; messages that wait go to the new address."""

    def work(session: Session) -> Webhook:
        reach = webhooks.reach_of(ask.platform)
        return Webhook.of(
            webhooks.save_endpoint(session, webhook, _command(body), viewer=ask.viewer, reach=reach, clock=ask.clock)
        )

    return ask.write(work)


@operation(router, "DELETE", "/webhooks/{webhook}", _WRITES, status=204)
def remove_webhook(ask: AskDep, webhook: WebhookPath) -> None:
    """Take a webhook away with its log."""
    ask.write(
        lambda session: webhooks.remove_endpoint(session, webhook, viewer=ask.viewer, clock=ask.clock, vault=ask.vault)
    )


@operation(router, "POST", "/webhooks/{webhook}/pause", _WRITES, also=(409,))
def pause_webhook(ask: AskDep, webhook: WebhookPath) -> Webhook:
    """Send nothing for now; what happens meanwhile waits."""
    return Webhook.of(
        ask.write(lambda session: webhooks.pause_endpoint(session, webhook, viewer=ask.viewer, clock=ask.clock))
    )


@operation(router, "POST", "/webhooks/{webhook}/resume", _WRITES, also=(409,))
def resume_webhook(ask: AskDep, webhook: WebhookPath) -> Webhook:
    """Send again, after a pause or after it was turned off; what waited goes now."""
    return Webhook.of(
        ask.write(lambda session: webhooks.resume_endpoint(session, webhook, viewer=ask.viewer, clock=ask.clock))
    )


@operation(router, "POST", "/webhooks/{webhook}/secret", _WRITES, status=201)
def rotate_webhook_secret(ask: AskDep, webhook: WebhookPath) -> NewWebhook:
    """Make a new secret. The one before it signs beside it for a day."""
    return NewWebhook.of(
        ask.write(
            lambda session: webhooks.rotate_secret(
                session, webhook, viewer=ask.viewer, clock=ask.clock, vault=ask.vault
            )
        )
    )


@operation(router, "POST", "/webhooks/{webhook}/test", _WRITES, status=202, also=(409,))
def try_webhook(ask: AskDep, webhook: WebhookPath) -> WebhookMessage:
    """Send a test message; look at it in the log."""
    return WebhookMessage.of(
        ask.write(lambda session: webhooks.send_test(session, webhook, viewer=ask.viewer, clock=ask.clock))
    )


@operation(router, "GET", "/webhooks/{webhook}/messages", _READS)
def list_webhook_messages(
    ask: AskDep,
    webhook: WebhookPath,
    state: Literal["waiting", "delivered", "failed"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WebhookMessage]:
    """The messages of a webhook, newest first, of the last 30 days."""
    before = read_id_cursor(cursor)

    def work(session: Session) -> list[webhooks.MessageView]:
        webhooks.endpoint(session, ask.viewer, webhook)
        return webhooks.messages(session, ask.viewer, webhook, state=state or "", before=before, limit=limit + 1)

    found = ask.read(work)
    last: UUID | None = found[limit - 1].id if len(found) > limit else None
    return Page(items=[WebhookMessage.of(one) for one in found[:limit]], next=id_cursor(last))


@operation(router, "GET", "/webhooks/{webhook}/messages/{message}", _READS)
def get_webhook_message(ask: AskDep, webhook: WebhookPath, message: MessagePath) -> WebhookMessageDetail:
    """A message with every attempt to send it."""
    found = ask.read(lambda session: webhooks.message(session, ask.viewer, webhook, message))
    return WebhookMessageDetail(
        message=WebhookMessage.of(found.message),
        body=found.body,
        attempts=[WebhookAttempt.of(one) for one in found.attempts],
    )


@operation(router, "POST", "/webhooks/{webhook}/messages/{message}/replay", _WRITES, status=202, also=(409,))
def replay_webhook_message(ask: AskDep, webhook: WebhookPath, message: MessagePath) -> WebhookMessage:
    """Send a message again, under its old id."""
    return WebhookMessage.of(
        ask.write(
            lambda session: webhooks.replay_message(session, webhook, message, viewer=ask.viewer, clock=ask.clock)
        )
    )


@operation(router, "POST", "/webhooks/{webhook}/replay", _WRITES, status=202)
def replay_webhook(ask: AskDep, webhook: WebhookPath, body: ReplayIn) -> Replayed:
    """Send every message again that has failed since an instant."""
    count = ask.write(
        lambda session: webhooks.replay_failed(session, webhook, since=body.since, viewer=ask.viewer, clock=ask.clock)
    )
    return Replayed(count=count)
