"""RSS 2.0, with the tags that podcast players read (iTunes, Podcasting 2.0), written as XML elements, never as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_ATOM = "http://www.w3.org/2005/Atom"
_PODCAST = "https://podcastindex.org/namespace/1.0"
for _prefix, _uri in (("itunes", _ITUNES), ("atom", _ATOM), ("podcast", _PODCAST)):
    ET.register_namespace(_prefix, _uri)

_FORBIDDEN = {code: None for code in range(32) if chr(code) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The recording of an episode: an absolute address, its bytes, its media type."""

    url: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Item:
    """An entry. `guid` never changes; `minutes` and `number` are for episodes (0: not told)."""

    title: str
    link: str
    guid: str
    description: str
    published_at: datetime | None
    enclosure: Enclosure | None = None
    minutes: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed: its own address (`self_url`), the page it belongs to (`link`), and what podcast players want to know."""

    title: str
    link: str
    self_url: str
    description: str
    language: str
    items: Sequence[Item]
    author: str = ""
    email: str = ""
    image_url: str = ""
    is_podcast: bool = False
    is_private: bool = False


def to_rss(channel: Channel) -> bytes:
    """Return the feed as UTF-8 XML."""
    root = ET.Element("rss", {"version": "2.0"})
    top = ET.SubElement(root, "channel")
    _text(top, "title", channel.title)
    _text(top, "link", channel.link)
    _text(top, "description", channel.description or channel.title)
    _text(top, "language", channel.language)
    ET.SubElement(top, f"{{{_ATOM}}}link", {"href": channel.self_url, "rel": "self", "type": "application/rss+xml"})
    newest = max((item.published_at for item in channel.items if item.published_at), default=None)
    if newest:
        _text(top, "lastBuildDate", format_datetime(newest, usegmt=True))
    if channel.image_url:
        image = ET.SubElement(top, "image")
        _text(image, "url", channel.image_url)
        _text(image, "title", channel.title)
        _text(image, "link", channel.link)
    if channel.is_podcast:
        _podcast(top, channel)
    for item in channel.items:
        _item(top, item, channel)
    return _document(root)


def _document(root: ET.Element) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}'.encode()


def _podcast(top: ET.Element, channel: Channel) -> None:
    _text(top, f"{{{_ITUNES}}}author", channel.author)
    _text(top, f"{{{_ITUNES}}}summary", channel.description)
    _text(top, f"{{{_ITUNES}}}explicit", "false")
    _text(top, f"{{{_ITUNES}}}type", "episodic")
    ET.SubElement(top, f"{{{_ITUNES}}}category", {"text": "Education"})
    owner = ET.SubElement(top, f"{{{_ITUNES}}}owner")
    _text(owner, f"{{{_ITUNES}}}name", channel.author or channel.title)
    if channel.email:
        _text(owner, f"{{{_ITUNES}}}email", channel.email)
    if channel.image_url:
        ET.SubElement(top, f"{{{_ITUNES}}}image", {"href": channel.image_url})
    if channel.is_private:
        _text(top, f"{{{_ITUNES}}}block", "Yes")  # directories must not list one person's feed
        _text(top, f"{{{_PODCAST}}}locked", "yes")


def _item(top: ET.Element, item: Item, channel: Channel) -> None:
    node = ET.SubElement(top, "item")
    _text(node, "title", item.title)
    _text(node, "link", item.link)
    guid = ET.SubElement(node, "guid", {"isPermaLink": "false"})
    guid.text = item.guid
    _text(node, "description", item.description or item.title)
    if item.published_at:
        _text(node, "pubDate", format_datetime(item.published_at, usegmt=True))
    if item.enclosure:
        ET.SubElement(
            node,
            "enclosure",
            {"url": item.enclosure.url, "length": str(item.enclosure.size), "type": item.enclosure.media_type},
        )
    if channel.is_podcast:
        _text(node, f"{{{_ITUNES}}}episodeType", "full")
        if item.number:
            _text(node, f"{{{_ITUNES}}}episode", str(item.number))
        if item.minutes:
            _text(node, f"{{{_ITUNES}}}duration", str(item.minutes * 60))


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text.translate(_FORBIDDEN)


def to_sitemap(pages: Sequence[tuple[str, datetime | None, Sequence[tuple[str, str]]]]) -> bytes:
    """Return a sitemap: for each page its address, when it changed, and its alternates as (hreflang, address)."""
    space, xhtml = "http://www.sitemaps.org/schemas/sitemap/0.9", "http://www.w3.org/1999/xhtml"
    ET.register_namespace("", space)
    ET.register_namespace("xhtml", xhtml)
    root = ET.Element(f"{{{space}}}urlset")
    for address, changed_at, alternates in pages:
        node = ET.SubElement(root, f"{{{space}}}url")
        _text(node, f"{{{space}}}loc", address)
        if changed_at:
            _text(node, f"{{{space}}}lastmod", changed_at.date().isoformat())
        for hreflang, href in alternates:
            ET.SubElement(node, f"{{{xhtml}}}link", {"rel": "alternate", "hreflang": hreflang, "href": href})
    return _document(root)
