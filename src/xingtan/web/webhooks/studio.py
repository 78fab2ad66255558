"""The studio's webhooks: the list, a new one, one with its log, sending again."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.webhooks import api as webhooks
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.translations import in_words
from xingtan.web.webhooks.pages import EditWebhookPage, Errors, MessagePage, WebhookPage, WebhooksPage

router = APIRouter(prefix="/studio/webhooks")
Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]

_AT_ONCE = 50
_SAVED = {"saved", "paused", "resumed", "tested"}
_STATES = ("waiting", "delivered", "failed")


@router.get("")
def webhook_list(here: EdgeDep) -> Response:
    """Where news is sent."""
    here.require(Permission.OPERATE)
    found = here.read(lambda session: webhooks.endpoints(session, here.viewer))
    return render(here, WebhooksPage([(public_id("webhook", one.id), one) for one in found]))


@router.get("/new")
def new_webhook(here: EdgeDep) -> Response:
    """A form for another one."""
    here.require(Permission.SETTINGS_WRITE)
    return render(here, _form("", {"url": "", "description": ""}, chosen=("order.paid", "order.refunded")))


@router.post("/new")
def make_webhook(here: EdgeDep, url: Text = "", description: Text = "", events: Texts = []) -> Response:  # noqa: B006 - read only
    """Make it, and show its secret this once."""
    here.require(Permission.SETTINGS_WRITE)
    command, platform = webhooks.SaveEndpoint(url, events, description), here.platform

    def work(session: Session) -> webhooks.MadeEndpoint:
        reach = webhooks.reach_of(platform)
        return webhooks.make_endpoint(
            session, command, viewer=here.viewer, reach=reach, clock=platform.clock, vault=platform.vault
        )

    try:
        made = here.write(work)
    except (Invalid, Conflict) as error:
        page = _form("", {"url": url, "description": description}, chosen=events, errors=_words(here, error))
        return render(here, page, status=status_of(error))
    return _detail(here, made.endpoint.id, secret=made.secret)


@router.get("/{webhook}")
def webhook_page(here: EdgeDep, webhook: str, state: str = "", before: str = "", saved: str = "") -> Response:
    """One endpoint and its log."""
    here.require(Permission.OPERATE)
    last = private_id("message", before) if before else None
    return _detail(here, private_id("webhook", webhook), state=state, before=last, saved=saved)


@router.get("/{webhook}/edit")
def edit_webhook(here: EdgeDep, webhook: str) -> Response:
    """A form to change it."""
    here.require(Permission.SETTINGS_WRITE)
    view = here.read(lambda session: webhooks.endpoint(session, here.viewer, private_id("webhook", webhook)))
    return render(here, _form(webhook, {"url": view.url, "description": view.description}, chosen=view.events))


@router.post("/{webhook}/edit")
def save_webhook(
    here: EdgeDep,
    webhook: str,
    *,
    url: Text = "",
    description: Text = "",
    events: Texts = [],  # noqa: B006 - read only
) -> Response:
    """Change it."""
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, platform = private_id("webhook", webhook), here.platform
    command = webhooks.SaveEndpoint(url, events, description)

    def work(session: Session) -> webhooks.EndpointView:
        reach = webhooks.reach_of(platform)
        return webhooks.save_endpoint(
            session, endpoint_id, command, viewer=here.viewer, reach=reach, clock=platform.clock
        )

    try:
        here.write(work)
    except Invalid as error:
        page = _form(webhook, {"url": url, "description": description}, chosen=events, errors=_words(here, error))
        return render(here, page, status=422)
    return _back(here, webhook, "saved")


@router.post("/{webhook}/pause")
def pause_webhook(here: EdgeDep, webhook: str) -> Response:
    """Send nothing for now."""
    return _act(here, webhook, webhooks.pause_endpoint, saved="paused")


@router.post("/{webhook}/resume")
def resume_webhook(here: EdgeDep, webhook: str) -> Response:
    """Send again."""
    return _act(here, webhook, webhooks.resume_endpoint, saved="resumed")


@router.post("/{webhook}/test")
def try_webhook(here: EdgeDep, webhook: str) -> Response:
    """Send a test message."""
    return _act(here, webhook, webhooks.send_test, saved="tested")


@router.post("/{webhook}/remove")
def remove_webhook(here: EdgeDep, webhook: str) -> Response:
    """Take it away with its log."""
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, platform = private_id("webhook", webhook), here.platform
    here.write(
        lambda session: webhooks.remove_endpoint(
            session, endpoint_id, viewer=here.viewer, clock=platform.clock, vault=platform.vault
        )
    )
    return RedirectResponse(here.url("/studio/webhooks"), status_code=303)


@router.post("/{webhook}/secret")
def rotate_secret(here: EdgeDep, webhook: str) -> Response:
    """Make a new secret, and show it this once."""
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, platform = private_id("webhook", webhook), here.platform
    made = here.write(
        lambda session: webhooks.rotate_secret(
            session, endpoint_id, viewer=here.viewer, clock=platform.clock, vault=platform.vault
        )
    )
    return _detail(here, endpoint_id, secret=made.secret)


@router.post("/{webhook}/replay")
def replay_failed(here: EdgeDep, webhook: str, since: Text = "") -> Response:
    """Send again everything that has failed since a day of the academy's."""
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, clock = private_id("webhook", webhook), here.platform.clock
    try:
        begin = _day(here, since)
    except Invalid as error:
        return _detail(here, endpoint_id, since=since[:20], errors=_words(here, error), status=422)
    count = here.write(
        lambda session: webhooks.replay_failed(session, endpoint_id, since=begin, viewer=here.viewer, clock=clock)
    )
    return _detail(here, endpoint_id, since=since, replayed=count)


