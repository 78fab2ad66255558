"""Endpoints through the door: who may, what is refused, what is noted."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.domains.webhooks.conftest import Post
from tests.domains.webhooks.receiver import Receiver
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER, SYSTEM, Permission, Viewer
from xingtan.domains.audit import api as audit
from xingtan.domains.webhooks import api as webhooks
from xingtan.infra.db import new_id
from xingtan.infra.fetching import Reach

ALL_BUT_SETTINGS = Viewer(new_id(), frozenset(Permission) - {Permission.SETTINGS_WRITE})
GOOD = webhooks.SaveEndpoint("https://hooks.example.org/a", ["order.paid"])

CHANGES: dict[str, Callable[[Post, Any], Any]] = {
    "make": lambda post, viewer: post.write(
        lambda s: webhooks.make_endpoint(
            s, GOOD, viewer=viewer, reach=Reach.PUBLIC, clock=post.clock, vault=post.platform.vault
        )
    ),
    "save": lambda post, viewer: post.write(
        lambda s: webhooks.save_endpoint(s, new_id(), GOOD, viewer=viewer, reach=Reach.PUBLIC, clock=post.clock)
    ),
    "pause": lambda post, viewer: _do(post, webhooks.pause_endpoint, viewer),
    "resume": lambda post, viewer: _do(post, webhooks.resume_endpoint, viewer),
    "rotate": lambda post, viewer: _do(post, webhooks.rotate_secret, viewer, vault=post.platform.vault),
    "remove": lambda post, viewer: _do(post, webhooks.remove_endpoint, viewer, vault=post.platform.vault),
    "test": lambda post, viewer: _do(post, webhooks.send_test, viewer),
    "replay": lambda post, viewer: post.write(
        lambda s: webhooks.replay_message(s, new_id(), new_id(), viewer=viewer, clock=post.clock)
    ),
    "replay all": lambda post, viewer: _do(post, webhooks.replay_failed, viewer, since=post.clock.now()),
}
READS: dict[str, Callable[[Post, Any], Any]] = {
    "endpoints": lambda post, viewer: post.read(lambda s: webhooks.endpoints(s, viewer)),
    "endpoint": lambda post, viewer: post.read(lambda s: webhooks.endpoint(s, viewer, new_id())),
    "messages": lambda post, viewer: post.read(lambda s: webhooks.messages(s, viewer, new_id())),
    "message": lambda post, viewer: post.read(lambda s: webhooks.message(s, viewer, new_id(), new_id())),
    "counts": lambda post, viewer: post.read(lambda s: webhooks.message_counts(s, viewer, new_id())),
}


def _do(post: Post, act: Any, viewer: Viewer, **more: Any) -> Any:
    return post.write(lambda s: act(s, new_id(), viewer=viewer, clock=post.clock, **more))


@pytest.mark.parametrize("change", CHANGES)
def test_only_who_may_change_settings_changes_webhooks(post: Post, change: str) -> None:
    for viewer in (STRANGER, Viewer(new_id()), ALL_BUT_SETTINGS):
        with pytest.raises(NotAllowed):
            CHANGES[change](post, viewer)
    if change == "make":
        assert CHANGES[change](post, SYSTEM).secret.startswith("whsec_")
    else:
        with pytest.raises(NotFound):
            CHANGES[change](post, SYSTEM)


@pytest.mark.parametrize("read", READS)
def test_only_who_operates_the_academy_reads_them(post: Post, read: str) -> None:
    for viewer in (STRANGER, Viewer(new_id(), frozenset({Permission.SETTINGS_WRITE}))):
        with pytest.raises(NotAllowed):
            READS[read](post, viewer)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"url": "http://127.0.0.1/"}, {"url"}),
        ({"url": ""}, {"url"}),
        ({"events": []}, {"events"}),
        ({"events": ["order.paid", "order.made"]}, {"events"}),
        ({"events": ["webhook.test"]}, {"events"}),
        ({"description": "x" * 201}, {"description"}),
        ({"description": "a\x00b"}, {"description"}),
        ({"url": "https://localhost", "events": [], "description": "\u202e"}, {"url", "events", "description"}),
    ],
)
def test_bad_input_is_refused_field_by_field(post: Post, change: dict[str, Any], fields: set[str]) -> None:
    values = {"url": GOOD.url, "events": GOOD.events, "description": "", **change}
    with pytest.raises(Invalid) as refused:
        post.change(
            webhooks.make_endpoint, webhooks.SaveEndpoint(**values), reach=Reach.PUBLIC, vault=post.platform.vault
        )  # fmt: skip
    assert set(refused.value.fields) == fields
    assert post.read(lambda s: webhooks.endpoints(s, SYSTEM)) == []


def test_every_act_is_noted_without_the_address(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(f"{receiver.url}?token=canary")
    one, vault = made.endpoint.id, post.platform.vault
    command = webhooks.SaveEndpoint(f"{receiver.url}?token=canary", ["order.paid"], "n8n")
    post.change(webhooks.save_endpoint, one, command, reach=Reach.ANYWHERE)
    post.change(webhooks.pause_endpoint, one)
    post.change(webhooks.resume_endpoint, one)
    post.change(webhooks.rotate_secret, one, vault=vault)
    message = post.change(webhooks.send_test, one)
    post.work()
    post.change(webhooks.replay_message, one, message.id)
    post.change(webhooks.remove_endpoint, one, vault=vault)
    acts = post.read(lambda s: audit.entries(s, SYSTEM, subject_id=one))
    assert [act.action.removeprefix("webhook.") for act in reversed(acts)] == [
        "made", "changed", "paused", "resumed", "secret_rotated", "replayed", "removed",
    ]  # fmt: skip
    assert "canary" not in repr(acts)


def test_there_are_twenty_at_most(post: Post, receiver: Receiver) -> None:
    for _ in range(webhooks.MOST_ENDPOINTS):
        post.endpoint(receiver.url)
    with pytest.raises(Conflict):
        post.endpoint(receiver.url)


def test_the_log_is_read_in_pages_and_by_state(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    other = post.endpoint(receiver.url)
    for _ in range(5):
        post.tell()
    post.work()
    one = made.endpoint.id
    newest = post.read(lambda s: webhooks.messages(s, SYSTEM, one, limit=3))
    older = post.read(lambda s: webhooks.messages(s, SYSTEM, one, limit=3, before=newest[-1].id))
    assert [len(newest), len(older)] == [3, 2]
    assert newest[0].id > newest[-1].id > older[0].id
    assert newest[0].last is not None
    assert newest[0].last.status == 204
    assert post.read(lambda s: webhooks.messages(s, SYSTEM, one, state="failed")) == []
    assert post.read(lambda s: webhooks.message_counts(s, SYSTEM, one)) == {
        "delivered": 5, "failed": 0, "waiting": 0,
    }  # fmt: skip
    detail = post.read(lambda s: webhooks.message(s, SYSTEM, one, newest[0].id))
    assert detail.body in {it.body.decode() for it in receiver.arrived}
    with pytest.raises(NotFound):
        post.read(lambda s: webhooks.message(s, SYSTEM, other.endpoint.id, newest[0].id))
