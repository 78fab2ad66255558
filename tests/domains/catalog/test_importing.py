"""Imports: what comes in, what is reported, that a second run changes nothing, and that no crash leaves a mess."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.domains.catalog.conftest import STAFF, Shop, png
from tests.domains.catalog.sources import OWN, Texts, blog, book, rows, take, told
from xingtan.core.errors import Invalid, NotAllowed
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.files import FileStore, StoredFile


def lesson(shop: Shop, product: str, slug: str) -> catalog.LessonPage:
    return shop.read(lambda s: catalog.lesson_page(s, SYSTEM, product_slug=product, lesson_slug=slug))


def reasons(report: catalog.ImportReport) -> list[tuple[str, str, str]]:
    return [(problem.path, problem.what, str(problem.reason)) for problem in report.problems]


# Our own format


def test_our_own_format_comes_in_whole(shop: Shop) -> None:
    report = take(shop, OWN)
    assert [(done.slug, done.added) for done in report.products] == [("both", 0), ("other", 1), ("small", 3)]
    assert reasons(report) == [("small/01-first/01-hello.md", "gone.md", "This link leads nowhere.")]
    assert report.products[2].price == {"model": "once", "amounts": {"CNY": "9.90"}}
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, "small"))
    assert [section.title for section in page.contents.sections] == ["Part one: beginnings", "Part two"]
    assert '<a href="lesson:hello">the start</a>' in page.content.description_html
    assert page.content.outcomes == ("This", "That")
    assert page.cover is not None
    assert page.cover.is_public
    assert (shop.platform.clock.now() - page.card.published_at).days == 10
    assert [card.slug for card in shop.read(lambda s: catalog.bundle_contents(s, page.bundles[0].id))] == [
        "other",
        "small",
    ]
    hello = lesson(shop, "small", "hello")
    assert 'href="lesson:more#why"' in hello.html
    assert 'href="lesson:quiz"' in hello.html
    assert '<span class="missing-link">nothing</span>' in hello.html
    assert ">media/pot.png<" in hello.html  # in code, as it was written
    assert hello.html.count('<img src="asset:') == 1
    more = lesson(shop, "small", "more")
    assert more.media is not None
    assert (more.media.media_type, more.released_after_days) == ("text/csv", 7)
    quiz = lesson(shop, "small", "quiz")
    questions = shop.read(lambda s: catalog.questions_of(s, quiz.version_id))
    assert [question["kind"] for question in questions] == ["number", "multiple", "text"]
    assert catalog.grade(questions[2], "鲁迅").is_right


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    take(shop, OWN)
    before = rows(shop)
    shop.platform.clock.advance(days=1)
    report = take(shop, OWN)
    assert rows(shop) == before
    assert all((done.is_new, done.added, done.changed, done.removed) == (False, 0, 0, 0) for done in report.products)


def test_a_changed_file_changes_that_lesson_alone(shop: Shop) -> None:
    take(shop, OWN)
    before = rows(shop)
    changed = {**OWN, "small/01-first/02-more.md": "---\ntitle: More\n---\nNew words.\n"}
    report = take(shop, changed)
    assert [(done.slug, done.changed) for done in report.products if done.changed] == [("small", 1)]
    after = rows(shop)
    assert len(after["lesson_version"]) == len(before["lesson_version"]) + 1
    assert len([row for row in after["lesson"] if row not in before["lesson"]]) == 1
    assert after["product_version"] == before["product_version"]
    assert lesson(shop, "small", "more").html == "<p>New words.</p>\n"  # published at once, as its product is


def test_a_changed_picture_changes_the_lessons_that_show_it(shop: Shop) -> None:
    take(shop, OWN)
    report = take(shop, {**OWN, "small/media/pot.png": png(500, 300, "#00f")})
    assert [(done.slug, done.changed) for done in report.products if done.changed] == [("small", 1)]


def test_what_was_edited_in_the_studio_is_kept_until_its_file_changes(shop: Shop) -> None:
    take(shop, OWN)
    shop.viewer = STAFF
    shop.write(catalog.save_lesson, catalog.SaveLesson(lesson(shop, "small", "more").id, "More", "By hand."))
    shop.write(catalog.publish_lesson, lesson(shop, "small", "more").id)
    take(shop, OWN)
    assert "By hand." in lesson(shop, "small", "more").html
    take(shop, {**OWN, "small/01-first/02-more.md": "---\ntitle: More\n---\nFrom the file.\n"})
    assert "From the file." in lesson(shop, "small", "more").html


def test_a_lesson_whose_file_is_gone_goes_and_comes_back_with_it(shop: Shop) -> None:
    take(shop, OWN)
    whole = told(shop)
    fewer = {name: data for name, data in OWN.items() if name != "small/01-first/02-more.md"}
    report = take(shop, fewer)
    assert sum(done.removed for done in report.products) == 1
    contents = shop.read(lambda s: catalog.contents(s, SYSTEM, report.products[2].product_id))
    assert [line.slug for line in contents.lessons] == ["hello", "quiz"]
    take(shop, OWN)
    assert told(shop) == whole


def test_a_moved_lesson_moves(shop: Shop) -> None:
    take(shop, OWN)
    moved = {
        ("small/01-first/03-hello.md" if name.endswith("01-hello.md") else name): data for name, data in OWN.items()
    }
    take(shop, moved)
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, "small"))
    assert [line.title for line in page.contents.lessons] == ["More", "Hello", "Quiz"]


class Killed(BaseException):
    """The process is gone."""


def kill_at_write(shop: Shop, number: int, monkeypatch: pytest.MonkeyPatch, *, is_after: bool) -> None:
    """Die at the given write, before it happens or after it stuck."""
    database, count = shop.platform.database, 0
    write = type(database).write

    def dying(self: object, work: object) -> object:
        nonlocal count
        count += 1
        if count == number and not is_after:
            raise Killed
        result = write(self, work)
        if count == number:
            raise Killed
        return result

    monkeypatch.setattr(type(database), "write", dying)


@pytest.mark.faults
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("number", range(1, 20))
def test_killed_anywhere_and_run_again_it_ends_the_same(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    is_after: bool,  # noqa: FBT001 - a case
) -> None:
    with monkeypatch.context() as patch:
        kill_at_write(shop, number, patch, is_after=is_after)
        with pytest.raises(Killed):
            take(shop, OWN)
    take(shop, OWN)
    found = told(shop)
    assert {slug: len(product["lessons"]) for slug, product in found.items()} == {"both": 0, "other": 1, "small": 3}
    assert found["small"]["product"][2] == "published"
    assert found["both"]["contains"] == ["other", "small"]
    before = rows(shop)
    take(shop, OWN)
    assert rows(shop) == before
    assert len(before["lesson"]) == 4
    assert len(before["lesson_version"]) == 4


@pytest.mark.faults
@pytest.mark.parametrize("number", range(1, 6))
def test_killed_while_it_stores_a_file_it_ends_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store, count = FileStore.put_content, 0

    def dying(self: FileStore, data: bytes, suffix: str = "") -> StoredFile:
        nonlocal count
        count += 1
        if count == number:
            raise Killed
        return store(self, data, suffix)

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "put_content", dying)
        with pytest.raises(Killed):
            take(shop, OWN)
    take(shop, OWN)
    before = rows(shop)
    assert len(before["asset"]) == 3
    take(shop, OWN)
    assert rows(shop) == before


def test_a_whole_import_is_fewer_writes_than_were_killed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_at_write(shop, 20, monkeypatch, is_after=False)
    take(shop, OWN)  # dies if a write were the twentieth
    assert rows(shop)["product"]


# What goes wrong

NO_PICTURE = "This is not a picture that we can show: use JPEG, PNG, WebP, GIF or AVIF."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("small/01-first/02-more.md", b"\xff\xfe broken", "This text is not UTF-8."),
        ("small/01-first/02-more.md", b"---\ntitle: [x\n---\nText\n", "This YAML cannot be read."),
        ("small/01-first/02-more.md", b"---\na: &a [x]\nb: *a\n---\nText\n", "This YAML cannot be read."),
        ("small/01-first/02-more.md", b"---\nkind: dance\n---\nText\n", "This kind of lesson is not known."),
        ("small/02-second/01-quiz.md", b"---\nquestions: [{ask: ''}]\n---\n", "Write the question."),
        ("small/02-second/01-quiz.md", b"---\nquestions: many\n---\n", "Questions are a list."),
        ("small/cover.png", b"<html>not a picture</html>", NO_PICTURE),
        ("small/product.yaml", b"kind: course\n", "A product needs a title and a kind that is known."),
        ("other/product.yaml", b"kind: article\ntitle: x\nlanguage: tlh\n", "This language is not known here."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_reported_and_the_rest_comes_in(shop: Shop, name: str, data: bytes, reason: str) -> None:
    report = take(shop, {**OWN, name: data})
    assert any(problem.path == name and str(problem.reason) == reason for problem in report.problems)
    assert any(done.slug == "other" for done in report.products)


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    plan = catalog.plan_import(Texts(OWN), catalog.ImportOptions("src"))
    assert plan.steps == 3 + 4
    assert all(not table for table in rows(shop).values())


def test_a_stranger_imports_nothing(shop: Shop) -> None:
    plan = catalog.plan_import(Texts(OWN), catalog.ImportOptions("src"))
    with pytest.raises(NotAllowed):
        catalog.apply_plan(shop.platform, plan, tree=Texts(OWN), viewer=STRANGER, limit_bytes=1000)


@pytest.mark.parametrize("files", [{}, {"a.txt": "x"}, {"a.json": "{}"}])
def test_nothing_to_import_is_said(files: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        catalog.plan_import(Texts(files), catalog.ImportOptions("src"))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(Invalid):
        catalog.plan_import(Texts(OWN), catalog.ImportOptions("src"), format="papyrus")


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        zipped({"../../etc/passwd": b"x"}),
        zipped({"/etc/passwd": b"x"}),
        zipped({"a/..\\..\\b.md": b"x"}),
        zipped({"bomb.md": b"\0" * 30_000_000}),
        b"not an archive",
        b"",
    ],
    ids=["path up", "absolute path", "backslashes", "bomb", "no archive", "empty"],
)
def test_an_archive_that_means_harm_is_refused(shop: Shop, data: bytes) -> None:
    key = catalog.keep_source(shop.platform.files, "x.zip", [data], limit_bytes=50_000_000)
    with pytest.raises(Invalid):
        catalog.dry_run(shop.platform.files, key, options=catalog.ImportOptions("x"))


def test_a_path_out_of_the_tree_leads_nowhere(shop: Shop) -> None:
    files = {
        "c/01-a/01-x.md": "# X\n\n![p](../../../../etc/passwd) [q](/etc/passwd) [r](file:///etc/passwd)",
        "README.md": "# C",
    }
    report = take(shop, {"README.md": "# C", **{name.removeprefix("c/"): data for name, data in files.items()}})
    assert ("01-a/01-x.md", "../../../../etc/passwd", "This link leads nowhere.") in reasons(report)
    assert "file:" not in lesson(shop, report.products[0].slug, "x").html


def test_a_source_too_large_is_refused_and_not_kept(shop: Shop) -> None:
    with pytest.raises(catalog.TooLarge):
        catalog.keep_source(shop.platform.files, "x.zip", [b"x" * 600, b"x" * 600], limit_bytes=1000)
    assert not list(shop.platform.files.keys("imports"))
    with pytest.raises(Invalid):
        catalog.keep_source(shop.platform.files, "x.exe", [b"x"], limit_bytes=1000)


def test_an_import_runs_as_a_job_with_progress_and_a_report(shop: Shop) -> None:
    data = zipped({name: text if isinstance(text, bytes) else text.encode() for name, text in OWN.items()})
    key = catalog.keep_source(shop.platform.files, "small.zip", [data], limit_bytes=10_000_000)
    command = catalog.StartImport(key, catalog.ImportOptions("small"))
    job_id = shop.write(catalog.start_import, command)
    assert shop.write(catalog.start_import, command) == job_id
    heard: list[dict[str, object]] = []
    args = {"key": key, "format": None, "person_id": None, "options": {"name": "small", "is_published": False}}
    catalog.LONG["catalog.import"](shop.platform, args, lambda **progress: heard.append(progress))
    assert [progress["done"] for progress in heard] == [0, *range(1, 8), 7]
    report = heard[-1]["report"]
    assert [product["slug"] for product in report["products"]] == ["both", "other", "small"]
    assert report["problems"][0]["msgid"] == "This link leads nowhere."
    shop.platform.clock.advance(days=400_000)
    catalog.LONG["catalog.tidy_imports"](shop.platform, {}, None)
    assert not list(shop.platform.files.keys("imports"))


# Books


@pytest.mark.parametrize("version", [2, 3])
def test_a_book_comes_in(shop: Shop, tmp_path: Path, version: int) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(book(version=version))
    with catalog.open_source(path) as tree:
        plan = catalog.plan_import(tree, catalog.ImportOptions("book", is_published=True))
        report = catalog.apply_plan(shop.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=10_000_000)
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, "a-book"))
    assert (page.card.kind, page.card.language, page.content.author) == ("ebook", "en", "Lin Xing")
    assert page.content.summary == "On tea."
    assert page.cover is not None
    assert [line.title for line in page.contents.lessons] == ["First, listed", "Deep" if version == 3 else "The Second"]
    first = lesson(shop, "a-book", "first-listed")
    assert "Words &amp; <em>more</em>" in first.html
    assert f'href="lesson:{page.contents.lessons[1].slug}#x"' in first.html
    assert '<img src="asset:' in first.html
    assert "<math" in first.html
    second = lesson(shop, "a-book", page.contents.lessons[1].slug)
    assert "a_b" in second.html
    assert "&lt;script&gt;" in second.html
    assert ("B/two.xhtml", "gone.png", "This picture is not there.") in reasons(report)
    before = rows(shop)
    with catalog.open_source(path) as tree:
        catalog.apply_plan(shop.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=10_000_000)
    assert rows(shop) == before


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("pages", "extra"),
    [
        ({"one.xhtml": "<div>" * 30_000}, {}),
        ({"one.xhtml": "<p>&f;&b;</p>" + "words " * 20}, {}),
        ({"one.xhtml": "<p>broken <b"}, {}),
        ({"one.xhtml": ""}, {}),
    ],
)
def test_a_broken_book_is_reported(pages: dict[str, str], extra: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(book(pages=pages, extra=extra))
    with catalog.open_source(path) as tree:
        plan = catalog.plan_import(tree, catalog.ImportOptions("book"))
    assert plan.format == "epub"
    assert "root:" not in repr(plan)
    assert plan.products or plan.problems


@pytest.mark.parametrize("container", ["", "<x/>", ENTITIES + "<container>&f;&b;</container>", "\x00", "<a>" * 5000])
def test_a_container_that_says_nothing_is_reported(container: str) -> None:
    plan = catalog.plan_import(Texts({"META-INF/container.xml": container}), catalog.ImportOptions("book"))
    assert not plan.products
    assert plan.problems


# Blogs


def test_a_blog_becomes_articles(shop: Shop) -> None:
    report = take(shop, {"export.json": blog(), "content/images/pot.png": png()})
    cards = {card.title: card for card in shop.read(lambda s: catalog.cards(s, SYSTEM)).cards}
    assert {title: card.state for title, card in cards.items()} == {
        "Out": "published", "Draft": "draft", "Old": "published", "Broken": "draft",
    }  # fmt: skip
    assert cards["Out"].published_at.isoformat() == "2024-05-06T07:08:09+00:00"
    assert [topic.slug for topic in cards["Out"].topics] == ["tea"]
    assert (cards["Out"].author, cards["Out"].cover_asset_id is not None) == ("Lin Xing", True)
    out = lesson(shop, "out", "out")
    assert "Hello <strong>you</strong>." in out.html
    assert '<img src="asset:' in out.html
    assert (out.is_preview, lesson(shop, "old", "old").is_preview) == (True, False)
    draft = lesson(shop, "draft", "draft").html
    assert '<h2 id="c-why">' in draft
    assert '<a href="https://example.org" rel="noopener">away</a>' in draft
    assert 'data-language="python"' in draft
    assert "<ol>" in draft
    old = lesson(shop, "old", "old").html
    assert "<strong>bold</strong>" in old
    assert "<em>Marked</em>" in old
    assert {(problem.what, str(problem.reason)) for problem in report.problems} == {
        ("", "1 pages were left out: only posts are taken."),
        ("Broken (lexical)", "The text of this post cannot be read."),
    }
    before = rows(shop)
    take(shop, {"export.json": blog(), "content/images/pot.png": png()})
    assert rows(shop) == before


def test_a_blog_becomes_a_column(shop: Shop) -> None:
    report = take(shop, {"export.json": blog()}, name="my-blog", shape="column")
    (column,) = report.products
    assert (column.title, column.added) == ("My Blog", 2)
    contents = shop.read(lambda s: catalog.contents(s, SYSTEM, column.product_id))
    assert [line.title for line in contents.lessons] == ["Old", "Out"]
    assert ("export.json", "__GHOST_URL__/content/images/pot.png", "This picture is not there.") in reasons(report)


@pytest.mark.parametrize(
    "data", [b'{"db": []}', b'{"db": 1}', b'{"db":[{"data":{"posts": 4}}]}', b'{"db": [' + b"[" * 5000]
)
def test_a_broken_export_is_reported(data: bytes) -> None:
    plan = catalog.plan_import(Texts({"ghost.json": data}), catalog.ImportOptions("blog"))
    assert (plan.products, len(plan.problems)) == ((), 1)


# Courses as people keep them

QUIZ = [
    {
        "id": 1,
        "title": "Before A",
        "quiz": [
            {
                "questionText": "?",
                "answerOptions": [
                    {"answerText": "x", "isCorrect": "true"},
                    {"answerText": "y", "isCorrect": "false"},
                ],
            },
            {"questionText": "bad", "answerOptions": []},
        ],
    }
]
COURSE_FILES: dict[str, str | bytes] = {
    "README.md": (
        "[![b](https://example.org/b.svg)](https://example.org)\n\n# My Course\n\nWhat it is about.\n\n"
        "[First](1-start/lessons/1-a/README.md)\n"
    ),
    "1-start/README.md": "# The Start\n",
    "1-start/lessons/1-a/README.md": (
        "# Lesson A\n\n![p](../../../images/p.png)\n\n[quiz](https://quiz.example/quiz/1)\n[hw](assignment.md)\n"
        "[pi](pi.md#setup)\n[pc](pc.md#setup)\n[b](../2-b/README.md#deep)\n\n## Setup\n"
    ),
    "1-start/lessons/1-a/assignment.md": "# Homework\n\nDo it.\n",
    "1-start/lessons/1-a/pc.md": "# On a PC\n\n## Setup\n",
    "1-start/lessons/1-a/pi.md": "# On a Pi\n\n## Setup\n\n```sh\n# not a heading\n```\n",
    "1-start/lessons/2-b/README.md": (
        "# Lesson B\n\n[start](../../README.md) ![gone](../../../images/gone.png)\n\n### Deep\n"
    ),
    "images/p.png": png(60, 30),
    "quiz-app/src/en.json": json.dumps([{"quizzes": QUIZ}]),
    "translations/zh/README.md": "# 我的课程\n\n这门课讲什么。\n",
    "translations/zh/1-start/README.md": "# 开始\n",
    "translations/zh/1-start/lessons/1-a/README.md": (
        "<!-- made by a machine -->\n# 第一课\n\n[b](../../../../../1-start/lessons/2-b) "
        "![p](../../../../../images/p.png)\n"
    ),
    "translations/zh/1-start/lessons/2-b/README.md": "# 第二课\n",
    "translations/fr/README.md": "# Mon cours\n",
}


def test_a_course_in_a_repository_comes_in_with_its_edition(shop: Shop) -> None:
    report = take(shop, COURSE_FILES, name="my-course", is_published=True)
    english, chinese = report.products
    assert (english.slug, chinese.slug, english.title, chinese.title) == (
        "my-course",
        "my-course-zh",
        "My Course",
        "我的课程",
    )
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, "my-course"))
    assert [card.slug for card in page.editions] == ["my-course-zh"]
    assert page.content.summary == "What it is about."
    assert [(line.kind, line.slug) for line in page.contents.lessons] == [
        ("quiz", "a-quiz-before"), ("text", "a"), ("assignment", "a-assignment"), ("text", "b"),
    ]  # fmt: skip
    assert page.contents.sections[0].title == "The Start"
    first = lesson(shop, "my-course", "a")
    assert 'href="lesson:a-quiz-before"' in first.html
    assert 'href="lesson:a-assignment"' in first.html
    assert 'href="lesson:b#deep"' in first.html
    headings = {entry.id: entry.text for entry in first.toc}
    assert headings == {
        "c-setup": "Setup",
        "c-on-a-pc": "On a PC",
        "c-setup-1": "Setup",
        "c-on-a-pi": "On a Pi",
        "c-setup-2": "Setup",
    }
    assert 'href="#c-setup-2">pi</a>' in first.html
    assert 'href="#c-setup-1">pc</a>' in first.html
    assert "# not a heading" in first.html
    assert {(problem.what, str(problem.reason)) for problem in report.problems} == {
        ("../../../images/gone.png", "This picture is not there."),
        ("questions.2.choices", "Write at least two choices; for true or false, exactly two."),
        ("fr", "This language is not known here."),
    }
    zh = lesson(shop, "my-course-zh", "a")
    assert 'href="lesson:b"' in zh.html
    assert '<img src="asset:' in zh.html
    before = rows(shop)
    take(shop, COURSE_FILES, name="my-course", is_published=True)
    assert rows(shop) == before


def test_a_code_block_left_open_does_not_swallow_the_texts_behind_it(shop: Shop) -> None:
    broken = "# On a PC\n\n## Setup\n\n```sh\nls\n    ```\n"
    take(shop, {**COURSE_FILES, "1-start/lessons/1-a/pc.md": broken}, name="my-course", is_published=True)
    headings = [entry.text for entry in lesson(shop, "my-course", "a").toc]
    assert headings == ["Setup", "On a PC", "Setup", "On a Pi", "Setup"]


def test_single_texts_become_lessons(shop: Shop) -> None:
    report = take(
        shop, {"10-b.md": "# B\n\nb", "2-a.md": "# A\n\n[b](10-b.md)", "README.md": "# Notes\n\nAbout."}, name="notes"
    )
    contents = shop.read(lambda s: catalog.contents(s, SYSTEM, report.products[0].product_id))
    assert [line.title for line in contents.lessons] == ["A", "B"]
    assert 'href="lesson:b"' in lesson(shop, "notes", "a").html
