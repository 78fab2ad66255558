"""Sources to import: small trees in memory, a book, a blog, and what an academy holds after an import."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text

from tests.domains.catalog.conftest import Shop, png
from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog

TABLES = (
    "topic", "product", "product_version", "product_topic", "product_requirement", "bundle_item", "section", "lesson",
    "lesson_version", "asset",
)  # fmt: skip


class Texts:
    """A tree in memory."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {name: data.encode() if isinstance(data, str) else data for name, data in files.items()}

    def names(self) -> list[str]:
        return sorted(self.files)

    def size(self, name: str) -> int:
        return len(self.read(name))

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise NotFound(say("There is no such file."))
        return self.files[name]

    def stream(self, name: str) -> Iterator[bytes]:
        yield self.read(name)


OWN = {
    "small/product.yaml": """
key: small
kind: course
language: en
work: small-work
title: A Small Course
subtitle: With everything in it
summary: Short.
author: Lin Xing
audience: [You]
outcomes: [This, That]
topics: [data, tea]
difficulty: intermediate
cover: cover.png
price: {model: once, amounts: {CNY: "9.90"}}
requires: [other]
published_days_ago: 10
""",
    "small/description.md": "About ![a pot](media/pot.png), from [the start](01-first/01-hello.md).\n",
    "small/cover.png": png(70, 40, "#a52"),
    "small/media/pot.png": png(50, 30, "#2a5"),
    "small/media/data.csv": "a,b\n1,2\n",
    "small/01-first/_section.yaml": 'title: "Part one: beginnings"\n',
    "small/01-first/01-hello.md": (
        "---\ntitle: Hello\npreview: true\nminutes: 3\n---\nSee ![a pot](../media/pot.png), [next](02-more.md#why), "
        "[quiz](../02-second/01-quiz.md) and [nothing](gone.md).\n\n```md\n![not](media/pot.png)\n```\n"
    ),
    "small/01-first/02-more.md": (
        "---\ntitle: More\nkind: file\nmedia: media/data.csv\nreleased_after_days: 7\n---\n"
        "## Why\n\n$x^2$[^1]\n\n[^1]: Note.\n"
    ),
    "small/02-second/_section.yaml": "title: Part two\n",
    "small/02-second/01-quiz.md": (
        "---\ntitle: Quiz\nkind: quiz\nquestions:\n"
        "  - {ask: '2+2?', kind: number, answer: 4, tolerance: 0.5, explanation: Count., points: 3}\n"
        "  - ask: Pick two\n    kind: multiple\n    choices:\n      - {text: A, right: true, because: Yes.}\n"
        "      - {text: B, right: true}\n      - {text: C, right: false, because: 'No: never.'}\n"
        "  - {ask: 'Who?', kind: text, answer: [Lu Xun, 鲁迅]}\n"
        "---\nThree questions.\n"
    ),
    "other/product.yaml": "key: other\nkind: article\nlanguage: zh\ntitle: 另一篇\n",
    "other/01-text.md": "---\ntitle: 正文\n---\n你好。\n",
    "both/product.yaml": "key: both\nkind: bundle\nlanguage: en\ntitle: Both\ncontains: [other, small]\n"
    "state: published\n",
}


def take(shop: Shop, files: Mapping[str, str | bytes], **options: Any) -> catalog.ImportReport:
    """Import a tree in memory."""
    tree = Texts(files)
    plan = catalog.plan_import(tree, catalog.ImportOptions(**{"name": "src", **options}))
    return catalog.apply_plan(shop.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=10_000_000)


