"""Lessons: every version kept, the published one shown, order and access as the creator says."""

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from tests.domains.catalog.conftest import STAFF, Shop
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER, Viewer
from xingtan.domains.catalog import api as catalog


def titles(shop: Shop, product_id: object, viewer: Viewer = STAFF) -> list[list[str]]:
    found = shop.read(lambda s: catalog.contents(s, viewer, product_id))
    return [[lesson.title for lesson in section.lessons] for section in found.sections]


def listen(shop: Shop) -> list[str]:
    """Return the list to which every question to the database is added from now on."""
    statements: list[str] = []

    def note(*args: object) -> None:
        if str(args[2]).startswith("SELECT"):
            statements.append(str(args[2]))

    event.listen(shop.platform.database.engine, "before_cursor_execute", note)
    return statements


def page(shop: Shop, product: catalog.ProductCard, slug: str, viewer: Viewer = STRANGER) -> catalog.LessonPage:
    return shop.read(lambda s: catalog.lesson_page(s, viewer, product_slug=product.slug, lesson_slug=slug))


def test_saving_writes_a_draft_that_learners_do_not_see(shop: Shop) -> None:
    product = shop.course()
    lesson = shop.lesson(product.id)
    shop.publish(product.id)
    saved = shop.write(catalog.save_lesson, catalog.SaveLesson(lesson.lesson_id, "One", "Better."))
    assert saved.has_new_version
    assert page(shop, product, lesson.slug).html == "<p>Hello.</p>\n"
    shop.write(catalog.publish_lesson, lesson.lesson_id)
    assert page(shop, product, lesson.slug).html == "<p>Better.</p>\n"


def test_saving_the_same_writes_nothing(shop: Shop) -> None:
    product = shop.course()
    lesson = shop.lesson(product.id)
    assert not shop.write(catalog.save_lesson, catalog.SaveLesson(lesson.lesson_id, "One", "Hello.")).has_new_version
    draft = shop.read(lambda s: catalog.lesson_draft(s, STAFF, product_slug=product.slug, lesson_slug=lesson.slug))
    assert [version.number for version in draft.versions] == [1]


def test_versions_are_restored_as_new_ones_and_compared(shop: Shop) -> None:
    product = shop.course()
    lesson = shop.lesson(product.id)
    shop.write(catalog.save_lesson, catalog.SaveLesson(lesson.lesson_id, "Uno", "Worse."))
    shop.write(catalog.restore_lesson_version, lesson.lesson_id, number=1)
    draft = shop.read(lambda s: catalog.lesson_draft(s, STAFF, product_slug=product.slug, lesson_slug=lesson.slug))
    assert (draft.number, draft.title, draft.body_md) == (3, "One", "Hello.")
    texts = shop.read(lambda s: catalog.lesson_version_texts(s, STAFF, lesson_id=lesson.lesson_id, numbers=(2, 3)))
    assert texts == ("Worse.", "Hello.")
    with pytest.raises(NotFound):
        shop.write(catalog.restore_lesson_version, lesson.lesson_id, number=9)


def test_a_version_cannot_be_changed_even_by_sql(shop: Shop) -> None:
    lesson = shop.lesson(shop.course().id)
    for statement in ("UPDATE lesson_version SET title = 'x'", "DELETE FROM lesson_version"):
        with pytest.raises(DBAPIError, match="never changed"):
            shop.platform.database.write(lambda s, sql=statement: s.execute(text(sql)))
    assert lesson.has_new_version


def test_a_quiz_shows_no_answers(shop: Shop) -> None:
    product = shop.course()
    question = {"ask": "2+2?", "kind": "number", "answer": 4, "explanation": "Count."}
    lesson = shop.lesson(product.id, "Quiz", kind="quiz", questions=(question,))
    shop.publish(product.id)
    shown = page(shop, product, lesson.slug)
    assert "4" not in repr(shown.questions)
    stored = shop.read(lambda s: catalog.questions_of(s, shown.version_id))
    assert catalog.grade(stored[0], "4").is_right


def test_a_lesson_knows_its_neighbours_and_skips_what_is_not_published(shop: Shop) -> None:
    product = shop.course()
    first, _, third = (shop.lesson(product.id, title) for title in ("A", "B", "C"))
    shop.publish(product.id)
    hidden = shop.lesson(product.id, "D")
    shown = page(shop, product, third.slug)
    assert (shown.number, shown.previous.title if shown.previous else None, shown.next) == (3, "B", None)
    assert page(shop, product, first.slug).previous is None
    with pytest.raises(NotFound):
        page(shop, product, hidden.slug)
    assert page(shop, product, hidden.slug, STAFF).title == "D"
    assert titles(shop, product.id, STRANGER) == [["A", "B", "C"]]
    assert titles(shop, product.id) == [["A", "B", "C", "D"]]


def test_a_removed_lesson_is_gone_and_its_text_kept(shop: Shop) -> None:
    product = shop.course()
    lesson = shop.lesson(product.id)
    shop.publish(product.id)
    shop.write(catalog.remove_lesson, lesson.lesson_id)
    with pytest.raises(NotFound):
        page(shop, product, lesson.slug)
    assert shop.read(lambda s: catalog.find_lessons(s, [lesson.lesson_id]))[lesson.lesson_id][1].title == "One"
    assert shop.read(lambda s: catalog.product_by_slug(s, product.slug)).lesson_count == 0


