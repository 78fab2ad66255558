"""The last gate of every piece of HTML: an allow-list. What it does not name does not leave.

1. No script, style, frame, form, event handler, or address other than http, https, mailto, tel, `asset:`, `lesson:`,
   `#…` and `/…` survives, whatever went in.
2. Every id begins with `c-`, and every `#…` link points at such an id, so that content cannot take a page's own ids.
3. What survives can be written as XML.
4. A class survives only when it is one that the renderer uses or one of Pygments'.
"""

import re
from collections.abc import Callable
from html import escape

import nh3
from pygments.token import STANDARD_TYPES

ID_PREFIX = "c-"
_DEEPEST = 300
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)[^<>]*?(?P<end>/?)>")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 §2.2: an EPUB must hold the text too
_CLOSED_BY_THEMSELVES = {
    "br", "col", "dd", "dt", "hr", "img", "input", "li", "p", "source", "td", "th", "tr", "wbr",
}  # fmt: skip

_MATHML = {
    "math", "menclose", "merror", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
    "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
_MATHML_ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle", "fence",
    "form", "height", "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits",
    "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "width",
    "xmlns", "alttext",
}  # fmt: skip
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn",
    "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
    "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    **dict.fromkeys(_MATHML, _MATHML_ATTRIBUTES),
    **{name: {"id"} for name in ("h1", "h2", "h3", "h4", "h5", "h6")},
    "a": {"href", "title", "class", "id", "rel", "aria-label", "data-embed"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "div": {"class"},
    "figure": {"class"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "decoding"},
    "li": {"class", "id"},
    "ol": {"start", "class"},
    "pre": {"class", "data-language"},
    "section": {"class"},
    "span": {"class", "role", "aria-label", "title"},
    "sup": {"class", "id"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "ul": {"class"},
}
_CLASSES = frozenset(STANDARD_TYPES.values()) | {
    "aside", "contains-task-list", "embed", "external-image", "footnote-backref", "footnote-item", "footnote-ref",
    "footnotes", "footnotes-list", "highlight", "maths-unread", "missing-image", "missing-link", "task-box",
    "task-list-item",
}  # fmt: skip
_CONTENT_TOO = {
    "script", "style", "iframe", "object", "embed", "template", "noscript", "title", "textarea", "select", "svg",
    "audio", "video", "canvas", "annotation", "annotation-xml",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel", "asset", "lesson"}
_IMAGE_ADDRESS = re.compile(r"asset:[0-9a-f-]{36}(@[0-9]{1,5})?")
_SRCSET = re.compile(r"asset:[0-9a-f-]{36}@[0-9]{1,5} [0-9]{1,5}w(, asset:[0-9a-f-]{36}@[0-9]{1,5} [0-9]{1,5}w)*")
_LOCAL = re.compile(r"/(?![/\\])|#")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def sanitise(html: str) -> str:
    """Return `html` with nothing in it that the allow-list above does not name."""
    if _is_too_deep(html):
        return _NOT_XML.sub("", escape(_TAG.sub("", html), quote=False))
    return _NOT_XML.sub("", _CLEANER.clean(html))


def _is_too_deep(html: str) -> bool:
    """Say whether elements nest so deeply that parsing them takes time by the square."""
    depth = 0
    for match in _TAG.finditer(html):
        if match["name"].lower() in _CLOSED_BY_THEMSELVES or match["end"]:
            continue
        depth = max(0, depth - 1) if match["close"] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def is_local_or_known(address: str) -> bool:
    """Say whether a link's address may stand: a known scheme, a page of this site, or a place on this page."""
    scheme = _SCHEME.match(address)
    if scheme:
        return scheme[1].lower() in _SCHEMES
    return _LOCAL.match(address) is not None


def _filter(_tag: str, attribute: str, value: str) -> str | None:
    return _FILTERS.get(attribute, _as_it_is)(value)


def _as_it_is(value: str) -> str | None:
    return value


def _class(value: str) -> str | None:
    return " ".join(word for word in value.split() if word in _CLASSES) or None


def _only(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda value: value if pattern.fullmatch(value) else None


def _link(value: str) -> str | None:
    value = value.strip()
    if value.startswith("#"):
        return f"#{ID_PREFIX}{value[1:]}" if len(value) > 1 else value
    return value if is_local_or_known(value) else None


_FILTERS: dict[str, Callable[[str], str | None]] = {
    "id": lambda value: ID_PREFIX + value,
    "class": _class,
    "href": _link,
    "cite": _link,
    "src": _only(_IMAGE_ADDRESS),
    "srcset": _only(_SRCSET),
    "role": _only(re.compile("img")),
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS | _MATHML,
    clean_content_tags=_CONTENT_TOO,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    link_rel=None,
    url_schemes=_SCHEMES,
    set_tag_attribute_values={"pre": {"tabindex": "0"}},
)
