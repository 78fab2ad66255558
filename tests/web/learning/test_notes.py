"""Notes through HTTP: kept to the words, only for the one who wrote them."""

from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning

PAID = "/learn/reading-numbers/the-paid-part"


@pytest.fixture
def buyer(academy: Academy, learner: Browser) -> Browser:
    academy.give(academy.learner.id, academy.course.id)
    return learner


def write(academy: Academy, browser: Browser, **fields: str) -> Any:
    page = academy.read(
        lambda s: catalog.lesson_page(s, SYSTEM, product_slug="reading-numbers", lesson_slug="the-paid-part")
    )
    return browser.submit(f"{PAID}/notes", {"version": shown("version", page.version_id), "kind": "note", **fields})


def kept(academy: Academy) -> tuple[learning.NoteOfLesson, ...]:
    viewer = Viewer(academy.learner.id)
    return academy.read(lambda s: learning.all_notes(s, viewer, vault=academy.platform.vault))


def test_a_note_stands_beside_its_words(academy: Academy, buyer: Browser) -> None:
    answer = write(academy, buyer, quote="secret  apricot", text="So that is it.")
    assert answer.headers["location"] == f"{PAID}#notes"
    note = kept(academy)[0].note
    assert (note.quote, note.text) == ("secret apricot", "So that is it.")
    page = buyer.get(PAID).text
    assert "So that is it." in page
    assert f'data-start="{note.anchor.start}"' in page if note.anchor else False
    assert "So that is it." in buyer.get("/notes").text
    assert "> secret apricot" in buyer.get("/notes.md").text


def test_a_script_is_told_where_the_words_are(academy: Academy, buyer: Browser) -> None:
    page = academy.read(
        lambda s: catalog.lesson_page(s, SYSTEM, product_slug="reading-numbers", lesson_slug="the-paid-part")
    )
    fields = {"version": shown("version", page.version_id), "kind": "highlight", "quote": "apricot"}
    answer = buyer.submit(f"{PAID}/notes", fields, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["anchor"]["end"] - answer.json()["anchor"]["start"] == len("apricot")


def test_quotes_follow_their_words_into_a_new_text_and_wait_beside_it_when_they_are_gone(
    academy: Academy, buyer: Browser
) -> None:
    write(academy, buyer, kind="highlight", quote="secret apricot")
    write(academy, buyer, kind="highlight", quote="The paid part")
    before = {one.note.quote: one.note.anchor for one in kept(academy)}
    save = catalog.SaveLesson(academy.lesson, "The paid part", "More words first. And then a secret apricot.")
    academy.write(lambda s: catalog.save_lesson(s, save, viewer=SYSTEM, clock=academy.platform.clock))
    academy.write(lambda s: catalog.publish_lesson(s, academy.lesson, clock=academy.platform.clock))
    page = buyer.get(PAID).text
    assert before["secret apricot"] is not None
    assert f'data-start="{before["secret apricot"].start}"' not in page
    assert 'data-start="29"' in page
    assert "These words are no longer in the text." in page


def test_changing_and_taking_away(academy: Academy, buyer: Browser) -> None:
    write(academy, buyer, text="First words")
    path = f"/notes/{shown('note', kept(academy)[0].note.id)}"
    assert "First words" in buyer.get(path).text
    assert buyer.submit(path, {"text": "Better words"}).status_code == 303
    assert kept(academy)[0].note.text == "Better words"
    assert buyer.submit(path, {"text": " "}).status_code == 422
    assert buyer.submit(f"{path}/delete").status_code == 303
    assert kept(academy) == ()


def test_nobody_else_sees_changes_or_deletes_a_note(academy: Academy, buyer: Browser, owner: Browser) -> None:
    write(academy, buyer, text="Only mine")
    path = f"/notes/{shown('note', kept(academy)[0].note.id)}"
    assert owner.get(path).status_code == 404
    assert owner.submit(path, {"text": "x"}).status_code == 404
    assert owner.submit(f"{path}/delete").status_code == 404
    assert "Only mine" not in owner.get(PAID).text
    assert kept(academy)[0].note.text == "Only mine"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"kind": "highlight"},
        {"kind": "poem", "text": "x"},
        {"text": "x" * 10_001},
        {"quote": "q" * 2_001, "text": "x"},
    ],
)
def test_empty_long_and_odd_notes_are_refused(academy: Academy, buyer: Browser, wrong: dict[str, str]) -> None:
    assert write(academy, buyer, **wrong).status_code == 422
    assert kept(academy) == ()


def test_script_in_a_note_is_text(academy: Academy, buyer: Browser) -> None:
    write(academy, buyer, quote="<script>alert(1)</script>", text="<img src=x onerror=alert(2)>")
    for page in (buyer.get(PAID).text, buyer.get("/notes").text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_who_has_not_bought_keeps_no_notes(academy: Academy, learner: Browser) -> None:
    assert write(academy, learner, text="x").status_code == 403
    assert kept(academy) == ()


def test_an_empty_page_of_notes(learner: Browser) -> None:
    assert "No notes yet" in learner.get("/notes").text
