"""The studio's webhooks through HTTP: who may, what they show, what they refuse."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.domains.webhooks.receiver import Receiver, answers, receiving
from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.clock import ManualClock, SystemClock
from xingtan.domains.commerce.events import OrderCancelled
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

LIST = "/studio/webhooks"


@pytest.fixture
def clock() -> ManualClock:
    """Stands at the machine's time: the foreign library asks the machine how old a signature is."""
    return ManualClock(SystemClock().now())


@pytest.fixture
def platform(settings: Settings, clock: ManualClock) -> Iterator[Platform]:
    opened = open_platform(settings.model_copy(update={"webhooks_allow_private": True}), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def make(owner: Browser, url: str, *events: str) -> tuple[str, str]:
    """Make a webhook on its page and return its path and its secret."""
    fields = {"url": url, "description": "Bookkeeping", "events": list(events or ("order.cancelled",))}
    page = owner.submit(f"{LIST}/new", fields)
    assert page.status_code == 200, page.text
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)
    path = re.search(rf"{LIST}/whk_\w{{26}}", page.text)
    assert secret
    assert path
    return path[0], secret[0]


def cancel_an_order(academy: Academy) -> None:
    academy.write(lambda s: emit(s, OrderCancelled(new_id(), academy.learner.id), at=academy.platform.clock.now()))
    academy.work()


def test_from_making_one_to_reading_its_log(owner: Browser, academy: Academy, receiver: Receiver) -> None:
    assert "No webhooks yet" in owner.get(LIST).text
    path, secret = make(owner, receiver.url)
    assert secret not in owner.get(path).text  # this once
    assert "Bookkeeping" in owner.get(LIST).text
    cancel_an_order(academy)
    payload = receiver.last().verified(secret)
    assert payload["data"]["person_id"] == shown("person", academy.learner.id)
    log = owner.get(path).text
    assert "An order was cancelled" in log
    assert "Delivered" in log
    message = re.search(rf"{path}/messages/msg_\w{{26}}", log)
    assert message
    page = owner.get(message[0]).text
    assert receiver.last().id in page
    assert "order.cancelled" in page
    assert owner.submit(f"{message[0]}/replay").status_code == 303
    academy.work()
    assert len({it.id for it in receiver.arrived}) == 1
    assert len(receiver.arrived) == 2


def test_a_test_a_pause_a_rotation_and_a_farewell(owner: Browser, academy: Academy, receiver: Receiver) -> None:
    path, secret = make(owner, receiver.url)
    assert "on its way" in owner.get(owner.submit(f"{path}/test").headers["location"]).text
    academy.work()
    assert receiver.last().verified(secret)["type"] == "webhook.test"
    assert "Paused" in owner.get(owner.submit(f"{path}/pause").headers["location"]).text
    assert owner.submit(f"{path}/test").status_code == 409
    assert "Active" in owner.get(owner.submit(f"{path}/resume").headers["location"]).text
    rotated = owner.submit(f"{path}/secret").text
    new = re.search(r"whsec_[A-Za-z0-9+/=]+", rotated)
    assert new
    assert new[0] != secret
    assert "The old secret signs as well" in rotated
    assert owner.submit(f"{path}/remove").headers["location"].endswith(LIST)
    assert owner.get(path).status_code == 404


def test_failures_are_shown_and_sent_again(
    owner: Browser, academy: Academy, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.behave = answers(500, body=b"<script>alert(1)</script>")
    path, _ = make(owner, receiver.url)
    cancel_an_order(academy)
    page = owner.get(path).text
    assert "Nothing has got through since" in page
    assert "<script>alert(1)" not in owner.get(re.findall(rf"{path}/messages/msg_\w+", page)[0]).text
    for _ in range(9):
        clock.advance(hours=27)
        academy.work()
        if "?state=failed" in page and "Turned off" in (page := owner.get(path).text):
            owner.submit(f"{path}/resume")
    receiver.behave = answers(200)
    assert "Send again what failed since" in owner.get(path).text
    assert owner.submit(f"{path}/replay", {"since": "soon"}).status_code == 422
    assert owner.submit(f"{path}/replay", {"since": "2020-01-01"}).status_code == 200
    academy.work()
    assert "Delivered" in owner.get(f"{path}?state=delivered").text


def test_it_can_be_changed(owner: Browser, receiver: Receiver) -> None:
    path, _ = make(owner, receiver.url)
    assert receiver.url in owner.get(f"{path}/edit").text
    changed = {"url": f"{receiver.url}/two", "description": "Chat", "events": ["order.paid", "person.registered"]}
    assert "Saved" in owner.get(owner.submit(f"{path}/edit", changed).headers["location"]).text
    page = owner.get(path).text
    assert "/hook/two" in page
    assert "person.registered" in page


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"url": "ftp://example.org", "events": ["order.paid"]}, "f-url"),
        ({"url": "https://0x7f.1/", "events": ["order.paid"]}, "f-url"),
        ({"url": "https://example.org"}, "f-events"),
        ({"url": "https://example.org", "events": ["no.such"]}, "f-events"),
        ({"url": "https://example.org", "events": ["order.paid"], "description": "x" * 300}, "f-description"),
    ],
)
def test_bad_input_is_shown_at_its_field(owner: Browser, fields: dict[str, object], named: str) -> None:
    page = owner.submit(f"{LIST}/new", fields)
    assert page.status_code == 422
    assert f'href="#{named}"' in page.text
    assert str(fields["url"]) in page.text


@pytest.mark.parametrize("act", ["", "/edit", "/messages/msg_00000000000000000000000000"])
def test_what_is_not_there_is_not_found(owner: Browser, act: str) -> None:
    for name in ("whk_00000000000000000000000000", "nonsense", "per_00000000000000000000000000"):
        assert owner.get(f"{LIST}/{name}{act}").status_code == 404


def test_only_the_owner_comes_in(
    client: Browser, academy: Academy, owner: Browser, receiver: Receiver, open_browser: Callable[..., Browser]
) -> None:
    path, _ = make(owner, receiver.url)
    pages = (LIST, f"{LIST}/new", path, f"{path}/edit")
    acts = (
        f"{LIST}/new",
        *(f"{path}/{act}" for act in ("edit", "pause", "resume", "test", "secret", "replay", "remove")),
    )
    assert client.get(LIST).status_code in (303, 401)
    for role in ("editor", "teacher", "support", "analyst"):
        browser = open_browser(academy.staff(role))
        assert {browser.get(page).status_code for page in pages} == {403}
        assert {browser.submit(act).status_code for act in acts} == {403}
    assert "Active" in owner.get(path).text


def test_it_speaks_chinese(owner: Browser, receiver: Receiver) -> None:
    path, _ = make(owner, receiver.url)
    page = owner.get(f"/zh{path}").text
    assert "订单已取消" in page
    assert "换密钥" in page
