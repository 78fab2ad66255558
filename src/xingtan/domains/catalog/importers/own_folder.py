"""Our own format: a folder per product (docs/explanations/content-format.md)."""

from collections.abc import Mapping
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
    first_paragraph,
    looks_chinese,
    natural,
    number_of,
    read_text,
    read_yaml,
    split_front_matter,
    split_title,
    stem_of,
    strings,
    whole,
    without_number,
)
from xingtan.domains.catalog.kinds import DIFFICULTIES, LANGUAGES, LESSON_KINDS, PRODUCT_KINDS
from xingtan.domains.catalog.rules.references import folder_of
from xingtan.domains.catalog.rules.slugs import free_slug, slug_of
from xingtan.infra.archives import Tree

_PRODUCT = "product.yaml"


class OwnFolder:
    """Reads ``product.yaml``, ``description.md``, sections and lessons; many products below one folder."""

    format = "xingtan"

    def reads(self, tree: Tree) -> bool:
        """Say whether there is a ``product.yaml``."""
        return any(name.rpartition("/")[2] == _PRODUCT for name in tree.names())

    def plan(self, tree: Tree, options: ImportOptions) -> ImportPlan:
        """Return every product of the tree, in the order of their folders."""
        sources = Sources(tree)
        roots = sorted({folder_of(name) for name in sources.names if name.rpartition("/")[2] == _PRODUCT}, key=natural)
        products = tuple(
            product for product in (_Reader(sources, root, options).product() for root in roots) if product is not None
        )
        return ImportPlan(self.format, products, tuple(sources.problems), _topics(sources))


def _topics(sources: Sources) -> tuple[Mapping[str, Any], ...]:
    """Return the topics that an ``academy.yaml`` or ``topics.yaml`` at the top names."""
    for path in ("academy.yaml", "topics.yaml"):
        data = (read_yaml(sources, path) if path in sources.names else None) or {}
        if isinstance(data.get("topics"), list):
            return tuple(
                {"slug": str(each["slug"]), "names": {lang: str(each[lang]) for lang in LANGUAGES if each.get(lang)}}
                for each in data["topics"]
                if isinstance(each, dict) and each.get("slug")
            )
    return ()


