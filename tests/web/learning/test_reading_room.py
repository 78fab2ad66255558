"""The reading room through HTTP: who sees what, what stays, what nobody gets."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning

COURSE = "/learn/reading-numbers"
PAID = f"{COURSE}/the-paid-part"
PREVIEW = f"{COURSE}/a-first-look"
QUIZ = f"{COURSE}/a-small-quiz"
SECRET = "A secret apricot"


@pytest.fixture
def buyer(academy: Academy, learner: Browser) -> Browser:
    academy.give(academy.learner.id, academy.course.id)
    return learner


def version(academy: Academy, slug: str) -> str:
    page = academy.read(lambda s: catalog.lesson_page(s, SYSTEM, product_slug="reading-numbers", lesson_slug=slug))
    return shown("version", page.version_id)


def report(academy: Academy, browser: Browser, lesson_id: UUID, **more: Any) -> Any:
    said = {
        "lesson": shown("lesson", lesson_id),
        "version": version(academy, "the-paid-part"),
        "position": {"block": 1, "within": 0.5, "scroll": 0.6, "anchor": "the-paid-part"},
        "fraction": 0.6,
        "at": "2026-03-01T07:59:00Z",
        **more,
    }
    headers = {"X-CSRF-Token": browser.form_token, "Accept": "application/json"}
    return browser.post("/learn/progress", json=said, headers=headers)


def test_a_stranger_reads_the_preview_and_sees_the_door_of_the_rest(client: Browser) -> None:
    preview, closed = client.get(PREVIEW), client.get(PAID)
    assert preview.status_code == closed.status_code == 200
    assert "Some words." in preview.text
    assert SECRET not in closed.text
    assert "¥199" in closed.text
    assert "/checkout/reading-numbers" in closed.text


def test_no_paid_byte_before_the_door_for_anyone_who_has_not_bought(client: Browser, learner: Browser) -> None:
    for browser in (client, learner):
        for path in (PAID, f"/zh{PAID}", QUIZ):
            page = browser.get(path).text
            assert SECRET not in page
            assert "half of ten" not in page


def test_a_buyer_reads(buyer: Browser) -> None:
    page = buyer.get(PAID)
    assert SECRET in page.text
    assert page.headers["cache-control"] == "private, no-store"


def test_who_may_use_content_reads_without_buying(owner: Browser) -> None:
    assert SECRET in owner.get(PAID).text


def test_an_unknown_lesson_is_not_found(client: Browser) -> None:
    assert client.get(f"{COURSE}/nothing").status_code == 404
    assert client.get("/learn/nothing").status_code == 404


def test_the_door_says_so_in_chinese(client: Browser) -> None:
    assert "这一课属于《Reading numbers》" in client.get(f"/zh{PAID}").text


def test_the_product_leads_to_where_the_reader_was(academy: Academy, buyer: Browser) -> None:
    assert buyer.get(COURSE).headers["location"] == PREVIEW
    assert report(academy, buyer, academy.lesson).status_code == 204
    assert buyer.get(COURSE).headers["location"] == PAID


def test_the_place_is_kept_for_the_next_screen_and_linked_without_a_script(academy: Academy, buyer: Browser) -> None:
    report(academy, buyer, academy.lesson)
    page = buyer.get(PAID).text
    assert "&#34;block&#34;: 1.0" in page or "&#34;block&#34;: 1" in page
    assert 'href="#the-paid-part"' in page


def test_a_stranger_cannot_report_progress(academy: Academy, client: Browser) -> None:
    assert report(academy, client, academy.preview).status_code == 401


def test_progress_in_a_lesson_that_is_not_held_is_refused(academy: Academy, learner: Browser) -> None:
    answer = report(academy, learner, academy.lesson)
    assert answer.status_code == 403
    assert answer.json()["code"] == "not-bought"


@pytest.mark.parametrize(
    "wrong",
    [
        {"fraction": 2},
        {"fraction": "much"},
        {"position": {"seconds": -1}},
        {"position": {"where": "here"}},
        {"position": {"anchor": 7}},
        {"at": "yesterday"},
        {"at": "2026-03-01T08:00:00"},
        {"lesson": "les_nonsense"},
        {"version": "1"},
        {"more": 1},
    ],
)
def test_odd_reports_are_refused_and_nothing_is_kept(academy: Academy, buyer: Browser, wrong: dict[str, Any]) -> None:
    assert report(academy, buyer, academy.lesson, **wrong).status_code in {404, 422}
    states = academy.read(lambda s: learning.lesson_states(s, academy.learner.id, academy.course.id))
    assert states == {}


def test_a_forged_report_is_refused(academy: Academy, buyer: Browser) -> None:
    buyer.form_token = "forged"
    assert report(academy, buyer, academy.lesson).status_code == 403


def test_done_ticks_the_lesson_and_goes_on_with_the_next(academy: Academy, buyer: Browser) -> None:
    answer = buyer.submit(f"{PAID}/done", {"version": version(academy, "the-paid-part")})
    assert answer.headers["location"] == QUIZ
    page = buyer.get(PAID).text
    assert 'class="is-done"' in page
    assert "1 of 3" in page


def test_done_without_buying_is_refused(academy: Academy, learner: Browser) -> None:
    assert learner.submit(f"{PAID}/done", {"version": version(academy, "the-paid-part")}).status_code == 403


def test_the_quiz_hides_its_answers_until_it_is_answered(academy: Academy, buyer: Browser) -> None:
    asked = buyer.get(QUIZ).text
    assert "half of ten" in asked
    assert "5 + 5 = 10" not in asked
    assert "Count on your fingers" not in asked
    sent = buyer.submit(f"{QUIZ}/answers", {"version": version(academy, "a-small-quiz"), "q1": "a", "q2": "11"})
    assert sent.status_code == 303
    graded = buyer.get(sent.headers["location"]).text
    assert "1 of 2 points" in graded
    assert "5 + 5 = 10" in graded
    assert "It is 12" in graded
    assert "Last time: 1 of 2 points" in buyer.get(QUIZ).text


def test_a_try_is_seen_by_nobody_else(academy: Academy, buyer: Browser, open_browser: Any) -> None:
    sent = buyer.submit(f"{QUIZ}/answers", {"version": version(academy, "a-small-quiz"), "q1": "b"})
    academy.give(academy.other.id, academy.course.id)
    other = open_browser(academy.other)
    assert other.get(sent.headers["location"].split("#")[0]).status_code == 404


@pytest.mark.parametrize("wrong", [{"q1": "z"}, {"q9": "a"}, {"q2": "1" * 3000}])
def test_odd_answers_are_refused_and_not_kept(academy: Academy, buyer: Browser, wrong: dict[str, str]) -> None:
    sent = buyer.submit(f"{QUIZ}/answers", {"version": version(academy, "a-small-quiz"), **wrong})
    assert sent.status_code == 422
    assert "Last time" not in buyer.get(QUIZ).text


def test_answers_to_an_older_quiz_are_refused(academy: Academy, buyer: Browser) -> None:
    old = version(academy, "the-paid-part")
    assert buyer.submit(f"{QUIZ}/answers", {"version": old, "q1": "a"}).status_code == 409


def test_a_drip_lesson_opens_on_its_day(academy: Academy, learner: Browser, clock: ManualClock) -> None:
    product = academy.product("Slow", slug="slow")
    academy.add(product.id, "At once")
    academy.add(product.id, "A week later", released_after_days=7, body_md="Patience.")
    academy.publish(product.id)
    academy.give(academy.learner.id, product.id)
    early = learner.get("/learn/slow/a-week-later").text
    assert "Patience." not in early
    assert "March 8, 2026" in early
    clock.advance(days=7)
    assert "Patience." in learner.get("/learn/slow/a-week-later").text


def test_a_changed_lesson_is_shown_at_once(academy: Academy, buyer: Browser) -> None:
    assert SECRET in buyer.get(PAID).text
    save = catalog.SaveLesson(academy.lesson, "The paid part", "A second apricot.")
    academy.write(lambda s: catalog.save_lesson(s, save, viewer=SYSTEM, clock=academy.platform.clock))
    assert SECRET in buyer.get(PAID).text
    academy.write(lambda s: catalog.publish_lesson(s, academy.lesson, clock=academy.platform.clock))
    assert "A second apricot." in buyer.get(PAID).text


def test_a_lesson_page_asks_the_database_at_most_six_times(academy: Academy, buyer: Browser) -> None:
    buyer.submit(f"{PAID}/notes", {"version": version(academy, "the-paid-part"), "kind": "note", "text": "One."})
    report(academy, buyer, academy.lesson)
    buyer.get(PAID)
    asked: list[str] = []
    engine = academy.platform.database.engine
    listener = lambda *arguments: asked.append(arguments[2])  # noqa: E731 - removed below, by identity
    event.listen(engine, "before_cursor_execute", listener)
    buyer.get(PAID)
    event.remove(engine, "before_cursor_execute", listener)
    assert 1 <= len(asked) <= 6, "\n".join(asked)


def test_a_preview_is_kept_for_strangers_and_a_buyers_page_never(client: Browser, buyer: Browser) -> None:
    first, second = client.get(PREVIEW), client.get(PREVIEW)
    assert first.headers["etag"] == second.headers["etag"]
    assert "etag" not in buyer.get(PREVIEW).headers
    assert "Lily" not in client.get(PREVIEW).text


def test_the_shelf_shows_what_is_held_and_goes_on(academy: Academy, buyer: Browser, clock: ManualClock) -> None:
    assert "Reading numbers" in buyer.get("/shelf").text
    clock.advance(hours=1)
    report(academy, buyer, academy.lesson, at=(clock.now() - timedelta(minutes=1)).isoformat())
    page = buyer.get("/shelf").text
    assert f'href="{PAID}"' in page
    assert "0 of 3" in page


def test_an_empty_shelf_says_so_and_a_stranger_signs_in_first(learner: Browser, client: Browser) -> None:
    assert "Your shelf is empty" in learner.get("/shelf").text
    assert client.get("/shelf").headers["location"] == "/sign-in?next=/shelf"
