"""EPUB 2 and 3: the spine becomes lessons, the contents give their titles, the metadata the rest."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from xingtan.core.errors import Refused, say
from xingtan.domains.catalog.importers.from_html import html_to_markdown
from xingtan.domains.catalog.importers.links import Links
from xingtan.domains.catalog.importers.plan import (
    ImportOptions,
    ImportPlan,
    PlannedLesson,
    PlannedProduct,
    PlannedSection,
    Sources,
)
from xingtan.domains.catalog.importers.texts import looks_chinese, split_title, stem_of
from xingtan.domains.catalog.kinds import LANGUAGES
from xingtan.domains.catalog.rules.references import folder_of, joined
from xingtan.domains.catalog.rules.slugs import free_slug, slug_of
from xingtan.infra.archives import Tree

_CONTAINER = "META-INF/container.xml"
_LONGEST_PAGE = 8_000_000  # bytes
_XML = {"opf": "http://www.idpf.org/2007/opf", "dc": "http://purl.org/dc/elements/1.1/"}
_XHTML = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_ONLY_PICTURE = re.compile(r"!\[[^\[\]]*\]\([^()\s]*\)")
_LITTLE = 40  # characters: less than a title page


@dataclass(slots=True)
class _Book:
    """What the package file says: metadata, the manifest by id, the spine as paths, the titles by path."""

    folder: str
    metadata: Mapping[str, list[str]]
    items: Mapping[str, Mapping[str, str]]
    spine: list[str]
    titles: dict[str, str] = field(default_factory=dict)
    navigation: str | None = None
    cover: str | None = None


class Epub:
    """Reads one book."""

    format = "epub"

    def reads(self, tree: Tree) -> bool:
        """Say whether this is an EPUB's container."""
        return _CONTAINER in tree.names()

    def plan(self, tree: Tree, options: ImportOptions) -> ImportPlan:
        """Return the book as a product of one section."""
        sources = Sources(tree)
        book = _open(sources)
        product = _product(sources, book, options) if book else None
        return ImportPlan(self.format, (product,) if product else (), tuple(sources.problems))


