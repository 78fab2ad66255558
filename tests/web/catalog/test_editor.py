"""The lesson editor: writing, saving, clashing, publishing, versions, the quiz as a form."""

import struct
from typing import Any

from tests.fixtures.web import Academy, Browser
from tests.web.catalog.words import SCRIPT, form_on, picture, tags_in
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog

PRODUCT = "/studio/products/reading-numbers"
OWN = f"{PRODUCT}/lessons/the-paid-part"
QUIZ = f"{PRODUCT}/lessons/a-small-quiz"
JSON = {"Accept": "application/json"}


def draft(academy: Academy, slug: str = "the-paid-part") -> catalog.LessonDraft:
    return academy.read(lambda s: catalog.lesson_draft(s, SYSTEM, product_slug="reading-numbers", lesson_slug=slug))


def typed(owner: Browser, path: str = OWN, **changed: Any) -> dict[str, Any]:
    return form_on(owner.get(path).text, "lesson") | changed


def test_what_is_written_is_saved_as_a_new_version(owner: Browser, academy: Academy) -> None:
    fields = typed(owner) | {
        "title": "The paid part, again", "body_md": "Line one\r\n\r\nLine two", "is_preview": "1", "minutes": "12",
        "released_after_days": "3",
    }  # fmt: skip
    assert owner.submit(OWN, fields).headers["location"] == f"{OWN}?said=saved"
    now = draft(academy)
    assert (now.title, now.body_md, now.minutes) == ("The paid part, again", "Line one\n\nLine two", 12)
    assert (now.is_preview, now.released_after_days, now.number) == (True, 3, 2)
    assert now.has_unpublished_changes


def test_saving_the_page_as_it_is_writes_no_version(owner: Browser, academy: Academy) -> None:
    for path, slug in ((OWN, "the-paid-part"), (QUIZ, "a-small-quiz")):
        assert owner.submit(path, typed(owner, path)).status_code == 303
        assert draft(academy, slug).number == 1


def test_minutes_are_counted_until_somebody_says_how_many(owner: Browser, academy: Academy) -> None:
    owner.submit(OWN, typed(owner, body_md="word " * 2200))
    assert draft(academy).minutes == 10
    assert typed(owner)["minutes"] == ""
    owner.submit(OWN, typed(owner, minutes="25"))
    owner.submit(OWN, typed(owner, body_md="short"))
    assert draft(academy).minutes == 25


def test_publishing_shows_what_was_written(owner: Browser, learner: Browser, academy: Academy) -> None:
    academy.give(academy.learner.id, academy.course.id)
    owner.submit(OWN, typed(owner, body_md="A newer apricot."))
    assert "A newer apricot." not in learner.get("/learn/reading-numbers/the-paid-part").text
    assert owner.submit(OWN, typed(owner, act="publish")).headers["location"] == f"{OWN}?said=published"
    assert "A newer apricot." in learner.get("/learn/reading-numbers/the-paid-part").text


def test_wrong_fields_are_said_and_nothing_is_lost(owner: Browser, academy: Academy) -> None:
    for wrong, sentence in (
        ({"title": ""}, "Give it a title."),
        ({"title": "x" * 201}, "At most 200 characters"),
        ({"minutes": "ten"}, "Write a whole number."),
        ({"minutes": "1000000"}, "Say how many minutes it takes."),
        ({"released_after_days": "-1"}, "Write a whole number."),
        ({"released_after_days": "99999"}, "Between 0 and 3650 days."),
        ({"kind": "opera"}, "This kind of lesson is not known."),
        ({"body_md": "x" * 2_000_001}, "This text is too long"),
    ):
        answer = owner.submit(OWN, typed(owner, **{"body_md": "Kept, every word.", **wrong}))
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong
        if "body_md" not in wrong:
            assert form_on(answer.text, "lesson")["body_md"] == "Kept, every word."
    assert draft(academy).number == 1