@router.get("/{webhook}/messages/{message}")
def message_page(here: EdgeDep, webhook: str, message: str) -> Response:
    """One message and every attempt."""
    here.require(Permission.OPERATE)
    endpoint_id, message_id = private_id("webhook", webhook), private_id("message", message)

    def work(session: Session) -> tuple[webhooks.EndpointView, webhooks.MessageDetail]:
        view = webhooks.endpoint(session, here.viewer, endpoint_id)
        return view, webhooks.message(session, here.viewer, endpoint_id, message_id)

    view, found = here.read(work)
    page = MessagePage(
        id=webhook,
        message_id=message,
        endpoint=view,
        message=found.message,
        body=json.dumps(json.loads(found.body), ensure_ascii=False, indent=2),
        attempts=tuple(reversed(found.attempts)),
        now=here.platform.clock.now(),
    )
    return render(here, page)


@router.post("/{webhook}/messages/{message}/replay")
def replay_message(here: EdgeDep, webhook: str, message: str) -> Response:
    """Send it again."""
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, message_id, clock = private_id("webhook", webhook), private_id("message", message), here.platform.clock
    here.write(
        lambda session: webhooks.replay_message(session, endpoint_id, message_id, viewer=here.viewer, clock=clock)
    )
    return RedirectResponse(here.url(f"/studio/webhooks/{webhook}/messages/{message}"), status_code=303)


def _act(here: Edge, webhook: str, act: Callable[..., Any], *, saved: str) -> Response:
    here.require(Permission.SETTINGS_WRITE)
    endpoint_id, clock = private_id("webhook", webhook), here.platform.clock
    here.write(lambda session: act(session, endpoint_id, viewer=here.viewer, clock=clock))
    return _back(here, webhook, saved)


def _back(here: Edge, webhook: str, saved: str) -> Response:
    return RedirectResponse(here.url(f"/studio/webhooks/{webhook}?saved={saved}"), status_code=303)


def _words(here: Edge, error: Refused) -> Errors:
    if isinstance(error, Invalid):
        return {name: in_words(sentence, here.language) for name, sentence in error.fields.items()}
    return {"": in_words(error.sentence, here.language)}


def _form(
    public: str, values: Mapping[str, str], *, chosen: Sequence[str], errors: Errors | None = None
) -> EditWebhookPage:
    groups: dict[str, list[str]] = {}
    for name in webhooks.PUBLIC:
        groups.setdefault(name.partition(".")[0], []).append(name)
    return EditWebhookPage(id=public, values=values, chosen=tuple(chosen), groups=groups, errors=errors or {})


def _zone(here: Edge) -> ZoneInfo:
    return ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)


def _day(here: Edge, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()[:10]).replace(tzinfo=_zone(here)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.of("since", say("Write a day, such as 2026-11-22.")) from None


def _detail(
    here: Edge,
    endpoint_id: UUID,
    *,
    state: str = "",
    before: UUID | None = None,
    since: str = "",
    status: int = 200,
    **more: Any,
) -> Response:
    state, now = state if state in _STATES else "", here.platform.clock.now()
    more["saved"] = more["saved"] if more.get("saved") in _SAVED else ""

    def work(session: Session) -> WebhookPage:
        view = webhooks.endpoint(session, here.viewer, endpoint_id)
        found = webhooks.messages(session, here.viewer, endpoint_id, state=state, before=before, limit=_AT_ONCE + 1)
        shown = found[:_AT_ONCE]
        return WebhookPage(
            id=public_id("webhook", endpoint_id),
            endpoint=view,
            messages=[(public_id("message", one.id), one) for one in shown],
            counts=webhooks.message_counts(session, here.viewer, endpoint_id),
            state=state,
            older=public_id("message", shown[-1].id) if len(found) > _AT_ONCE else None,
            has_two_secrets=view.two_secrets_until is not None and now < view.two_secrets_until,
            since=since or (now.astimezone(_zone(here)) - timedelta(days=7)).date().isoformat(),
            kept_days=webhooks.KEPT.days,
            **more,
        )

    return render(here, here.read(work), status=status)