def test_sections_and_lessons_move(shop: Shop) -> None:
    product = shop.course()
    a, b = shop.lesson(product.id, "A"), shop.lesson(product.id, "B")
    first = shop.section(product.id)
    second = shop.write(catalog.add_section, product.id, title="Second")
    shop.write(catalog.shift_lesson, b.lesson_id, by=-1)
    assert titles(shop, product.id) == [["B", "A"], []]
    shop.write(catalog.shift_lesson, a.lesson_id, by=1)
    assert titles(shop, product.id) == [["B"], ["A"]]
    shop.write(catalog.shift_lesson, a.lesson_id, by=1)
    assert titles(shop, product.id) == [["B"], ["A"]]
    shop.write(catalog.shift_lesson, a.lesson_id, by=-1)
    assert titles(shop, product.id) == [["B", "A"], []]
    shop.write(catalog.move_lesson, b.lesson_id, section_id=second, to=99)
    shop.write(catalog.move_section, second, to=0)
    assert titles(shop, product.id) == [["B"], ["A"]]
    with pytest.raises(Conflict):
        shop.write(catalog.remove_section, first)
    shop.write(catalog.move_lesson, a.lesson_id, section_id=second, to=0)
    shop.write(catalog.remove_section, first)
    assert titles(shop, product.id) == [["A", "B"]]
    shop.write(catalog.rename_section, second, title=" Now first ")
    assert shop.read(lambda s: catalog.contents(s, STAFF, product.id)).sections[0].title == "Now first"


def test_a_lesson_stays_in_its_product(shop: Shop) -> None:
    one, two = shop.course("One"), shop.course("Two")
    lesson = shop.lesson(one.id)
    with pytest.raises(Invalid):
        shop.write(catalog.move_lesson, lesson.lesson_id, section_id=shop.section(two.id), to=0)


def test_two_lessons_of_one_title_get_two_addresses(shop: Shop) -> None:
    product = shop.course()
    assert [shop.lesson(product.id, "第一课").slug, shop.lesson(product.id, "第一课").slug] == [
        "di-yi-ke",
        "di-yi-ke-2",
    ]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "dance"}, "kind"),
        ({"released_after_days": -1}, "released_after_days"),
        ({"minutes": -5}, "minutes"),
        ({"body_md": "x" * 2_000_001}, "body"),
        ({"kind": "quiz", "questions": ({"ask": ""},)}, "questions.0.ask"),
    ],
)
def test_bad_fields_are_named(shop: Shop, more: dict[str, object], field: str) -> None:
    product = shop.course()
    with pytest.raises(Invalid) as refused:
        shop.lesson(product.id, **more)
    assert field in refused.value.fields
    assert titles(shop, product.id) == [[]]


def test_script_in_every_field_stays_text(shop: Shop) -> None:
    evil = "<script>alert(1)</script>"
    content = catalog.ProductContent(
        title=evil, subtitle=evil, summary=evil, description_md=evil, audience=(evil,), outcomes=(evil,), author=evil
    )
    product = shop.write(catalog.create_product, catalog.CreateProduct("course", "en", content, topics=(evil,)))
    lesson = shop.lesson(product.id, evil, body_md=evil)
    shop.publish(product.id)
    shown = shop.read(lambda s: catalog.product_page(s, STRANGER, product.slug))
    assert "<script" not in shown.content.description_html
    assert shown.content.title == evil  # plain text: the template escapes it
    assert "<script" not in page(shop, product, lesson.slug).html
    assert product.slug == "script-alert-1-script"


def test_a_stranger_changes_nothing(shop: Shop) -> None:
    product = shop.course()
    lesson, section = shop.lesson(product.id), shop.section(product.id)
    shop.viewer = STRANGER
    for act in (
        lambda: shop.write(catalog.add_lesson, catalog.AddLesson(section, "x")),
        lambda: shop.write(catalog.save_lesson, catalog.SaveLesson(lesson.lesson_id, "x")),
        lambda: shop.write(catalog.remove_lesson, lesson.lesson_id),
        lambda: shop.write(catalog.publish_lesson, lesson.lesson_id),
        lambda: shop.write(catalog.restore_lesson_version, lesson.lesson_id, number=1),
        lambda: shop.write(catalog.add_section, product.id, title="x"),
        lambda: shop.write(catalog.shift_lesson, lesson.lesson_id, by=1),
        lambda: shop.write(catalog.remove_section, section),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_contents_are_asked_for_once_per_revision(shop: Shop) -> None:
    product = shop.course()
    shop.lesson(product.id)
    statements = listen(shop)
    titles(shop, product.id)
    first = len(statements)
    titles(shop, product.id)
    assert len(statements) - first == first - 1
    shop.lesson(product.id, "Two")
    assert titles(shop, product.id) == [["One", "Two"]]


def test_a_rolled_back_change_leaves_no_trace_in_the_cache(shop: Shop) -> None:
    product = shop.course()
    section = shop.section(product.id)

    def fails(session: object) -> None:
        catalog.add_lesson(session, catalog.AddLesson(section, "Ghost"), viewer=STAFF, clock=shop.platform.clock)
        assert len(catalog.contents(session, STAFF, product.id).lessons) == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        shop.platform.database.write(fails)
    shop.lesson(product.id, "Real")
    assert titles(shop, product.id) == [["Real"]]


def test_pages_take_few_queries(shop: Shop) -> None:
    product = shop.course()
    lessons = [shop.lesson(product.id, f"L{number}") for number in range(20)]
    shop.publish(product.id)
    statements = listen(shop)
    page(shop, product, lessons[3].slug)
    assert len(statements) <= 3
    statements.clear()
    shop.read(lambda s: catalog.product_page(s, STRANGER, product.slug))
    assert len(statements) <= 7
    statements.clear()
    shop.read(lambda s: catalog.cards(s, STRANGER))
    assert len(statements) <= 3