def test_saving_by_itself_answers_json(owner: Browser, academy: Academy) -> None:
    fields = typed(owner, body_md="Once more")
    told = owner.submit(OWN, fields, headers=JSON).json()
    assert (told["version"], told["at"], told["is_new"], told["has_unpublished_changes"]) == (2, "08:00", True, True)
    again = owner.submit(OWN, fields | {"version": "2"}, headers=JSON).json()
    assert (again["version"], again["is_new"]) == (2, False)
    wrong = owner.submit(OWN, fields | {"version": "2", "title": ""}, headers=JSON)
    assert (wrong.status_code, wrong.json()["errors"]) == (422, {"title": "Give it a title."})
    assert draft(academy).number == 2


def test_somebody_elses_version_is_not_overwritten_unseen(owner: Browser, academy: Academy) -> None:
    mine = typed(owner, body_md="Mine")
    owner.submit(OWN, typed(owner, body_md="Theirs"))
    told = owner.submit(OWN, mine, headers=JSON)
    assert (told.status_code, told.json()["version"]) == (409, 2)
    refused = owner.submit(OWN, mine)
    assert refused.status_code == 409
    assert "Somebody else saved version 2" in refused.text
    assert draft(academy).body_md == "Theirs"
    again = form_on(refused.text, "lesson")
    assert again["body_md"] == "Mine"
    assert owner.submit(OWN, again).status_code == 303
    assert draft(academy).body_md == "Mine"
    assert draft(academy).number == 3


def test_the_preview_is_what_readers_see_and_harmless(owner: Browser, academy: Academy) -> None:
    markdown = f"# Title\n\n**Bold** {SCRIPT} [x](javascript:alert(1)) [next](lesson:a-small-quiz)"
    asked = {"markdown": markdown, "product": "reading-numbers"}
    html = owner.submit("/studio/preview", asked).json()["html"]
    assert "<strong>Bold</strong>" in html
    assert f'href="{QUIZ}"' in html
    assert not [tag for tag in tags_in(html) if tag[0] == "script" or any(name.startswith("on") for name in tag[1])]
    assert not [tag for tag in tags_in(html) if (tag[1].get("href") or "").startswith("javascript:")]
    assert owner.submit("/studio/preview", {"markdown": "x", "product": "nowhere"}).status_code == 404
    assert owner.submit("/studio/preview", {**asked, "markdown": "x" * 2_000_001}, headers=JSON).status_code == 422
    page = owner.submit(OWN, typed(owner, body_md="*Seen* at once", act="preview")).text
    assert "<em>Seen</em> at once" in page
    assert draft(academy).number == 1


def test_versions_show_what_changed_and_come_back(owner: Browser, academy: Academy) -> None:
    owner.submit(OWN, typed(owner, body_md="# The paid part\n\nA secret pear."))
    page = owner.get(f"{OWN}/versions").text
    assert "<del>A secret <b>apricot</b>.</del>" in page
    assert "<ins>A secret <b>pear</b>.</ins>" in page
    assert "Owen" in page
    assert owner.get(f"{OWN}/versions", params={"older": 7, "newer": 9}).status_code == 404
    assert owner.submit(f"{OWN}/versions/1/restore").status_code == 303
    assert draft(academy).body_md.endswith("A secret apricot.")
    assert draft(academy).number == 3
    assert owner.submit(f"{QUIZ}/versions/3/restore").status_code == 404
    assert draft(academy, "a-small-quiz").number == 1


def test_a_forged_save_changes_nothing(owner: Browser, academy: Academy) -> None:
    fields = typed(owner, body_md="Forged", csrf_token="1" * 64)
    assert owner.post(OWN, data=fields).status_code == 403
    assert owner.post(OWN, data=fields, headers={"X-CSRF-Token": "2" * 64}).status_code == 403
    assert draft(academy).number == 1