def _parse(sources: Sources, path: str) -> etree._Element | None:
    """Return an XML file's root: no entities are expanded, nothing is fetched, no DTD is read."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        if sources.tree.size(path) > _LONGEST_PAGE:
            sources.problem(path, say("This text is too long."))
            return None
        root = etree.fromstring(sources.tree.read(path), parser)
    except Refused as error:
        sources.problem(path, error.sentence)
        return None
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        sources.problem(path, say("This XML cannot be read."))
    return root


def _open(sources: Sources) -> _Book | None:
    container = _parse(sources, _CONTAINER)
    found = container.xpath("//*[local-name()='rootfile']/@full-path") if container is not None else []
    path = str(found[0]) if isinstance(found, list) and found else ""
    package = _parse(sources, path) if path in sources.names else None
    if package is None:
        sources.problem(_CONTAINER, say("This book does not say where its parts are."))
        return None
    folder = folder_of(path)
    items = {
        str(item.get("id")): {
            "path": joined(folder, unquote(str(item.get("href") or ""))) or "",
            "type": str(item.get("media-type") or ""),
            "properties": str(item.get("properties") or ""),
        }
        for item in package.iterfind(".//opf:manifest/opf:item", _XML)
    }
    references = [str(ref.get("idref")) for ref in package.iterfind(".//opf:spine/opf:itemref", _XML)]
    spine = [items[each]["path"] for each in references if each in items and items[each]["type"] in _XHTML]
    book = _Book(folder, _metadata(package), items, spine)
    book.navigation = next((item["path"] for item in items.values() if "nav" in item["properties"].split()), None)
    book.cover = _cover(package, items)
    book.titles = _titles(sources, package, book)
    return book


def _metadata(package: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in package.iterfind(".//opf:metadata/*", _XML):
        if element.text and element.text.strip():
            found.setdefault(etree.QName(element).localname, []).append(" ".join(element.text.split()))
    return found


def _cover(package: etree._Element, items: Mapping[str, Mapping[str, str]]) -> str | None:
    named = next((item["path"] for item in items.values() if "cover-image" in item["properties"].split()), None)
    if named:
        return named
    meta = package.find(".//opf:metadata/opf:meta[@name='cover']", _XML)
    item = items.get(str(meta.get("content"))) if meta is not None else None
    return item["path"] if item and item["type"].startswith("image/") else None


def _titles(sources: Sources, package: etree._Element, book: _Book) -> dict[str, str]:
    """Return titles by path, from the navigation document (EPUB 3) or the NCX (EPUB 2)."""
    if book.navigation is not None and book.navigation in sources.names:
        page = _parse(sources, book.navigation)
        return dict(_from_navigation(page, folder_of(book.navigation))) if page is not None else {}
    spine = package.find(".//opf:spine", _XML)
    ncx = book.items.get(str(spine.get("toc"))) if spine is not None else None
    path = (
        ncx["path"] if ncx else next((i["path"] for i in book.items.values() if i["type"].endswith("dtbncx+xml")), "")
    )
    page = _parse(sources, path) if path in sources.names else None
    return dict(_from_ncx(page, folder_of(path))) if page is not None else {}


def _from_navigation(page: etree._Element, folder: str) -> Iterator[tuple[str, str]]:
    for link in reversed(list(page.iter("{*}a"))):
        path = joined(folder, unquote(str(link.get("href") or "").partition("#")[0]))
        words = " ".join("".join(map(str, link.itertext())).split())
        if path and words:
            yield path, words


def _from_ncx(page: etree._Element, folder: str) -> Iterator[tuple[str, str]]:
    for point in reversed(list(page.iter("{*}navPoint"))):
        content, label = point.find("{*}content"), point.find("{*}navLabel/{*}text")
        if content is not None and label is not None and label.text:
            path = joined(folder, unquote(str(content.get("src") or "").partition("#")[0]))
            if path:
                yield path, " ".join(label.text.split())


def _product(sources: Sources, book: _Book, options: ImportOptions) -> PlannedProduct | None:
    def said(name: str) -> str:
        return next(iter(book.metadata.get(name, ())), "")

    pages = [path for path in dict.fromkeys(book.spine) if path != book.navigation]
    texts = {path: text for path in pages if (text := _page(sources, path)) is not None}
    kept = {path: text for path, text in texts.items() if path in book.titles or _says_something(text)}
    title = said("title") or options.name
    sample = title + "".join(text[:2000] for text in kept.values())
    language = (said("language") or options.language or "")[:2].lower()
    language = language if language in LANGUAGES else ("zh" if looks_chinese(sample) else "en")
    if not kept:
        sources.problem(_CONTAINER, say("There is no text in this book."))
        return None
    cover = book.cover if book.cover in sources.names else None
    key = slug_of(said("identifier") or title)
    facts = {name: book.metadata.get(name) for name in ("title", "description", "creator", "language", "subject")}
    return PlannedProduct(
        source_key=f"epub:{key}",
        kind="ebook",
        language=language,
        title=title[:200],
        summary=_plain(said("description"))[:2000],
        author=", ".join(book.metadata.get("creator", ()))[:120],
        cover=cover,
        topics=tuple(subject[:80] for subject in book.metadata.get("subject", ())[:5]),
        is_published=options.is_published,
        sections=(PlannedSection(".", "", tuple(_lessons(sources, book, kept))),),
        source_hash=sources.source_hash(facts, (cover,) if cover else ()),
    )


def _says_something(text: str) -> bool:
    """Say whether a page is more than a cover picture or an empty leaf."""
    bare = text.strip()
    return len(bare) > _LITTLE and _ONLY_PICTURE.fullmatch(bare) is None


def _plain(html: str) -> str:
    return " ".join(html_to_markdown(html).split()) if "<" in html else html


def _page(sources: Sources, path: str) -> str | None:
    if path not in sources.names:
        sources.problem(path, say("This file is not there."))
        return None
    try:
        if sources.tree.size(path) > _LONGEST_PAGE:
            sources.problem(path, say("This text is too long."))
            return None
        return html_to_markdown(sources.tree.read(path).decode("utf-8", errors="replace"))
    except Refused as error:
        sources.problem(path, error.sentence)
    except ValueError:
        sources.problem(path, say("This page nests too deeply to be read."))
    return None


def _lessons(sources: Sources, book: _Book, texts: Mapping[str, str]) -> Iterator[PlannedLesson]:
    slugs: dict[str, str] = {}
    titles: dict[str, str] = {}
    for number, (path, text) in enumerate(texts.items(), start=1):
        heading, _ = split_title(text)
        titles[path] = (book.titles.get(path) or heading or f"{number}")[:200]
        slugs[path] = free_slug(slug_of(titles[path], fallback=slug_of(stem_of(path))), lambda s: s in slugs.values())
    addresses = {path: f"lesson:{slug}" for path, slug in slugs.items()}
    for number, (path, text) in enumerate(texts.items()):
        heading, rest = split_title(text)
        body = rest if heading == titles[path] else text
        links = Links(sources, path, addresses, own_paths={path: lambda fragment: f"#{fragment}"})
        body = links.rewritten(body).strip("\n")
        yield PlannedLesson(
            source_key=posixpath.relpath(path, book.folder or "."),
            slug=slugs[path],
            title=titles[path],
            body_md=body,
            files=tuple(links.files),
            is_preview=number == 0,
            source_hash=sources.source_hash({"title": titles[path], "body": body}, tuple(links.files)),
        )
