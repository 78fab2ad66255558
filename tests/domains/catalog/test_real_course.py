"""A real course of another's making: twenty-four lessons, their quizzes, a translation by machine, and broken links.

It is read once for the whole file; a test that writes works on a copy of the academy.
"""

import hashlib
import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html as markup
from sqlalchemy import func, select

from tests.browser.course import COURSE
from tests.domains.catalog.conftest import Shop
from tests.domains.catalog.sources import rows, told
from tests.domains.catalog.test_exporting import XHTML, check_page
from tests.faults.killing import open_home
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.catalog.models import Lesson
from xingtan.infra.archives import Tree
from xingtan.infra.jobs import Job
from xingtan.infra.outbox import OutboxEvent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not COURSE.exists(), reason="the course to import is not beside this checkout"),
]
SLUGS = {"en": "iot-for-beginners", "zh": "iot-for-beginners-zh"}
QUIZ_FILES = {"en": "en.json", "zh": "zh-cn.json"}
_CHINESE = re.compile("[\u4e00-\u9fff]")
SECTIONS, LESSONS, LIMIT_BYTES = 6, 24, 10**8


class Imported:
    """The course in an academy, the plan that it was made from, and the report."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.shop = Shop(open_home(home, ManualClock(OPENING_DAY)))

    def take(self, tree: Tree | None = None) -> catalog.ImportReport:
        """Import the course, or a changed one, as the command line does."""
        tree = tree or catalog.open_source(COURSE)
        self.plan = catalog.plan_import(tree, catalog.ImportOptions(COURSE.name, is_published=True))
        self.report = catalog.apply_plan(
            self.shop.platform, self.plan, tree=tree, viewer=SYSTEM, limit_bytes=LIMIT_BYTES
        )
        return self.report

    def lines(self, language: str) -> list[catalog.LessonLine]:
        page = self.shop.read(lambda s: catalog.product_page(s, STRANGER, SLUGS[language]))
        return list(page.contents.lessons)

    def lesson(self, language: str, slug: str) -> catalog.LessonPage:
        return self.shop.read(lambda s: catalog.lesson_page(s, SYSTEM, product_slug=SLUGS[language], lesson_slug=slug))

    def draft(self, language: str, slug: str) -> catalog.LessonDraft:
        return self.shop.read(lambda s: catalog.lesson_draft(s, SYSTEM, product_slug=SLUGS[language], lesson_slug=slug))

    def everything(self) -> dict[str, Any]:
        """Return every row of the catalogue, every file, and how much news and work there is."""
        platform = self.shop.platform
        counted = {
            model.__tablename__: self.shop.read(
                lambda s, model=model: s.scalar(select(func.count()).select_from(model))
            )
            for model in (OutboxEvent, Job)
        }
        return {**rows(self.shop), **counted, "files": sorted(platform.files.keys())}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """Both editions, imported once; for tests that only look."""
    imported = Imported(tmp_path_factory.mktemp("course") / "home")
    imported.take()
    yield imported
    imported.shop.platform.close()


@pytest.fixture
def copy(course: Imported, tmp_path: Path) -> Iterator[Imported]:
    """The same academy once more; for tests that write."""
    with course.shop.platform.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(course.home, tmp_path / "home")
    imported = Imported(tmp_path / "home")
    yield imported
    imported.shop.platform.close()


@pytest.mark.parametrize(("language", "other"), [("en", "zh"), ("zh", "en")])
def test_both_editions_are_whole_and_know_each_other(course: Imported, language: str, other: str) -> None:
    page = course.shop.read(lambda s: catalog.product_page(s, STRANGER, SLUGS[language]))
    assert (page.card.language, page.card.kind, page.card.state) == (language, "course", "published")
    assert [(card.slug, card.language) for card in page.editions] == [(SLUGS[other], other)]
    assert len(page.contents.sections) == SECTIONS
    kinds = Counter(line.kind for line in page.contents.lessons)
    assert kinds == {"text": LESSONS, "assignment": LESSONS, "quiz": 2 * LESSONS}
    assert [line.is_preview for line in page.contents.lessons].count(True) == 1


def test_the_editions_have_the_same_shape(course: Imported) -> None:
    english, chinese = (course.lines(language) for language in ("en", "zh"))
    assert [(line.slug, line.kind) for line in english] == [(line.slug, line.kind) for line in chinese]
    in_chinese = sum(bool(_CHINESE.search(line.title)) for line in chinese if line.kind == "text")
    assert in_chinese == LESSONS - 2  # the translation lost two titles
    assert not any(_CHINESE.search(line.title) for line in english)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_lesson_has_its_quiz_before_and_after_it(course: Imported, language: str) -> None:
    source = COURSE / "quiz-app" / "src" / "assets" / "translations" / QUIZ_FILES[language]
    quizzes = {int(quiz["id"]): quiz for quiz in json.loads(source.read_text())[0]["quizzes"]}
    lines = course.lines(language)
    texts = [place for place, line in enumerate(lines) if line.kind == "text"]
    for number, place in enumerate(texts, start=1):
        before, after, assignment = lines[place - 1], lines[place + 1], lines[place + 2]
        assert (before.kind, after.kind, assignment.kind) == ("quiz", "quiz", "assignment")
        for quiz_id, line in ((2 * number - 1, before), (2 * number, after)):
            asked = course.draft(language, line.slug).questions
            assert line.title == quizzes[quiz_id]["title"]
            assert [each["ask"] for each in asked] == [
                " ".join(each["questionText"].split()) for each in quizzes[quiz_id]["quiz"]
            ]
            right = [[choice["text"] for choice in each["choices"] if choice["is_right"]] for each in asked]
            assert right == [
                [o["answerText"] for o in each["answerOptions"] if o["isCorrect"] == "true"]
                for each in quizzes[quiz_id]["quiz"]
            ]


@pytest.mark.parametrize(("language", "at_least"), [("en", 250), ("zh", 1)])
def test_every_picture_that_is_there_is_shown(course: Imported, language: str, at_least: int) -> None:
    """Byte for byte; four are no pictures that we can show, and of the translation's own most were never made."""
    tree = catalog.open_source(COURSE)
    refused = {problem.path for problem in course.report.problems if not problem.what}
    planned = next(each for each in course.plan.products if each.language == language)
    for lesson in planned.lessons:
        wanted = {hashlib.sha256(tree.read(path)).hexdigest() for path in lesson.files if path not in refused}
        ids = catalog.assets_in(course.draft(language, lesson.slug).body_md)
        found = course.shop.read(lambda s, ids=ids: catalog.find_assets(s, ids)).values()
        assert {asset.sha256 for asset in found} == wanted, lesson.source_key
        assert all(course.shop.platform.files.has(asset.key) for asset in found)
    pages = "".join(course.lesson(language, line.slug).html for line in course.lines(language))
    assert pages.count("<img ") >= at_least
    assert len(refused) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_broken_address_is_reported_and_shown_as_a_quiet_placeholder(course: Imported, language: str) -> None:
    """Counted on both sides: in the report, and in the pages, where a picture elsewhere is no broken one."""
    edition = "translations/zh/" if language == "zh" else ""
    reported = {
        (problem.path, problem.what)
        for problem in course.report.problems
        if problem.what and problem.path.startswith(edition) and (edition or not problem.path.startswith("trans"))
    }
    refused = {problem.path for problem in course.report.problems if not problem.what}
    seen: set[tuple[str, str]] = set()
    planned = next(each for each in course.plan.products if each.language == language)
    for lesson in planned.lessons:
        draft = course.draft(language, lesson.slug)
        own = [(path, what) for path, what in reported if _is_part(edition + lesson.source_key, path, lesson.kind)]
        broken = sum(_times(draft.body_md, what) for what in {what for _, what in own})
        broken += sum(_times(draft.body_md, path) for path in refused)
        placeholders = markup.fromstring(f"<div>{course.lesson(language, lesson.slug).html}</div>").xpath(_PLACEHOLDERS)
        assert len(placeholders) == broken, lesson.source_key
        assert all(each.get("href") is None and each.get("src") is None for each in placeholders)
        seen |= set(own)
    assert {path for path, _ in reported - seen} <= {f"{edition}README.md"}  # the rest is of the description
    assert len(seen) > 90