# --- the quiz --------------------------------------------------------------------------------------------------------
def test_the_quiz_is_read_back_as_it_was_written(owner: Browser, academy: Academy) -> None:
    fields = typed(owner, QUIZ) | {
        "q-2-kind": "multiple", "q-2-ask": "Which are even?", "q-2-points": "3", "q-2-explanation": "Halve them.",
        "q-2-c-0-text": "Two", "q-2-c-0-right": "1", "q-2-c-0-because": "2 = 1 + 1", "q-2-c-1-text": "Three",
        "q-2-c-2-text": "Four", "q-2-c-2-right": "1", "q-2-c-3-text": "",
        "q-3-kind": "true_false", "q-3-ask": "Ten is even.", "q-3-c-0-text": "", "q-3-c-0-right": "1",
        "q-3-c-1-text": "",
        "q-4-kind": "text", "q-4-ask": "Name the fruit.", "q-4-answer": "Apricot\napricots",
        "q-5-kind": "number", "q-5-ask": "Pi?", "q-5-answer": "3.14", "q-5-tolerance": "0.01",
    }  # fmt: skip
    assert owner.submit(QUIZ, fields).status_code == 303
    asked = draft(academy, "a-small-quiz").questions
    assert [one["kind"] for one in asked] == ["single", "number", "multiple", "true_false", "text", "number"]
    assert [(one["text"], one["is_right"]) for one in asked[2]["choices"]] == [
        ("Two", True), ("Three", False), ("Four", True)
    ]  # fmt: skip
    assert (asked[2]["points"], asked[2]["explanation"]) == (3, "Halve them.")
    assert [one["text"] for one in asked[3]["choices"]] == ["True", "False"]
    assert asked[4]["answers"] == ["Apricot", "apricots"]
    assert asked[5]["tolerance"] == 0.01
    owner.submit(QUIZ, typed(owner, QUIZ))
    assert draft(academy, "a-small-quiz").number == 2


def test_rows_are_added_moved_and_removed_by_buttons_without_saving(owner: Browser, academy: Academy) -> None:
    def press(fields: dict[str, Any], act: str) -> dict[str, Any]:
        answer = owner.submit(QUIZ, fields | {"act": act})
        assert answer.status_code == 200
        return form_on(answer.text, "lesson")

    fields = press(typed(owner, QUIZ, body_md="Typed before"), "add-question")
    assert fields["q-2-kind"] == "single"
    fields = press(fields | {"q-2-ask": "Third"}, "q-2-add")
    fields = press(fields, "q-2-add")
    assert "q-2-c-3-text" in fields
    fields = press(fields | {"q-2-c-3-text": "Fourth choice"}, "q-2-c-0-remove")
    assert fields["q-2-c-2-text"] == "Fourth choice"
    fields = press(fields, "q-2-up")
    assert (fields["q-1-ask"], fields["q-2-kind"]) == ("Third", "number")
    fields = press(fields, "q-0-remove")
    assert fields["q-0-ask"] == "Third"
    assert "q-2-kind" not in fields
    for nonsense in ("q-99-remove", "q-0-c-99-remove", "q-0-explode", "q--1-up"):
        assert fields["body_md"] == "Typed before"
        if nonsense in {"q-99-remove", "q-0-c-99-remove"}:
            assert press(fields, nonsense)["q-0-ask"] == "Third"
    assert draft(academy, "a-small-quiz").number == 1


def test_wrong_questions_are_said_at_their_fields_and_kept(owner: Browser, academy: Academy) -> None:
    fields = typed(owner, QUIZ) | {
        "q-0-ask": "", "q-1-answer": "twelve", "q-1-points": "0", "q-1-tolerance": "-1",
        "q-2-kind": "single", "q-2-ask": "Which?", "q-2-c-0-text": "A", "q-2-c-0-right": "1", "q-2-c-1-text": "B",
        "q-2-c-1-right": "1", "q-3-kind": "riddle", "q-3-ask": "Why?", "q-4-kind": "single", "q-4-ask": "One?",
        "q-4-c-0-text": "", "q-4-c-0-because": "No words", "q-4-c-1-text": "Two", "q-4-c-1-right": "1",
    }  # fmt: skip
    answer = owner.submit(QUIZ, fields)
    assert answer.status_code == 422
    for name in ("q-0-ask", "q-1-answer", "q-1-points", "q-1-tolerance", "q-2-choices", "q-3-kind", "q-4-c-0-text"):
        assert f'id="f-{name}-error"' in answer.text, name
    kept = form_on(answer.text, "lesson")
    assert (kept["q-2-ask"], kept["q-4-c-0-because"], kept["q-1-answer"]) == ("Which?", "No words", "twelve")
    assert draft(academy, "a-small-quiz").number == 1


