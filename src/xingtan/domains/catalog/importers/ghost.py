"""Ghost's export: posts become articles, or the entries of one column; tags become topics; drafts stay drafts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from xingtan.core.errors import Refused, say
from xingtan.domains.catalog.importers.from_html import html_to_markdown
from xingtan.domains.catalog.importers.ghost_cards import lexical_to_markdown, mobiledoc_to_markdown
from xingtan.domains.catalog.importers.links import Links
from xingtan.domains.catalog.importers.plan import (
    ImportOptions,
    ImportPlan,
    PlannedLesson,
    PlannedProduct,
    PlannedSection,
    Sources,
)
from xingtan.domains.catalog.importers.texts import first_paragraph, looks_chinese
from xingtan.domains.catalog.kinds import LANGUAGES
from xingtan.domains.catalog.rules.references import file_address
from xingtan.domains.catalog.rules.slugs import slug_of
from xingtan.infra.archives import Tree

_LONGEST_EXPORT = 200_000_000  # bytes
_HOME = "__GHOST_URL__/"
_HEAD = 400


class Ghost:
    """Reads the JSON file, and the pictures when the archive holds Ghost's ``content`` folder too."""

    format = "ghost"

    def reads(self, tree: Tree) -> bool:
        """Say whether there is a JSON file at the top that begins as Ghost's exports do."""
        return _export_file(tree) is not None

    def plan(self, tree: Tree, options: ImportOptions) -> ImportPlan:
        """Return an article for each post, or one column of all of them."""
        sources = Sources(tree)
        path = _export_file(tree) or ""
        data = _data(sources, path)
        if data is None:
            return ImportPlan(self.format, (), tuple(sources.problems))
        blog = _Blog(sources, path, data, options)
        products = (blog.column(),) if options.shape == "column" else tuple(blog.articles())
        return ImportPlan(self.format, products, tuple(sources.problems), tuple(blog.topics()))


def _export_file(tree: Tree) -> str | None:
    for name in tree.names():
        if name.endswith(".json") and name.count("/") <= 1:
            head = next(iter(tree.stream(name)), b"")[:_HEAD]
            if b'"db"' in head:
                return name
    return None


def _data(sources: Sources, path: str) -> Mapping[str, Any] | None:
    try:
        if sources.tree.size(path) > _LONGEST_EXPORT:
            sources.problem(path, say("This text is too long."))
            return None
        found = json.loads(sources.tree.read(path))["db"][0]["data"]
        if isinstance(found, dict) and isinstance(found.get("posts"), list):
            return found
    except Refused as error:
        sources.problem(path, error.sentence)
        return None
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        pass
    sources.problem(path, say("This is not an export of Ghost."))
    return None