_PLACEHOLDERS = '//span[@class="missing-link" or @class="missing-image"]'


def _is_part(source_key: str, path: str, kind: str) -> bool:
    """Say whether `path` is the lesson's text, or one of those that were put behind it."""
    if kind != "text":
        return path == source_key
    folder = source_key.rpartition("/")[0]
    return path.rpartition("/")[0] == folder and not path.endswith("assignment.md")


def _times(body: str, address: str) -> int:
    bare = re.escape(address)
    return len(re.findall(rf'\]\(\s*<?{bare}>?[\s)]|(?:src|href)="{bare}"', body))


def test_importing_twice_changes_nothing(copy: Imported) -> None:
    before = copy.everything()
    copy.shop.platform.clock.advance(days=1)  # type: ignore[attr-defined]
    report = copy.take()
    assert copy.everything() == before
    assert [(done.is_new, done.added, done.changed, done.removed, done.unchanged) for done in report.products] == [
        (False, 0, 0, 0, 4 * LESSONS)
    ] * 2


class Changed:
    """The course with some files changed."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._tree, self._files = catalog.open_source(COURSE), files

    def names(self) -> list[str]:
        return list(self._tree.names())

    def size(self, name: str) -> int:
        return len(self._files[name]) if name in self._files else self._tree.size(name)

    def read(self, name: str) -> bytes:
        return self._files[name] if name in self._files else self._tree.read(name)

    def stream(self, name: str) -> Iterator[bytes]:
        return iter([self.read(name)])


def test_a_changed_file_changes_that_lesson_alone(copy: Imported) -> None:
    path = "2-farm/lessons/1-predict-plant-growth/README.md"
    before = copy.everything()
    kept = copy.shop.read(lambda s: {row.id: row.draft_version_id for row in s.scalars(select(Lesson))})
    report = copy.take(Changed({path: (COURSE / path).read_bytes() + b"\n\nOne more sentence about apricots.\n"}))
    assert [(done.slug, done.changed, done.unchanged) for done in report.products] == [
        (SLUGS["en"], 1, 4 * LESSONS - 1), (SLUGS["zh"], 0, 4 * LESSONS),
    ]  # fmt: skip
    now = copy.shop.read(lambda s: {row.id: row.draft_version_id for row in s.scalars(select(Lesson))})
    (changed,) = [lesson_id for lesson_id, version in now.items() if kept[lesson_id] != version]
    assert copy.shop.read(lambda s: s.get(Lesson, changed).source_key) == path  # type: ignore[union-attr]
    assert "about apricots" in copy.lesson("en", "predict-plant-growth").html
    after = copy.everything()
    assert len(after["lesson_version"]) == len(before["lesson_version"]) + 1
    for table in ("product_version", "section", "asset", "topic", "files"):
        assert after[table] == before[table]


def test_a_folder_taken_elsewhere_is_the_same_course(course: Imported, tmp_path: Path) -> None:
    elsewhere = Shop(open_home(tmp_path / "elsewhere", ManualClock(OPENING_DAY)))
    path = tmp_path / "course.zip"
    with path.open("wb") as out:
        catalog.export_folder(course.shop.platform, SLUGS["en"], out, viewer=SYSTEM)
    with catalog.open_source(path) as tree:
        plan = catalog.plan_import(tree, catalog.ImportOptions("carried"))
        report = catalog.apply_plan(elsewhere.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=LIMIT_BYTES)
    assert [(done.slug, done.added) for done in report.products] == [(SLUGS["en"], 4 * LESSONS)]
    there, here = told(elsewhere), told(course.shop)
    assert set(there) == {SLUGS["en"]}
    for part, said in here[SLUGS["en"]].items():
        assert there[SLUGS["en"]][part] == said, part
    for line in course.lines("en"):
        again = elsewhere.read(
            lambda s, slug=line.slug: catalog.lesson_page(s, SYSTEM, product_slug=SLUGS["en"], lesson_slug=slug)
        )
        assert _words(again.html) == _words(course.lesson("en", line.slug).html), line.slug
    elsewhere.platform.close()


def _words(html: str) -> list[str]:
    return markup.fromstring(f"<div>{html}</div>").text_content().split()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_book_has_every_chapter_and_opens(course: Imported, language: str, tmp_path: Path) -> None:
    path = tmp_path / "course.epub"
    with path.open("wb") as out:
        catalog.export_epub(course.shop.platform, SLUGS[language], out, viewer=SYSTEM)
    lines = course.lines(language)
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        pages = sorted(name for name in book.namelist() if name.startswith("OEBPS/text/"))
        assert len(pages) >= len(lines)
        for name in pages:
            check_page(book, name)
        navigation = markup.etree.fromstring(book.read("OEBPS/nav.xhtml"))
        titles = ["".join(link.itertext()) for link in navigation.iter(f"{XHTML}a")]
    assert titles[: len(lines)] == [line.title for line in lines]
    with catalog.open_source(path) as tree:
        (again,) = catalog.plan_import(tree, catalog.ImportOptions("book")).products
    assert [lesson.title for lesson in again.lessons][: len(lines)] == [line.title for line in lines]
