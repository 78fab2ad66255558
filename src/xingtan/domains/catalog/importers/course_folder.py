"""A course as people keep it in a repository: numbered folders, a README per lesson, quizzes, translations.

Sections are the top folders; a lesson is a folder with a README (below ``lessons/`` or not), or a single text. Further
texts in a lesson's folder (a variant for each kind of hardware, say) are appended to the lesson, and links to them
lead to their place in it. ``assignment.md`` is a lesson of its own. ``translations/LANGUAGE`` is the same course in
another language. Quizzes in ``quiz-app/…/LANGUAGE.json`` stand before (odd) and after (even) their lesson.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xingtan.core.errors import say
from xingtan.domains.catalog.importers.links import Links
from xingtan.domains.catalog.importers.plan import (
    ImportOptions,
    ImportPlan,
    PlannedLesson,
    PlannedProduct,
    PlannedSection,
    Sources,
)
from xingtan.domains.catalog.importers.questions import sound_questions
from xingtan.domains.catalog.importers.texts import (
    closed,
    first_paragraph,
    looks_chinese,
    natural,
    number_of,
    read_text,
    split_front_matter,
    split_title,
    stem_of,
    without_number,
)
from xingtan.domains.catalog.kinds import LANGUAGES
from xingtan.domains.catalog.rules.references import folder_of
from xingtan.domains.catalog.rules.slugs import Anchors, free_slug, slug_of
from xingtan.infra.archives import Tree

_READMES = ("README.md", "readme.md", "index.md", "Readme.md")
_ASSIGNMENT = "assignment.md"
_HEADING = re.compile(r"^(?P<marks>#{1,5})(?=[ \t])", re.MULTILINE)
_HEADING_WORDS = re.compile(r"^#{1,6}[ \t]+(?P<words>.+?)[ \t]*#*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_QUIZ_LINK = re.compile(r"https?://[^\s)]*/quiz/(?P<id>\d+)(?:\?[^\s)]*)?$")
_LANGUAGE_FILES = {"zh": ("zh", "zh-cn", "zh-hans", "cn"), "en": ("en",)}
_DEPTH = 2  # translations/LANGUAGE


@dataclass(frozen=True, slots=True)
class _LessonSource:
    """Where a lesson is: its main text, further texts, and its assignment; its number through the whole course."""

    number: int
    folder: str
    main: str
    parts: tuple[str, ...]
    assignment: str | None
    name: str


class CourseFolder:
    """Reads any folder of Markdown texts."""

    format = "markdown"

    def reads(self, tree: Tree) -> bool:
        """Say whether there is any Markdown."""
        return any(name.endswith(".md") for name in tree.names())

    def plan(self, tree: Tree, options: ImportOptions) -> ImportPlan:
        """Return the course, and its editions in the languages that we speak."""
        sources = Sources(tree)
        home = _Edition(sources, "", options, language=None)
        found = [home.product()]
        for language, root in _translations(sources):
            if language != home.language:
                found.append(_Edition(sources, root, options, language=language).product())
        products = tuple(each for each in found if each is not None)
        if not products:
            sources.problem("", say("There is no lesson in this folder."))
        return ImportPlan(self.format, products, tuple(sources.problems))


def _translations(sources: Sources) -> list[tuple[str, str]]:
    """Return (language, folder) for each translation in a language of ours; others are reported."""
    codes = sorted(
        {name.split("/")[1] for name in sources.names if name.startswith("translations/") and name.count("/") > 1}
    )
    found = []
    for code in codes:
        language = next((ours for ours, names in _LANGUAGE_FILES.items() if code.lower() in names), None)
        if language is None:
            sources.problem(f"translations/{code}", say("This language is not known here."), code)
        else:
            found.append((language, f"translations/{code}"))
    return found


class _Edition:
    """Reads the course in one language."""

    def __init__(self, sources: Sources, root: str, options: ImportOptions, *, language: str | None) -> None:
        self.sources = sources
        self.root = root
        self.prefix = f"{root}/" if root else ""
        self.options = options
        self.readme = self._readme("")
        text = read_text(sources, self.readme) if self.readme else ""
        self.front, self.text = split_front_matter(sources, self.readme or "", text or "")
        self.language = language or self._language()
        self.sections = self._find_sections()
        self.quizzes = self._quizzes()
        self.slugs: dict[str, str] = {}

    def _language(self) -> str:
        given = str(self.front.get("language") or self.options.language or "")[:2]
        return given if given in LANGUAGES else ("zh" if looks_chinese(self.text) else "en")

    def product(self) -> PlannedProduct | None:
        """Return the course; None when there is no lesson."""
        if not any(lessons for _, _, lessons in self.sections):
            return None
        title, body = self._title()
        self.slugs = self._slugs()
        links = Links(self.sources, self.readme or "README.md", self._lesson_addresses())
        body = links.rewritten(body).strip("\n") if body else ""
        sections = tuple(self._section(*section) for section in self.sections)
        key = slug_of(self.options.name)
        summary = str(self.front.get("summary") or first_paragraph(body))
        said = {"title": title, "body": body, "summary": summary, "language": self.language}
        return PlannedProduct(
            source_key=f"folder:{key}/{self.language}",
            kind="course",
            language=self.language,
            title=title,
            slug=f"{key}-{self.language}" if self.root else key,
            summary=summary,
            description_md=body,
            author=str(self.front.get("author") or ""),
            files=tuple(links.files),
            work_key=f"folder:{key}",
            is_published=self.options.is_published,
            sections=sections,
            source_hash=self.sources.source_hash(said, tuple(links.files)),
        )

    def _title(self) -> tuple[str, str]:
        """Return the first heading wherever it stands (badges may come first) and the text after it."""
        given = str(self.front.get("title") or "")
        lines = self.text.splitlines(keepends=True)
        for i, line in enumerate(lines):
            if line.startswith("# "):
                title, rest = split_title("".join(lines[i:]))
                return given or title, rest
        return given or without_number(self.options.name).replace("-", " ").title(), self.text

    # Finding what there is

    def _readme(self, folder: str) -> str | None:
        inside = f"{self.prefix}{folder}/" if folder else self.prefix
        return next((inside + name for name in _READMES if inside + name in self.sources.names), None)

    def _find_sections(self) -> list[tuple[str, str, list[_LessonSource]]]:
        """Return (folder, title, lessons) in order; texts at the top come first, as a section without a title."""
        texts = [
            name[len(self.prefix) :]
            for name in self.sources.names
            if name.startswith(self.prefix)
            and name.endswith(".md")
            and not (not self.root and name.startswith("translations/"))
        ]
        tops = sorted({name.split("/")[0] for name in texts if "/" in name}, key=natural)
        if any(number_of(top) is not None for top in tops):
            tops = [top for top in tops if number_of(top) is not None]
        sections = [("", "", self._single_texts("", texts))] if not tops else []
        sections += [(top, self._section_title(top), self._lessons_below(top, texts)) for top in tops]
        return _numbered([section for section in sections if section[2]])

    def _lessons_below(self, top: str, texts: list[str]) -> list[_LessonSource]:
        inside = [name for name in texts if name.startswith(f"{top}/")]
        folders = sorted(
            {folder_of(name) for name in inside if name.rpartition("/")[2] in _READMES} - {top}, key=natural
        )
        if not folders:
            return self._single_texts(f"{top}/", inside)
        return [self._folder_lesson(folder, inside) for folder in folders]

    def _folder_lesson(self, folder: str, texts: list[str]) -> _LessonSource:
        own = sorted((name for name in texts if folder_of(name) == folder), key=natural)
        main = next(name for name in own if name.rpartition("/")[2] in _READMES)
        assignment = next((name for name in own if name.rpartition("/")[2].lower() == _ASSIGNMENT), None)
        parts = tuple(self.prefix + name for name in own if name not in {main, assignment})
        return _LessonSource(
            0, self.prefix + folder, self.prefix + main, parts, self.prefix + assignment if assignment else None,
            without_number(folder.rpartition("/")[2]),
        )  # fmt: skip

    def _single_texts(self, inside: str, texts: list[str]) -> list[_LessonSource]:
        own = [name for name in texts if name.startswith(inside) and "/" not in name[len(inside) :]]
        own = sorted((name for name in own if name.rpartition("/")[2] not in _READMES), key=natural)
        return [
            _LessonSource(0, folder_of(self.prefix + name), self.prefix + name, (), None, without_number(stem_of(name)))
            for name in own
        ]

    def _section_title(self, top: str) -> str:
        readme = self._readme(top)
        text = read_text(self.sources, readme) if readme else None
        title = split_title(split_front_matter(self.sources, readme or "", text)[1])[0] if text else ""
        return title or without_number(top).replace("-", " ").capitalize()

    # Addresses

    def _slugs(self) -> dict[str, str]:
        taken: dict[str, str] = {}
        for _, _, lessons in self.sections:
            for lesson in lessons:
                wanted = [(lesson.main, lesson.name)]
                wanted += [(lesson.assignment, f"{lesson.name}-assignment")] if lesson.assignment else []
                for quiz_id, when in ((2 * lesson.number - 1, "before"), (2 * lesson.number, "after")):
                    wanted += [(f"quiz:{quiz_id}", f"{lesson.name}-quiz-{when}")] if quiz_id in self.quizzes else []
                for path, name in wanted:
                    slug = slug_of(name, fallback="lesson")
                    taken[path] = free_slug(slug, lambda each: each in taken.values())
        return taken

    def _lesson_addresses(self) -> dict[str, str]:
        """Return the address of every text of this edition, and of its twin in the original language."""
        found: dict[str, str] = {}
        for folder, _, lessons in self.sections:
            for lesson in lessons:
                address = f"lesson:{self.slugs[lesson.main]}"
                for path in (lesson.main, *lesson.parts):
                    found[path] = address
                if lesson.assignment:
                    found[lesson.assignment] = f"lesson:{self.slugs[lesson.assignment]}"
            if folder and lessons and (readme := self._readme(folder)):
                found[readme] = f"lesson:{self.slugs[lessons[0].main]}"
        if self.prefix:
            found |= {path.removeprefix(self.prefix): address for path, address in list(found.items())}
        return found

    def _quiz_address(self, address: str) -> str | None:
        match = _QUIZ_LINK.match(address)
        slug = self.slugs.get(f"quiz:{match['id']}") if match else None
        return f"lesson:{slug}" if slug else None

    # Making lessons

    def _section(self, folder: str, title: str, lessons: list[_LessonSource]) -> PlannedSection:
        planned = [made for lesson in lessons for made in self._lessons_of(lesson)]
        return PlannedSection(source_key=folder or ".", title=title, lessons=tuple(planned))

    def _lessons_of(self, lesson: _LessonSource) -> list[PlannedLesson]:
        made = [self._quiz(2 * lesson.number - 1), self._text(lesson), self._quiz(2 * lesson.number)]
        if lesson.assignment:
            made.append(self._assignment(lesson.assignment))
        return [each for each in made if each is not None]

    def _text(self, lesson: _LessonSource) -> PlannedLesson | None:
        front, body = self._read(lesson.main)
        title, body = split_title(body)
        title = str(front.get("title") or title or lesson.name.replace("-", " ").capitalize())
        parts = [(path, _lowered(self._read(path)[1])) for path in lesson.parts]
        anchors = _anchors([(lesson.main, body), *parts])
        files: list[str] = []
        pieces = [self._linked(path, text, anchors, files) for path, text in [(lesson.main, body), *parts]]
        whole = "\n\n".join(closed(piece.strip("\n")) for piece in pieces if piece.strip())
        return PlannedLesson(
            source_key=lesson.main[len(self.prefix) :],
            slug=self.slugs[lesson.main],
            title=title[:200],
            body_md=whole,
            files=tuple(files),
            is_preview=lesson.number == 1,
            source_hash=self.sources.source_hash({"title": title, "body": whole}, tuple(files)),
        )

    def _read(self, path: str) -> tuple[dict[str, Any], str]:
        text = read_text(self.sources, path)
        return split_front_matter(self.sources, path, text) if text is not None else ({}, "")

    def _linked(self, path: str, text: str, anchors: Mapping[str, Callable[[str], str]], files: list[str]) -> str:
        original = folder_of(path.removeprefix(self.prefix))
        links = Links(
            self.sources, path, self._lesson_addresses(), own_paths=anchors, special=self._quiz_address,
            folders=(folder_of(path), original) if self.prefix else (), files=files,
        )  # fmt: skip
        return links.rewritten(text)

    def _assignment(self, path: str) -> PlannedLesson:
        front, body = self._read(path)
        title, body = split_title(body)
        title = str(front.get("title") or title or stem_of(path).capitalize())
        files: list[str] = []
        body = self._linked(path, body, {}, files).strip("\n")
        return PlannedLesson(
            source_key=path[len(self.prefix) :],
            slug=self.slugs[path],
            title=title[:200],
            kind="assignment",
            body_md=body,
            files=tuple(files),
            source_hash=self.sources.source_hash({"title": title, "body": body}, tuple(files)),
        )

    # Quizzes

    def _quizzes(self) -> dict[int, Mapping[str, Any]]:
        path = self._quiz_file()
        if path is None:
            return {}
        try:
            data = json.loads(read_text(self.sources, path) or "")
            quizzes = data[0]["quizzes"] if isinstance(data, list) else data["quizzes"]
            return {int(each["id"]): {**each, "path": path} for each in quizzes}
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            self.sources.problem(path, say("This quiz file cannot be read."))
            return {}

    def _quiz_file(self) -> str | None:
        wanted = {f"{name}.json" for name in _LANGUAGE_FILES[self.language]}
        found = (
            name
            for name in sorted(self.sources.names)
            if "quiz" in name.lower() and name.rpartition("/")[2].lower() in wanted
        )
        return next(found, None)

    def _quiz(self, quiz_id: int) -> PlannedLesson | None:
        quiz = self.quizzes.get(quiz_id)
        if quiz is None:
            return None
        raw = quiz.get("quiz")
        questions = [_question(each) for each in raw if isinstance(each, dict)] if isinstance(raw, list) else []
        kept = sound_questions(self.sources, str(quiz["path"]), questions)
        title = str(quiz.get("title") or "Quiz")[:200]
        return PlannedLesson(
            source_key=f"quiz:{quiz_id}",
            slug=self.slugs[f"quiz:{quiz_id}"],
            title=title,
            kind="quiz",
            questions=kept,
            minutes=max(1, len(kept)),
            source_hash=self.sources.source_hash({"title": title, "questions": kept}),
        )


def _is_readme(name: str) -> bool:
    return name.rpartition("/")[2] in _READMES


def _numbered(
    sections: list[tuple[str, str, list[_LessonSource]]],
) -> list[tuple[str, str, list[_LessonSource]]]:
    """Return the sections with their lessons numbered through: quizzes speak of lessons by number."""
    number, found = 0, []
    for folder, title, lessons in sections:
        counted = []
        for lesson in lessons:
            number += 1
            counted.append(
                _LessonSource(number, lesson.folder, lesson.main, lesson.parts, lesson.assignment, lesson.name)
            )
        found.append((folder, title, counted))
    return found


def _question(raw: Mapping[str, Any]) -> dict[str, Any]:
    options = raw.get("answerOptions")
    choices = [
        {"text": each.get("answerText"), "right": str(each.get("isCorrect")).lower() == "true"}
        for each in (options if isinstance(options, list) else [])
        if isinstance(each, dict)
    ]
    several = sum(choice["right"] is True for choice in choices) > 1
    return {"ask": raw.get("questionText"), "kind": "multiple" if several else "single", "choices": choices}


def _lowered(text: str) -> str:
    """Return an appended text with its headings one level down, since the lesson has a title already."""
    pieces, is_code = [], False
    for line in split_comment(text).splitlines(keepends=True):
        if _FENCE.match(line):
            is_code = not is_code
        pieces.append(line if is_code else _HEADING.sub(r"#\g<marks>", line, count=1))
    return "".join(pieces)


def split_comment(text: str) -> str:
    """Return `text` without the HTML comment that it begins with, if it does."""
    return re.sub(r"\A\s*<!--.*?-->\s*", "", text, count=1, flags=re.DOTALL)


def _headings(text: str) -> list[str]:
    found, is_code = [], False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        match = _HEADING_WORDS.match(line)
        if match and not is_code:
            found.append(re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)|[*_`]|<[^<>]*>", lambda m: m[1] or "", match["words"]))
    return found


def _anchors(texts: list[tuple[str, str]]) -> dict[str, Callable[[str], str]]:
    """Return, for each text that becomes part of one lesson, how a link to one of its headings is written.

    The second ``setup`` on a page is ``setup-1``: each text's own anchors are counted on through the whole page.
    """
    page = Anchors()
    found: dict[str, Callable[[str], str]] = {}
    for path, text in texts:
        own, known, first = Anchors(), {}, ""
        for heading in _headings(text):
            anchor = page.take(heading)
            known[own.take(heading)] = anchor
            first = first or anchor
        found[path] = _pointing(known, first)
    return found


def _pointing(known: dict[str, str], first: str) -> Callable[[str], str]:
    return lambda fragment: f"#{known.get(fragment, first) if fragment else first}"