class _Blog:
    """One export."""

    def __init__(self, sources: Sources, path: str, data: Mapping[str, Any], options: ImportOptions) -> None:
        self.sources = sources
        self.path = path
        self.options = options
        self.met: list[str] = []
        self.posts = [post for post in data["posts"] if isinstance(post, dict) and post.get("type", "post") == "post"]
        self.tags = {str(tag.get("id")): tag for tag in _rows(data, "tags")}
        self.users = {str(user.get("id")): str(user.get("name") or "") for user in _rows(data, "users")}
        self.post_tags = _pairs(data, "posts_tags", "tag_id")
        self.post_authors = _pairs(data, "posts_authors", "author_id")
        self.settings = {str(row.get("key")): row.get("value") for row in _rows(data, "settings")}
        pages = sum(isinstance(post, dict) and post.get("type") == "page" for post in data["posts"])
        if pages:
            sources.problem(path, say("%(pages)s pages were left out: only posts are taken.", pages=pages))

    def topics(self) -> Iterator[Mapping[str, Any]]:
        """Return the public tags; those that begin with # are Ghost's own."""
        for tag in self.tags.values():
            name = str(tag.get("name") or "")
            if name and not name.startswith("#"):
                language = "zh" if looks_chinese(name) else "en"
                yield {"slug": slug_of(str(tag.get("slug") or name)), "names": {language: name}}

    def articles(self) -> Iterator[PlannedProduct]:
        """Return a product for each post."""
        for post in self.posts:
            lesson = self._lesson(post)
            yield self._product(
                post,
                kind="article",
                key=f"ghost:{_id(post)}",
                sections=(PlannedSection(".", "", (lesson,)),),
                is_published=post.get("status") == "published",
            )

    def column(self) -> PlannedProduct:
        """Return one product with an entry for each post that is out, oldest first."""
        posts = sorted(self.posts, key=lambda post: str(post.get("published_at") or "9"))
        drafts = [post for post in posts if post.get("status") != "published"]
        for post in drafts:
            reason = say("A draft was left out: in a column every entry is published with it.")
            self.sources.problem(self.path, reason, str(post.get("title")))
        lessons = tuple(self._lesson(post) for post in posts if post not in drafts)
        title = str(self.settings.get("title") or self.options.name)
        about = {"title": title, "custom_excerpt": self.settings.get("description"), "feature_image": None}
        key = f"ghost:{slug_of(self.options.name)}"
        return self._product(
            about, kind="column", key=key, sections=(PlannedSection(".", "", lessons),),
            is_published=self.options.is_published,
        )  # fmt: skip

    def _product(
        self, post: Mapping[str, Any], *, kind: str, key: str, sections: tuple[PlannedSection, ...], is_published: bool
    ) -> PlannedProduct:
        title = str(post.get("title") or "Untitled")[:200]
        body = sections[0].lessons[0].body_md if sections[0].lessons else ""
        cover, tags = self._cover(post), self.post_tags.get(_id(post), [])
        topics = tuple(slug_of(str(self.tags[tag].get("slug") or "")) for tag in tags if self._is_public(tag))
        author = ", ".join(self.users.get(each, "") for each in self.post_authors.get(_id(post), []))
        facts = {
            "summary": str(post.get("custom_excerpt") or post.get("meta_description") or first_paragraph(body)),
            "title": title, "topics": topics, "author": author,
        }  # fmt: skip
        return PlannedProduct(
            source_key=key,
            kind=kind,
            language=self._language(title + body),
            title=title,
            slug=slug_of(str(post.get("slug") or title)),
            summary=str(facts["summary"])[:2000],
            author=author[:120],
            cover=cover,
            topics=topics,
            is_published=is_published,
            published_at=str(post["published_at"]) if is_published and post.get("published_at") else None,
            sections=sections,
            source_hash=self.sources.source_hash(facts, (cover,) if cover else ()),
        )

    def _is_public(self, tag: str) -> bool:
        return tag in self.tags and not str(self.tags[tag].get("name") or "#").startswith("#")

    def _language(self, text: str) -> str:
        given = str(self.options.language or "")[:2]
        return given if given in LANGUAGES else ("zh" if looks_chinese(text) else "en")

    def _lesson(self, post: Mapping[str, Any]) -> PlannedLesson:
        title = str(post.get("title") or "Untitled")[:200]
        self.met = []
        links = Links(self.sources, self.path, {}, special=self._ghost_address)
        body = links.rewritten(self._body(post, title)).strip("\n")
        return PlannedLesson(
            source_key=_id(post),
            slug=slug_of(str(post.get("slug") or title)),
            title=title,
            body_md=body,
            files=tuple(self.met),
            is_preview=post.get("visibility", "public") == "public",
            source_hash=self.sources.source_hash({"title": title, "body": body}, tuple(self.met)),
        )

    def _body(self, post: Mapping[str, Any], title: str) -> str:
        for name, convert in (
            ("html", html_to_markdown),
            ("lexical", lexical_to_markdown),
            ("mobiledoc", mobiledoc_to_markdown),
        ):
            text = post.get(name)
            if not isinstance(text, str) or not text.strip():
                continue
            try:
                return convert(text)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
                self.sources.problem(self.path, say("The text of this post cannot be read."), f"{title} ({name})")
        return str(post.get("plaintext") or "")

    def _cover(self, post: Mapping[str, Any]) -> str | None:
        address = str(post.get("feature_image") or "")
        if not address:
            return None
        found = self._in_tree(address)
        if found is None:
            self.sources.problem(self.path, say("This picture is not there."), address)
        return found

    def _ghost_address(self, address: str) -> str | None:
        """Return a file of the archive for an address on the blog, or the address without Ghost's place-holder."""
        found = self._in_tree(address)
        if found is not None:
            if found not in self.met:
                self.met.append(found)
            return file_address(found)
        if _HOME in address and "/content/" in address:
            self.sources.problem(self.path, say("This picture is not there."), address)
            return address.rpartition("/content/")[2]
        return "/" + address.partition(_HOME)[2] if address.startswith(_HOME) else None

    def _in_tree(self, address: str) -> str | None:
        if "/content/" not in address:
            return None
        tail = "content/" + address.rpartition("/content/")[2].partition("?")[0]
        return next((name for name in self.sources.names if name == tail or name.endswith("/" + tail)), None)


def _id(post: Mapping[str, Any]) -> str:
    return str(post.get("uuid") or post.get("id") or slug_of(str(post.get("title"))))


def _rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = data.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _pairs(data: Mapping[str, Any], name: str, other: str) -> dict[str, list[str]]:
    """Return what belongs to each post, in Ghost's order, by the same key as `_id`."""
    keys = {str(post.get("id")): _id(post) for post in _rows(data, "posts")}
    found: dict[str, list[str]] = {}
    for row in sorted(_rows(data, name), key=lambda row: row.get("sort_order") or 0):
        key = keys.get(str(row.get("post_id")))
        if key:
            found.setdefault(key, []).append(str(row.get(other)))
    return found
