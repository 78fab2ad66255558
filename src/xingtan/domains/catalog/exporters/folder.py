"""A product as a folder in our own format (docs/explanations/content-format.md): imported elsewhere, the same."""

import posixpath
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID

import yaml

from xingtan.domains.catalog.exporters.reading import WholeLesson, WholeProduct
from xingtan.domains.catalog.rules.references import rewrite
from xingtan.domains.catalog.rules.slugs import slug_of
from xingtan.domains.catalog.views import AssetView
from xingtan.infra.files import FileStore

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: the same product is the same archive


def write_folder(
    product: WholeProduct, out: IO[bytes], *, files: FileStore, price: Mapping[str, Any] | None = None
) -> None:
    """Write a ZIP archive of the product's folder to `out`. `price` is whatever the seller wants to find again."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, pieces in folder_files(product, files=files, price=price):
            info = zipfile.ZipInfo(f"{product.slug}/{path}", _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)


def folder_files(
    product: WholeProduct, *, files: FileStore, price: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield (path, pieces) of every file of the folder, texts first."""
    for path, text in folder_texts(product, price=price):
        yield path, (text.encode(),)
    for asset_id, path in _asset_paths(product).items():
        yield path, files.read(product.assets[asset_id].key)


def folder_texts(product: WholeProduct, *, price: Mapping[str, Any] | None = None) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every text of the folder."""
    media, lessons = _asset_paths(product), _lesson_paths(product)
    yield "product.yaml", _yaml(_product_facts(product, media, price))
    if product.content.description_md:
        yield "description.md", _placed(product.content.description_md, "description.md", media, lessons) + "\n"
    for number, section in enumerate(product.sections, start=1):
        folder = _section_folder(product, number)
        if folder:
            yield f"{folder}/_section.yaml", _yaml({"title": section.title})
        for lesson in section.lessons:
            path = lessons[lesson.slug]
            body = _placed(lesson.body_md, path, media, lessons)
            yield path, f"---\n{_yaml(_lesson_facts(lesson, media))}---\n{body}\n"


def _yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False, width=10_000))


def _product_facts(product: WholeProduct, media: Mapping[UUID, str], price: Mapping[str, Any] | None) -> dict[str, Any]:
    content = product.content
    live, consulting, cover = content.live, content.consulting, content.cover_asset_id
    facts: dict[str, Any] = {
        "key": product.key,
        "slug": product.slug,
        "kind": product.kind,
        "language": product.language,
        "state": "published" if product.state == "published" else "draft",
        "work": product.work_key,
        "title": content.title,
        "subtitle": content.subtitle,
        "summary": content.summary,
        "author": content.author,
        "audience": list(content.audience),
        "outcomes": list(content.outcomes),
        "topics": list(product.topics),
        "difficulty": content.difficulty,
        "cover": media.get(cover) if cover else None,
        "requires": list(product.requires),
        "contains": list(product.contains),
        "live": live
        and {
            "starts_at": live.starts_at.isoformat(),
            "minutes": live.minutes,
            "link": live.link,
            "replay_lesson": live.replay_lesson,
        },
        "consulting": consulting and {"minutes": consulting.minutes, "how": consulting.how},
        "price": dict(price) if price else None,
        "published_at": product.published_at,
    }
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def _lesson_facts(lesson: WholeLesson, media: Mapping[UUID, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "title": lesson.title,
        "slug": lesson.slug,
        "kind": lesson.kind,
        "preview": lesson.is_preview or None,
        "minutes": lesson.minutes,
        "released_after_days": lesson.released_after_days or None,
        "media": media.get(lesson.media_asset_id) if lesson.media_asset_id else None,
        "questions": [_question(question) for question in lesson.questions] or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _question(question: Mapping[str, Any]) -> dict[str, Any]:
    answers, kind = list(question["answers"]), question["kind"]
    facts: dict[str, Any] = {
        "ask": question["ask"],
        "kind": kind,
        "choices": [_choice(choice) for choice in question["choices"]] or None,
        "answer": (answers[0] if len(answers) == 1 else answers) if answers else None,
        "tolerance": question["tolerance"] if kind == "number" and question["tolerance"] else None,
        "explanation": question["explanation"] or None,
        "points": question["points"],
    }
    return {name: value for name, value in facts.items() if value is not None}


def _choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    facts = {"text": choice["text"], "right": choice["is_right"]}
    return facts | ({"because": choice["because"]} if choice["because"] else {})


# Where everything is


def _section_folder(product: WholeProduct, number: int) -> str:
    """Return a section's folder; a product of one untitled section has none."""
    if len(product.sections) == 1 and not product.sections[0].title:
        return ""
    return f"{number:02d}-{slug_of(product.sections[number - 1].title, fallback='section')}"


def _lesson_paths(product: WholeProduct) -> dict[str, str]:
    found = {}
    for number, section in enumerate(product.sections, start=1):
        folder = _section_folder(product, number)
        width = max(2, len(str(len(section.lessons))))
        for place, lesson in enumerate(section.lessons, start=1):
            name = f"{place:0{width}d}-{lesson.slug}.md"
            found[lesson.slug] = f"{folder}/{name}" if folder else name
    return found


def _asset_paths(product: WholeProduct) -> dict[UUID, str]:
    """Return where each file lies: the cover at the top, the others under ``media``, no name twice."""
    found: dict[UUID, str] = {}
    taken: set[str] = set()
    for asset_id, asset in sorted(product.assets.items()):
        stem = "cover" if asset_id == product.content.cover_asset_id else f"media/{_stem(asset)}"
        path = f"{stem}{_suffix(asset)}"
        if path in taken:
            path = f"{stem}-{asset.sha256[:8]}{_suffix(asset)}"
        taken.add(path)
        found[asset_id] = path
    return found


def _stem(asset: AssetView) -> str:
    return slug_of(PurePosixPath(asset.name).stem, fallback="file")


def _suffix(asset: AssetView) -> str:
    """Return the suffix under which the file is kept, which says what it is."""
    suffix = PurePosixPath(asset.key).suffix
    return ".jpg" if suffix == ".jpeg" else suffix


def _placed(markdown: str, path: str, media: Mapping[UUID, str], lessons: Mapping[str, str]) -> str:
    """Return a body with relative addresses, so that it also reads well outside Xingtan."""
    here = posixpath.dirname(path) or "."

    def change(address: str) -> str:
        if address.startswith("asset:"):
            target = media.get(_uuid(address.removeprefix("asset:")))
            return posixpath.relpath(target, here) if target else address
        if address.startswith("lesson:"):
            slug, mark, anchor = address.removeprefix("lesson:").partition("#")
            return posixpath.relpath(lessons[slug], here) + mark + anchor if slug in lessons else address
        return address

    return rewrite(markdown, change)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
