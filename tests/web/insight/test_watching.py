"""Nobody is noted who did not agree; who agreed is noted under a code."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.domains.privacy import api as privacy
from xingtan.infra.analytics import BehaviourBuffer, BehaviourEvent
from xingtan.web.edge import CONSENT_COOKIE
from xingtan.web.insight import watching
from xingtan.web.insight.watching import VISIT_COOKIE

SLUG = "reading-numbers"
PAID = f"/learn/{SLUG}/the-paid-part"


@pytest.fixture
def buffer(monkeypatch: pytest.MonkeyPatch) -> list[BehaviourBuffer]:
    """The buffers that the application opens, so that a test can empty them."""
    opened: list[BehaviourBuffer] = []

    def open_one(*arguments: Any) -> BehaviourBuffer:
        opened.append(BehaviourBuffer(*arguments, interval_s=600))
        return opened[-1]

    monkeypatch.setattr(watching, "BehaviourBuffer", open_one)
    return opened


@pytest.fixture
def log(academy: Academy, buffer: list[BehaviourBuffer]) -> Callable[[], list[BehaviourEvent]]:
    """Everything in the behaviour log, after the jobs that write it."""

    def read() -> list[BehaviourEvent]:
        academy.work()
        for one in buffer:
            one.flush()
        return academy.read(lambda s: list(s.scalars(select(BehaviourEvent).order_by(BehaviourEvent.id))))

    return read


def agree(academy: Academy, person_id: UUID) -> None:
    clock = academy.platform.clock
    academy.write(lambda s: privacy.grant_consent(s, person_id, purpose=privacy.Purpose.ANALYTICS, clock=clock))


def journey(academy: Academy, browser: Browser) -> None:
    """Look, search, take the free essay, read, answer, note, finish."""
    browser.get("/works/reading-numbers")
    browser.get("/search?q=nothing+like+this")
    clock = academy.platform.clock
    offer = academy.read(
        lambda s: commerce.offers_for(s, [academy.essay.id], currency="CNY", at=clock.now())[academy.essay.id]
    )
    order = commerce.PlaceOrder(academy.learner.id, offer.id, "0" * 32, "sandbox", "en")
    academy.write(lambda s: commerce.place_order(s, order, clock=clock))
    academy.give(academy.learner.id, academy.course.id)
    browser.get(PAID)
    report(academy, browser, academy.lesson)
    page = academy.read(lambda s: catalog.lesson_page(s, SYSTEM, product_slug=SLUG, lesson_slug="a-small-quiz"))
    version = shown("version", page.version_id)
    browser.submit(f"/learn/{SLUG}/a-small-quiz/answers", {"version": version, "q1": "a", "q2": "12"})
    browser.submit(f"/learn/{SLUG}/a-small-quiz/notes", {"version": version, "kind": "note", "text": "mine"})


def report(academy: Academy, browser: Browser, lesson_id: UUID) -> None:
    said = {
        "lesson": shown("lesson", lesson_id),
        "version": shown("version", lesson_id),
        "position": {"scroll": 0.6},
        "fraction": 0.6,
        "at": "2026-03-01T07:59:00Z",
    }
    answer = browser.post("/learn/progress", json=said, headers={"X-CSRF-Token": browser.form_token})
    assert answer.status_code == 204


def test_who_agrees_to_nothing_leaves_no_row_and_learns_all_the_same(
    academy: Academy, learner: Browser, log: Callable[[], list[BehaviourEvent]]
) -> None:
    journey(academy, learner)
    assert log() == []
    states = academy.read(lambda s: learning.lesson_states(s, academy.learner.id, academy.course.id))
    assert len(states) == 2


def test_who_agrees_is_noted_under_a_code(
    academy: Academy, learner: Browser, log: Callable[[], list[BehaviourEvent]]
) -> None:
    agree(academy, academy.learner.id)
    journey(academy, learner)
    found = log()
    vault = academy.platform.vault
    key = academy.read(lambda s: identity.behaviour_key(s, academy.learner.id, vault=vault))
    assert {row.actor for row in found} == {key}
    assert {row.verb for row in found} >= {
        "viewed",
        "purchased",
        "started",
        "progressed",
        "answered",
        "noted",
        "completed",
    }
    text = "|".join(str((row.object_id, row.context)) for row in found)
    assert shown("person", academy.learner.id) not in text
    assert "mine" not in text


def test_a_browser_that_refuses_is_not_noted_even_after_a_yes(
    academy: Academy, learner: Browser, log: Callable[[], list[BehaviourEvent]]
) -> None:
    agree(academy, academy.learner.id)
    academy.give(academy.learner.id, academy.course.id)
    learner.get(PAID, headers={"Sec-GPC": "1"})
    learner.get(PAID, headers={"DNT": "1"})
    assert log() == []
    learner.get(PAID)
    assert [row.verb for row in log()] == ["viewed"]


def test_a_withdrawal_counts_from_the_next_deed(
    academy: Academy, learner: Browser, log: Callable[[], list[BehaviourEvent]]
) -> None:
    agree(academy, academy.learner.id)
    academy.give(academy.learner.id, academy.course.id)
    learner.get(PAID)
    clock, person = academy.platform.clock, academy.learner.id
    academy.write(lambda s: privacy.withdraw_consent(s, person, purpose=privacy.Purpose.ANALYTICS, clock=clock))
    learner.get(PAID)
    report(academy, learner, academy.lesson)
    assert [row.verb for row in log()] == ["viewed"]


def test_a_stranger_is_noted_only_after_a_yes_and_under_a_key_of_this_visit(
    academy: Academy, client: Browser, log: Callable[[], list[BehaviourEvent]]
) -> None:
    seen = {"product": shown("product", academy.course.id)}
    assert client.post("/seen", data=seen).status_code == 204
    client.cookies.set(CONSENT_COOKIE, "none")
    client.post("/seen", data=seen)
    assert VISIT_COOKIE not in client.cookies
    client.cookies.set(CONSENT_COOKIE, "analytics")
    assert client.post("/seen", data=seen, headers={"Sec-GPC": "1"}).status_code == 204
    assert log() == []
    client.post("/seen", data=seen)
    client.post("/seen", data={"query": "贝叶斯", "results": "0"})
    first, second = log()
    assert (first.verb, second.verb) == ("viewed", "searched")
    assert first.actor == second.actor == client.cookies[VISIT_COOKIE]
    assert second.context == {"query": "贝叶斯", "results": 0, "language": "en"}


def test_words_that_look_personal_are_not_kept(client: Browser, log: Callable[[], list[BehaviourEvent]]) -> None:
    client.cookies.set(CONSENT_COOKIE, "analytics")
    for query in ("lily@example.org", "call 138 0013 8000"):
        client.post("/seen", data={"query": query})
    assert [row.context["query"] for row in log()] == ["", ""]


@pytest.mark.parametrize("wrong", [{"product": "prd_x"}, {"lesson": "x"}])
def test_an_odd_seen_is_refused(
    client: Browser, log: Callable[[], list[BehaviourEvent]], wrong: dict[str, str]
) -> None:
    client.cookies.set(CONSENT_COOKIE, "analytics")
    assert client.post("/seen", data=wrong).status_code == 404
    assert log() == []