def rows(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the catalogue."""
    with shop.platform.database.reading() as session:
        return {
            table: sorted(map(tuple, session.execute(text(f"SELECT * FROM {table}"))), key=repr)  # noqa: S608 - our own names
            for table in TABLES
        }


def told(shop: Shop) -> dict[str, Any]:
    """Return what an academy says, without ids and moments: to compare two of them."""

    def tell(product: catalog.ProductCard) -> dict[str, Any]:
        draft = shop.read(lambda s: catalog.product_draft(s, SYSTEM, product.slug))
        names = Names(shop)
        lessons = [
            shop.read(
                lambda s, slug=line.slug: catalog.lesson_draft(s, SYSTEM, product_slug=product.slug, lesson_slug=slug)
            )
            for line in draft.contents.lessons
        ]
        content = draft.content
        return {
            "product": (product.kind, product.language, product.state, product.work_key, product.minutes),
            "content": (
                content.title, content.subtitle, content.summary, names.placed(content.description_md),
                content.audience,
                content.outcomes, content.author, content.difficulty, names.of(content.cover_asset_id), content.live,
                content.consulting,
            ),
            "topics": sorted(topic.slug for topic in draft.topics),
            "requires": [names.product(each) for each in draft.requirement_ids],
            "contains": [names.product(each) for each in draft.contains_ids],
            "sections": [(section.title, len(section.lessons)) for section in draft.contents.sections],
            "lessons": [
                (
                    lesson.slug, lesson.kind, lesson.title, names.placed(lesson.body_md), lesson.questions,
                    names.of(lesson.media.id if lesson.media else None), lesson.minutes, lesson.is_preview,
                    lesson.released_after_days, lesson.is_published,
                )
                for lesson in lessons
            ],
        }  # fmt: skip

    page = shop.read(lambda s: catalog.cards(s, SYSTEM, sort="title", limit=100))
    return {product.slug: tell(product) for product in page.cards}


class Names:
    """Calls files by what is in them, and products by their address."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def of(self, asset_id: Any) -> str | None:
        return self.shop.read(lambda s: catalog.asset(s, asset_id)).sha256 if asset_id else None

    def product(self, product_id: Any) -> str:
        return self.shop.read(lambda s: catalog.find_products(s, [product_id]))[product_id].slug

    def placed(self, body: str) -> str:
        found = self.shop.read(lambda s: catalog.find_assets(s, catalog.assets_in(body)))
        for asset_id, asset in found.items():
            body = body.replace(str(asset_id), asset.sha256)
        return body


def book(
    *, version: int = 3, pages: Mapping[str, str] | None = None, extra: Mapping[str, bytes] | None = None
) -> bytes:
    """Return a small EPUB."""
    pages = pages or {
        "one.xhtml": '<h1>The First</h1><p>Words &amp; <em>more</em>, <a href="two.xhtml#x">on</a>.</p>'
        '<img src="p/a%20b.png" alt="pot"/>'
        '<math xmlns="http://www.w3.org/1998/Math/MathML" alttext="x^2"><mi>x</mi></math>'
        + "<p>More words here.</p>"
        * 3,
        "two.xhtml": "<h1>The Second</h1><p id='x'>The end, <code>a_b</code> &lt;script&gt;.</p>"
        "<img src='gone.png' alt='gone'/>" + "<p>And some more.</p>" * 3,
    }
    manifest = "".join(f'<item id="{n}" href="{n}" media-type="application/xhtml+xml"/>' for n in pages)
    spine = "".join(f'<itemref idref="{n}"/>' for n in pages)
    contents = (
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        if version == 3
        else '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="B/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        archive.writestr(
            "B/book.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}.0"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Book</dc:title><dc:creator>Lin Xing</dc:creator>'
            "<dc:language>en-GB</dc:language><dc:subject>Tea</dc:subject><dc:identifier>urn:x:1</dc:identifier>"
            "<dc:description>&lt;p&gt;On tea.&lt;/p&gt;</dc:description></metadata><manifest>"
            f'{manifest}{contents}<item id="c" href="p/cover.png" media-type="image/png" properties="cover-image"/>'
            f"</manifest><spine{' toc=' + chr(34) + 'ncx' + chr(34) if version == 2 else ''}>{spine}</spine></package>",
        )
        archive.writestr(
            "B/nav.xhtml",
            '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="one.xhtml">First, listed</a></li>'
            '<li><a href="two.xhtml#x">Deep</a></li></ol></nav></body></html>',
        )
        archive.writestr(
            "B/toc.ncx",
            '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint id="a"><navLabel><text>First, listed'
            '</text></navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>',
        )
        for name, body in pages.items():
            archive.writestr(
                f"B/{name}",
                f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>{body}</body></html>',
            )
        archive.writestr("B/p/a b.png", png(300, 200))
        archive.writestr("B/p/cover.png", png(300, 400))
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def blog(**more: Any) -> bytes:
    """Return a small export of Ghost."""
    lexical = {
        "root": {
            "children": [
                {"type": "heading", "tag": "h2", "children": [{"type": "text", "text": "Why"}]},
                {"type": "paragraph", "children": [{"type": "text", "text": "Bold ", "format": 1}, {
                    "type": "link", "url": "https://example.org", "children": [{"type": "text", "text": "away"}]}]},
                {"type": "list", "listType": "number", "children": [
                    {"type": "listitem", "children": [{"type": "text", "text": "one"}]},
                    {"type": "listitem", "children": [{"type": "text", "text": "two"}]}]},
                {"type": "codeblock", "language": "python", "code": "x = 1"},
                {"type": "image", "src": "__GHOST_URL__/content/images/pot.png", "alt": "pot"},
            ]
        }
    }  # fmt: skip
    mobiledoc = {
        "version": "0.3.1", "markups": [["strong"], ["a", ["href", "https://example.org"]]], "atoms": [],
        "cards": [["markdown", {"markdown": "*Marked*"}]],
        "sections": [[1, "h2", [[0, [], 0, "Head"]]], [1, "p", [[0, [0], 1, "bold"], [0, [1], 1, "away"]]], [10, 0],
                     [3, "ul", [[[0, [], 0, "one"]]]]],
    }  # fmt: skip
    posts = [
        {"id": "1", "uuid": "u1", "title": "Out", "slug": "out", "status": "published", "visibility": "public",
         "html": '<p>Hello <b>you</b>.</p><img src="__GHOST_URL__/content/images/pot.png" alt="pot">',
         "published_at": "2024-05-06T07:08:09.000Z", "feature_image": "__GHOST_URL__/content/images/pot.png"},
        {"id": "2", "uuid": "u2", "title": "Draft", "slug": "draft", "status": "draft", "lexical": json.dumps(lexical)},
        {"id": "3", "uuid": "u3", "title": "Old", "slug": "old", "status": "published", "visibility": "paid",
         "mobiledoc": json.dumps(mobiledoc), "published_at": "2020-01-02T03:04:05.000Z"},
        {"id": "4", "uuid": "u4", "title": "Broken", "slug": "broken", "status": "draft", "lexical": "{not json"},
        {"id": "5", "title": "A page", "type": "page", "status": "published"},
    ]  # fmt: skip
    data = {
        "posts": posts,
        "tags": [{"id": "t1", "name": "Tea", "slug": "tea"}, {"id": "t2", "name": "#hidden", "slug": "h"}],
        "posts_tags": [{"post_id": "1", "tag_id": "t1"}, {"post_id": "1", "tag_id": "t2"}],
        "users": [{"id": "w", "name": "Lin Xing"}], "posts_authors": [{"post_id": "1", "author_id": "w"}],
        "settings": [{"key": "title", "value": "My Blog"}], **more,
    }  # fmt: skip
    return json.dumps({"db": [{"meta": {"version": "5.0"}, "data": data}]}).encode()