def test_a_quiz_of_two_hundred_questions_goes_through_one_form(owner: Browser, academy: Academy) -> None:
    many: dict[str, Any] = {"title": "Two hundred", "version": "1"}
    for number in range(200):
        many |= {f"q-{number}-kind": "single", f"q-{number}-ask": f"Question {number}?", f"q-{number}-points": "1"}
        for place in range(4):
            many |= {f"q-{number}-c-{place}-text": f"Choice {place}", f"q-{number}-c-{place}-because": "Because."}
        many[f"q-{number}-c-1-right"] = "1"
    assert owner.submit(QUIZ, many).status_code == 303
    assert len(draft(academy, "a-small-quiz").questions) == 200
    page = form_on(owner.get(QUIZ).text, "lesson")
    assert page["q-199-c-3-text"] == "Choice 3"
    assert owner.submit(QUIZ, page, files={"picture": ("", b"")}).status_code == 303
    assert draft(academy, "a-small-quiz").number == 2


def test_script_in_every_field_of_a_quiz_is_shown_as_text(owner: Browser, academy: Academy) -> None:
    fields = typed(owner, QUIZ, title=SCRIPT, body_md=SCRIPT) | {
        "q-0-ask": SCRIPT, "q-0-explanation": SCRIPT, "q-0-c-0-text": SCRIPT, "q-0-c-0-because": SCRIPT,
    }  # fmt: skip
    assert owner.submit(QUIZ, fields).status_code == 303
    for path in (QUIZ, f"{QUIZ}/versions", PRODUCT):
        html = owner.get(path).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    assert form_on(owner.get(QUIZ).text, "lesson")["q-0-ask"] == SCRIPT


# --- files -----------------------------------------------------------------------------------------------------------
def test_a_picture_is_put_at_the_end_without_script(owner: Browser, academy: Academy) -> None:
    answer = owner.submit(
        OWN, typed(owner, body_md="Words.", act="upload"), files={"picture": ("../a [map].png", picture())}
    )
    body = form_on(answer.text, "lesson")["body_md"]
    assert body.startswith("Words.\n\n![a map](asset:")
    assert "/studio/assets/ast_" in answer.text
    assert draft(academy).number == 1
    wrong = owner.submit(OWN, typed(owner, body_md="Kept.", act="upload"), files={"picture": ("a.png", b"no")})
    assert wrong.status_code == 422
    assert form_on(wrong.text, "lesson")["body_md"] == "Kept."


def test_a_recording_is_kept_with_its_lesson(owner: Browser, academy: Academy) -> None:
    owner.submit(f"{PRODUCT}/lessons", {"title": "Listen", "kind": "audio"})
    path = f"{PRODUCT}/lessons/listen"
    wave = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, 44100, 88200, 2, 16, b"data", 0)
    assert owner.submit(path, typed(owner, path), files={"media": ("talk.wav", wave)}).status_code == 303
    kept = draft(academy, "listen").media
    assert kept is not None
    assert (kept.name, kept.is_public) == ("talk.wav", False)
    played = owner.get(form_source(owner.get(path).text))
    assert played.content == wave
    assert owner.submit(path, typed(owner, path, no_media="1")).status_code == 303
    assert draft(academy, "listen").media is None


def form_source(html: str) -> str:
    return html.split('<source src="')[1].split('"', maxsplit=1)[0]
