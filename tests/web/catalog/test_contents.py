"""What is inside a product: sections and lessons, moved by plain buttons."""

from tests.fixtures.web import Academy, Browser
from tests.web.catalog.words import SCRIPT
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.db import new_id

OWN = "/studio/products/reading-numbers"


def inside(academy: Academy, slug: str = "reading-numbers") -> catalog.Contents:
    return academy.read(lambda s: catalog.product_draft(s, SYSTEM, slug)).contents


def order(academy: Academy) -> list[tuple[str, list[str]]]:
    return [(one.title, [line.slug for line in one.lessons]) for one in inside(academy).sections]


def test_sections_and_lessons_are_added_named_moved_and_removed(owner: Browser, academy: Academy) -> None:
    assert owner.submit(f"{OWN}/sections", {"title": "Part two"}).headers["location"] == f"{OWN}#contents"
    first, second = (one.id for one in inside(academy).sections)
    owner.submit(f"{OWN}/sections/{first}/rename", {"title": "Part one"})
    made = owner.submit(f"{OWN}/lessons", {"section": str(second), "title": "The last word", "kind": "text"})
    assert made.headers["location"] == f"{OWN}/lessons/the-last-word"
    assert order(academy) == [
        ("Part one", ["a-first-look", "the-paid-part", "a-small-quiz"]), ("Part two", ["the-last-word"])
    ]  # fmt: skip
    owner.submit(f"{OWN}/lessons/a-small-quiz/move", {"by": "1"})
    owner.submit(f"{OWN}/lessons/the-paid-part/move", {"by": "-1"})
    assert order(academy) == [
        ("Part one", ["the-paid-part", "a-first-look"]), ("Part two", ["a-small-quiz", "the-last-word"])
    ]  # fmt: skip
    owner.submit(f"{OWN}/sections/{second}/move", {"by": "-1"})
    assert [title for title, _ in order(academy)] == ["Part two", "Part one"]
    asked = owner.get(f"{OWN}/lessons/the-last-word/remove")
    assert "Remove this lesson?" in asked.text
    assert len(inside(academy).lessons) == 4
    owner.submit(f"{OWN}/lessons/the-last-word/remove")
    assert "the-last-word" not in {line.slug for line in inside(academy).lessons}
    assert owner.get(f"{OWN}/lessons/the-last-word").status_code == 404


def test_a_section_with_lessons_stays(owner: Browser, academy: Academy) -> None:
    section = inside(academy).sections[0].id
    answer = owner.submit(f"{OWN}/sections/{section}/remove")
    assert answer.status_code == 409
    assert "There are lessons in this section." in answer.text
    assert len(inside(academy).lessons) == 3


def test_a_lesson_without_a_title_is_refused_and_its_kind_kept(owner: Browser, academy: Academy) -> None:
    for wrong in ({"title": " "}, {"title": "x" * 201}, {"title": "Good", "kind": "opera"}):
        answer = owner.submit(f"{OWN}/lessons", {"kind": "video", **wrong})
        assert answer.status_code == 422
        assert "f-lesson-" in answer.text
        assert wrong["title"] in answer.text
    assert len(inside(academy).lessons) == 3


def test_another_products_parts_cannot_be_reached_through_this_one(owner: Browser, academy: Academy) -> None:
    foreign = inside(academy, "yi-pian-duan-wen")
    section, lesson = foreign.sections[0].id, foreign.lessons[0].slug
    for path, fields in (
        (f"{OWN}/sections/{section}/rename", {"title": "Mine"}),
        (f"{OWN}/sections/{section}/move", {"by": "1"}),
        (f"{OWN}/sections/{section}/remove", {}),
        (f"{OWN}/sections/{new_id()}/rename", {"title": "Mine"}),
        (f"{OWN}/lessons/{lesson}/move", {"by": "1"}),
        (f"{OWN}/lessons/{lesson}/remove", {}),
        (f"{OWN}/lessons/{lesson}", {"title": "Mine", "act": "save"}),
        (f"{OWN}/lessons/{lesson}/versions/1/restore", {}),
        (f"{OWN}/lessons", {"section": str(section), "title": "Mine"}),
    ):
        assert owner.submit(path, fields).status_code == 404, path
    assert inside(academy, "yi-pian-duan-wen") == foreign


def test_names_that_climb_out_are_names_of_nothing(owner: Browser) -> None:
    for path in (
        "/studio/products/..%2f..%2fetc%2fpasswd", f"{OWN}/lessons/..%2f..%2fsecret", f"{OWN}/sections/../../x/rename",
        "/studio/assets/..%2f..%2fmaster.key/original", "/studio/assets/ast_0/original",
    ):  # fmt: skip
        assert owner.get(path).status_code in {404, 405}, path


def test_a_step_that_is_no_step_is_refused(owner: Browser, academy: Academy) -> None:
    before = order(academy)
    assert owner.submit(f"{OWN}/lessons/the-paid-part/move", {"by": "999"}).status_code == 422
    assert owner.submit(f"{OWN}/lessons/the-paid-part/move", {"by": "up"}).status_code == 422
    assert order(academy) == before


def test_script_in_a_title_is_shown_as_text(owner: Browser) -> None:
    owner.submit(f"{OWN}/sections", {"title": SCRIPT})
    made = owner.submit(f"{OWN}/lessons", {"title": SCRIPT, "kind": "text"}).headers["location"]
    for path in (OWN, made, f"{made}/versions", f"{made}/remove"):
        html = owner.get(path).text
        assert "<script>alert" not in html, path
        assert "<img src=x" not in html, path


def test_a_bundle_has_no_lessons(owner: Browser, academy: Academy) -> None:
    academy.product("All of it", kind="bundle", slug="all")
    assert owner.submit("/studio/products/all/lessons", {"title": "One"}).status_code == 409


def test_topics_are_made_and_named(owner: Browser, academy: Academy) -> None:
    assert owner.submit("/studio/topics", {"zh": "统计", "en": "Statistics"}).status_code == 303
    owner.submit("/studio/topics", {"known": "data", "zh": "数据", "en": "Data"})
    named = {one.slug: dict(one.names) for one in academy.read(lambda s: catalog.topics(s, SYSTEM))}
    assert named["statistics"] == {"zh": "统计", "en": "Statistics"}
    assert named["data"] == {"zh": "数据", "en": "Data"}
    for wrong in ({"zh": "", "en": " "}, {"zh": "坏", "slug": "../up"}):
        answer = owner.submit("/studio/topics", wrong)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