class _Reader:
    """Reads one product's folder."""

    def __init__(self, sources: Sources, root: str, options: ImportOptions) -> None:
        self.sources = sources
        self.root = root
        self.prefix = f"{root}/" if root else ""
        self.options = options
        self.language = "en"
        self.slugs: dict[str, str] = {}

    def product(self) -> PlannedProduct | None:
        path = self.prefix + _PRODUCT
        data = read_yaml(self.sources, path)
        if data is None:
            return None
        kind, title = str(data.get("kind", "course")), str(data.get("title") or "").strip()
        if kind not in PRODUCT_KINDS or not title:
            self.sources.problem(path, say("A product needs a title and a kind that is known."), kind)
            return None
        sections = self._sections()
        description, files = self._description()
        self.language = self._language(data, title + description)
        cover = self._file(path, data.get("cover"), field="cover")
        said = {name: data.get(name) for name in _SAID} | {"description": description, "language": self.language}
        difficulty = str(data.get("difficulty", "beginner"))
        return PlannedProduct(
            source_key=f"xingtan:{self._key(data)}",
            kind=kind,
            language=self.language,
            title=title,
            slug=str(data.get("slug") or self._key(data)),
            subtitle=str(data.get("subtitle") or ""),
            summary=str(data.get("summary") or first_paragraph(description)),
            description_md=description,
            audience=strings(data.get("audience")),
            outcomes=strings(data.get("outcomes")),
            author=str(data.get("author") or ""),
            difficulty=difficulty if difficulty in DIFFICULTIES else "beginner",
            cover=cover,
            files=tuple(files),
            topics=strings(data.get("topics")),
            requires=tuple(f"xingtan:{key}" for key in strings(data.get("requires"))),
            contains=tuple(f"xingtan:{key}" for key in strings(data.get("contains"))),
            work_key=str(data["work"]) if data.get("work") else None,
            live=_mapping(data.get("live")),
            consulting=_mapping(data.get("consulting")),
            price=_mapping(data.get("price")),
            is_published=self._is_published(data),
            published_days_ago=whole(data.get("published_days_ago")),
            published_at=str(data["published_at"]) if data.get("published_at") else None,
            sections=sections,
            source_hash=self.sources.source_hash(said, tuple(filter(None, (cover, *files)))),
        )

    def _key(self, data: Mapping[str, Any]) -> str:
        return slug_of(str(data.get("key") or self.root.rpartition("/")[2] or self.options.name))

    def _is_published(self, data: Mapping[str, Any]) -> bool:
        if "state" in data:
            return bool(data["state"] == "published")
        return bool(self.options.is_published or "published_days_ago" in data or "published_at" in data)

    def _language(self, data: Mapping[str, Any], text: str) -> str:
        given = str(data.get("language") or self.options.language or ("zh" if looks_chinese(text) else "en"))
        if given[:2] in LANGUAGES:
            return given[:2]
        self.sources.problem(self.prefix + _PRODUCT, say("This language is not known here."), given)
        return "zh" if looks_chinese(text) else "en"

    def _description(self) -> tuple[str, list[str]]:
        path = f"{self.prefix}description.md"
        text = read_text(self.sources, path) if path in self.sources.names else None
        if text is None:
            return "", []
        links = Links(self.sources, path, self._addresses(), folders=(self.root,))
        return links.rewritten(text).strip("\n"), links.files

    def _sections(self) -> tuple[PlannedSection, ...]:
        """Return sections for numbered folders; lessons at the top are a section without a title, before them."""
        found: dict[str, list[str]] = {}
        for name in self.sources.names:
            folder, _, file = (
                name[len(self.prefix) :].rpartition("/") if name.startswith(self.prefix) else ("/", "", "")
            )
            if "/" in folder or (folder and number_of(folder) is None):
                continue
            if file.endswith(".md") and number_of(file) is not None:
                found.setdefault(folder, []).append(name)
            elif folder and file == "_section.yaml":
                found.setdefault(folder, [])
        order = sorted(found, key=lambda folder: (folder != "", natural(folder)))
        paths = [path for folder in order for path in sorted(found[folder], key=natural)]
        fronts = {path: self._front(path) for path in paths}
        self.slugs = _slugs({path: str(front.get("slug") or "") for path, (front, _) in fronts.items()})
        return tuple(
            PlannedSection(
                source_key=folder or ".",
                title=self._section_title(folder),
                lessons=tuple(self._lesson(path, *fronts[path]) for path in sorted(found[folder], key=natural)),
            )
            for folder in order
        )

    def _addresses(self) -> dict[str, str]:
        return {name: f"lesson:{slug}" for name, slug in self.slugs.items()}

    def _front(self, path: str) -> tuple[dict[str, Any], str]:
        text = read_text(self.sources, path)
        return split_front_matter(self.sources, path, text) if text is not None else ({}, "")

    def _section_title(self, folder: str) -> str:
        path = f"{self.prefix}{folder}/_section.yaml"
        if not folder:
            return ""
        data = (read_yaml(self.sources, path) if path in self.sources.names else None) or {}
        return str(data.get("title") or "" if data else without_number(folder).replace("-", " "))

    def _lesson(self, path: str, front: Mapping[str, Any], body: str) -> PlannedLesson:
        kind = str(front.get("kind") or "text")
        if kind not in LESSON_KINDS:
            self.sources.problem(path, say("This kind of lesson is not known."), kind)
            kind = "text"
        title = str(front.get("title") or "").strip()
        if not title:
            title, body = split_title(body)
        links = Links(
            self.sources,
            path,
            self._addresses(),
            folders=(folder_of(path), self.root),
        )
        body = links.rewritten(body).strip("\n")
        media = self._file(path, front.get("media"), field="media")
        questions = sound_questions(self.sources, path, front.get("questions"))
        said = {"title": title, "kind": kind, "body": body, "front": dict(front), "slug": self.slugs[path]}
        return PlannedLesson(
            source_key=path[len(self.prefix) :],
            slug=self.slugs[path],
            title=title or without_number(stem_of(path)).replace("-", " "),
            kind=kind,
            body_md=body,
            questions=questions,
            media=media,
            files=tuple(links.files),
            minutes=whole(front.get("minutes")),
            is_preview=front.get("preview") is True,
            released_after_days=whole(front.get("released_after_days"), 0) or 0,
            source_hash=self.sources.source_hash(said, tuple(filter(None, (media, *links.files)))),
        )

    def _file(self, path: str, given: object, *, field: str) -> str | None:
        if not given:
            return None
        target = self.prefix + str(given).removeprefix("./")
        if target in self.sources.names:
            return target
        self.sources.problem(path, say("This file is not there."), f"{field}: {given}")
        return None


def _slugs(wanted: Mapping[str, str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for path, slug in wanted.items():
        plain = slug_of(slug or without_number(stem_of(path)), fallback="lesson")
        taken[path] = free_slug(plain, lambda each: each in taken.values())
    return taken


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


_SAID = (
    "kind", "title", "subtitle", "summary", "author", "audience", "outcomes", "topics", "difficulty", "live",
    "consulting", "work", "requires", "contains",
)  # fmt: skip
