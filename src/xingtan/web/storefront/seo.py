"""What machines read of a page: canonical and alternate addresses, Open Graph, JSON-LD (schema.org).

1. A page's canonical address names its language; alternates name the same thing in the other language, both ways.
2. JSON-LD cannot leave its script element: ``<``, ``>`` and ``&`` are written as escapes.
3. Nothing is told to machines that the page does not show to people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from xingtan.web.edge import Edge
from xingtan.web.language import HTML_LANG, LANGUAGES, Language

Node = dict[str, Any]

_LONGEST_DESCRIPTION = 160
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A public picture: its path, its size in pixels, and smaller versions as a `srcset`."""

    src: str
    width: int
    height: int
    srcset: str = ""


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same thing in another language, or for whoever has none: `hreflang` and an absolute address."""

    hreflang: str
    href: str


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in a public page's head. Addresses are absolute; `feed` is a title and an address."""

    title: str
    description: str
    canonical: str
    alternates: tuple[Alternate, ...] = ()
    kind: str = "website"
    image: Picture | None = None
    image_url: str = ""
    json_ld: Markup | None = None
    feed: tuple[str, str] | None = None
    is_indexed: bool = True


def make_head(
    here: Edge,
    title: str,
    *,
    description: str,
    path: str = "",
    paths: Mapping[Language, str] | None = None,
    kind: str = "website",
    image: Picture | None = None,
    nodes: Sequence[Node] = (),
    feed: tuple[str, str] | None = None,
    is_indexed: bool = True,
) -> Head:
    """Return the head of the page at `path`, which is this request's own unless given.

    `paths` maps a language to the path of the same thing in it, prefix excluded; without it every language has `path`.
    """
    path = path or here.path
    where: Mapping[Language, str] = paths or dict.fromkeys(LANGUAGES, path)
    own = next((language for language, one in where.items() if one == path and language == here.language), None)
    own = own or next((language for language, one in where.items() if one == path), here.language)
    return Head(
        title=title,
        description=shortened(description),
        canonical=here.absolute(f"/{own}{path}"),
        alternates=alternates(here, where) if is_indexed else (),
        kind=kind,
        image=image,
        image_url=here.absolute(image.src) if image else "",
        json_ld=to_script(nodes),
        feed=feed,
        is_indexed=is_indexed,
    )


def alternates(here: Edge, paths: Mapping[Language, str]) -> tuple[Alternate, ...]:
    """Return one alternate for each language and the one for everybody, which follows the reader's language."""
    named = [
        Alternate(HTML_LANG[language], here.absolute(f"/{language}{paths[language]}"))
        for language in LANGUAGES
        if language in paths
    ]
    fallback = next(iter(paths.values()))
    return (*named, Alternate("x-default", here.absolute(fallback)))


def shortened(text: str, *, limit: int = _LONGEST_DESCRIPTION) -> str:
    """Return `text` on one line and at most `limit` characters long, cut between words where there are any."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,.;:，。；：、") + "…"


def to_script(nodes: Sequence[Node]) -> Markup | None:
    """Return the content of a ``<script type="application/ld+json">``; None for no nodes."""
    if not nodes:
        return None
    graph = {"@context": "https://schema.org", "@graph": [without_blanks(node) for node in nodes]}
    return Markup(json.dumps(graph, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES))  # noqa: S704 - escaped one line above


def without_blanks(value: Any) -> Any:
    """Return `value` without the members of its objects that are None, empty text or empty lists."""
    if isinstance(value, dict):
        kept = {name: without_blanks(member) for name, member in value.items()}
        return {name: member for name, member in kept.items() if member not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [without_blanks(member) for member in value]
    return value


def breadcrumbs(trail: Sequence[tuple[str, str]]) -> Node:
    """Return the path to a page; `trail` holds pairs of a name and an absolute address."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": address}
            for place, (name, address) in enumerate(trail, 1)
        ],
    }
