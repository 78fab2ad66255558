"""A product as EPUB 3 (W3C EPUB 3.3): one page per lesson, a navigation document, pictures and formulas kept.

What a book cannot do is said in it: a film has a note, a quiz has its questions, and the answers on a page at the end.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import IO, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lxml import etree
from lxml import html as lxml_html

from xingtan.core.clock import Clock
from xingtan.domains.catalog.exporters.reading import WholeLesson, WholeProduct
from xingtan.domains.catalog.rules.places import assets_in, place
from xingtan.domains.catalog.views import AssetView
from xingtan.infra.files import FileStore

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CORE = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp"}
_LANGUAGES = {"zh": "zh-Hans", "en": "en"}
_WORDS = {
    "zh": {
        "contents": "目录",
        "cover": "封面",
        "answers": "参考答案",
        "video": "本课有一段视频，请到网上观看。",
        "audio": "本课有一段音频，请到网上收听。",
        "file": "本课附有一个文件，请到网上下载。",
    },
    "en": {
        "contents": "Contents",
        "cover": "Cover",
        "answers": "Answers",
        "video": "This lesson has a film: please watch it online.",
        "audio": "This lesson has a recording: please listen to it online.",
        "file": "This lesson has a file: please fetch it online.",
    },
}
_UNKNOWN_TO_BOOKS = ("loading", "decoding", "srcset", "sizes", "tabindex", "data-embed")
_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_STYLE = """body{line-height:1.7;margin:5%}h1,h2,h3{line-height:1.3}img{max-width:100%;height:auto}
figure{margin:1.5em 0;text-align:center}figcaption{font-size:.9em}pre{white-space:pre-wrap;font-size:.85em}
table{border-collapse:collapse}td,th{border-bottom:1px solid #999;padding:.3em .8em;text-align:left}
blockquote{margin-left:1em;padding-left:1em;border-left:2px solid #999}.note{font-style:italic}
.cover{text-align:center;margin:0}.cover img{max-height:95vh}
"""


@dataclass(frozen=True, slots=True)
class _Part:
    """A file of the book, as the manifest names it."""

    id: str
    path: str
    media_type: str
    data: bytes
    title: str = ""
    properties: str = ""
    is_read: bool = False  # in the spine


def write_epub(product: WholeProduct, out: IO[bytes], *, files: FileStore, clock: Clock) -> None:
    """Write the book to `out`."""
    parts = list(_parts(product, files))
    package = _package(product, parts, modified_at=clock.now())
    with zipfile.ZipFile(out, "w") as archive:
        _add(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", _CONTAINER.encode(), zipfile.ZIP_DEFLATED)
        _add(archive, "OEBPS/content.opf", package.encode(), zipfile.ZIP_DEFLATED)
        for part in parts:
            _add(archive, f"OEBPS/{part.path}", part.data, zipfile.ZIP_DEFLATED)


def _add(archive: zipfile.ZipFile, path: str, data: bytes, how: int) -> None:
    info = zipfile.ZipInfo(path, _EPOCH)
    info.compress_type, info.external_attr = how, 0o644 << 16
    archive.writestr(info, data)


def _parts(product: WholeProduct, files: FileStore) -> Iterator[_Part]:
    words = _WORDS[product.language]
    pictures = _pictures(product, files)
    yield _Part("style", "style.css", "text/css", _STYLE.encode())
    yield from pictures.values()
    cover = product.content.cover_asset_id
    if cover in pictures and cover is not None:
        image = f'<p class="cover"><img src="{pictures[cover].path}" alt="{escape(product.content.title)}"/></p>'
        page = _page(product, words["cover"], image, style="style.css")
        yield _Part("cover", "cover.xhtml", "application/xhtml+xml", page, words["cover"], is_read=True)
    chapters = list(_chapters(product, pictures, words))
    yield _Part("nav", "nav.xhtml", "application/xhtml+xml", _navigation(product, chapters, words), properties="nav")
    yield from (part for _, part in chapters)


def _pictures(product: WholeProduct, files: FileStore) -> dict[UUID, _Part]:
    named = {each for lesson in product.lessons for each in assets_in(lesson.body_html)}
    named |= {product.content.cover_asset_id} if product.content.cover_asset_id else set()
    found = {}
    for number, asset_id in enumerate(sorted(each for each in named if each in product.assets), start=1):
        asset = product.assets[asset_id]
        chosen = _for_books(asset)
        if chosen is not None:
            key, media_type = chosen
            path = f"images/{number:03d}{_CORE[media_type]}"
            properties = "cover-image" if asset_id == product.content.cover_asset_id else ""
            found[asset_id] = _Part(f"image-{number}", path, media_type, files.read_bytes(key), properties=properties)
    return found


def _for_books(asset: AssetView) -> tuple[str, str] | None:
    """Return the key and type of the copy that every reader shows: the original, or WebP instead of AVIF."""
    if asset.media_type in _CORE:
        return asset.key, asset.media_type
    if asset.is_image and asset.variants:
        return asset.variants[max(asset.variants, key=int)], "image/webp"
    return None


def _chapters(
    product: WholeProduct, pictures: Mapping[UUID, _Part], words: Mapping[str, str]
) -> Iterator[tuple[int, _Part]]:
    """Yield (section number, page) for every lesson, and the answers last."""
    pages = {lesson.slug: f"text/{number:03d}.xhtml" for number, lesson in enumerate(product.lessons, start=1)}
    answers, number = [], 0
    for place_, section in enumerate(product.sections):
        for lesson in section.lessons:
            number += 1
            body = f"<h1>{escape(lesson.title)}</h1>{_note(lesson, words)}" + _body(lesson, pictures, pages)
            body += _questions(lesson)
            page = _page(product, lesson.title, body, style="../style.css")
            yield place_, _Part(f"text-{number}", pages[lesson.slug], _TYPE, page, lesson.title, _math(page), True)
            answers += [_answers(lesson)] if lesson.questions else []
    if answers:
        body = f"<h1>{words['answers']}</h1>{''.join(answers)}"
        page = _page(product, words["answers"], body, style="../style.css")
        yield -1, _Part("answers", "text/answers.xhtml", _TYPE, page, words["answers"], _math(page), True)


_TYPE = "application/xhtml+xml"


def _math(page: bytes) -> str:
    return "mathml" if b"<math" in page else ""


def _note(lesson: WholeLesson, words: Mapping[str, str]) -> str:
    return f'<p class="note">{words[lesson.kind]}</p>' if lesson.kind in words and lesson.media_asset_id else ""


def _body(lesson: WholeLesson, pictures: Mapping[UUID, _Part], pages: Mapping[str, str]) -> str:
    def picture(asset_id: UUID, _width: int | None) -> str:
        return f"../{pictures[asset_id].path}" if asset_id in pictures else ""

    def page(slug: str) -> str:
        return posixpath.basename(pages[slug]) if slug in pages else ""

    return _xhtml(place(lesson.body_html, asset_url=picture, lesson_url=page))


def _xhtml(html: str) -> str:
    """Return an HTML fragment as well-formed XHTML, without what books do not know."""
    if not html.strip():
        return ""
    root = lxml_html.fragment_fromstring(html, create_parent="div")
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        language = element.attrib.pop("data-language", None)
        if language and len(element):
            element[0].set("class", f"language-{language}")
        for name in _UNKNOWN_TO_BOOKS:
            element.attrib.pop(name, None)
        align = element.attrib.pop("align", None)
        if align in {"left", "right", "center"}:
            element.set("style", f"text-align:{align}")
        if element.tag == "img" and not element.get("src"):
            element.tag = "span"
        if element.tag == "a" and not element.get("href"):
            element.attrib.pop("href", None)
    return str(etree.tostring(root, method="xml", encoding="unicode", with_tail=False))


def _questions(lesson: WholeLesson) -> str:
    items = []
    for question in lesson.questions:
        choices = "".join(f"<li>{_xhtml(choice['text_html'])}</li>" for choice in question["choices"])
        items.append(f"<li>{_xhtml(question['ask_html'])}{f'<ol>{choices}</ol>' if choices else ''}</li>")
    return f"<ol>{''.join(items)}</ol>" if items else ""


def _answers(lesson: WholeLesson) -> str:
    items = "".join(
        f"<li>{_right(question)}{_xhtml(question['explanation_html'])}</li>" for question in lesson.questions
    )
    return f"<h2>{escape(lesson.title)}</h2><ol>{items}</ol>"


def _right(question: Mapping[str, Any]) -> str:
    right = [_xhtml(choice["text_html"]) for choice in question["choices"] if choice["is_right"]]
    return "".join(right) or f"<p>{escape(', '.join(question['answers']))}</p>"


def _page(product: WholeProduct, title: str, body: str, *, style: str) -> bytes:
    language = _LANGUAGES[product.language]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" '
        f'xml:lang="{language}"><head><meta charset="UTF-8"/><title>{escape(title)}</title>'
        f'<link rel="stylesheet" type="text/css" href="{style}"/></head><body>{body}</body></html>\n'
    ).encode()


def _navigation(product: WholeProduct, chapters: list[tuple[int, _Part]], words: Mapping[str, str]) -> bytes:
    lines: list[str] = []
    for number, section in enumerate(product.sections):
        links = "".join(_link(part) for place_, part in chapters if place_ == number)
        if section.title and links:
            lines.append(f"<li><span>{escape(section.title)}</span><ol>{links}</ol></li>")
        else:
            lines.append(links)
    lines += [_link(part) for place_, part in chapters if place_ < 0]
    body = f'<nav epub:type="toc"><h1>{words["contents"]}</h1><ol>{"".join(lines)}</ol></nav>'
    return _page(product, words["contents"], body, style="style.css")


def _link(part: _Part) -> str:
    return f'<li><a href="{part.path}">{escape(part.title)}</a></li>'


def _package(product: WholeProduct, parts: list[_Part], *, modified_at: datetime) -> str:
    content, language = product.content, _LANGUAGES[product.language]
    modified = modified_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = "\n".join(
        f'<item id="{part.id}" href="{part.path}" media-type="{part.media_type}"'
        + (f' properties="{part.properties}"' if part.properties else "")
        + "/>"
        for part in parts
    )
    spine = "".join(f'<itemref idref="{part.id}"/>' for part in parts if part.is_read)
    more = "".join(f"<dc:subject>{escape(topic)}</dc:subject>" for topic in product.topics)
    more += f"<dc:creator>{escape(content.author)}</dc:creator>" if content.author else ""
    more += f"<dc:description>{escape(content.summary)}</dc:description>" if content.summary else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{uuid5(NAMESPACE_URL, "xingtan:" + product.key)}</dc:identifier>
<dc:title>{escape(content.title)}</dc:title>
<dc:language>{language}</dc:language>
{more}
<meta property="dcterms:modified">{modified}</meta>
</metadata>
<manifest>
{items}
</manifest>
<spine>{spine}</spine>
</package>
"""
