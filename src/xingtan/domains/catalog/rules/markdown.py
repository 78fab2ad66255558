"""Markdown to safe HTML: tables, footnotes, task lists, definitions, maths, highlighted code, pictures, film cards.

1. Everything goes through `sanitise` last; nothing is trusted before it.
2. No input fails and none takes unbounded time: text beyond `LONGEST_BODY` is refused, and what is too long to parse
   (one paragraph of `_LONGEST_INLINE`, a formula of `_LONGEST_MATHS`) is shown as it is.
3. A picture that is not there is a quiet placeholder; a formula that cannot be read is shown as code.
"""

import html as html_entities
import re
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import nh3
from latex2mathml.converter import convert as to_mathml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from xingtan.core.errors import Invalid, say
from xingtan.domains.catalog.rules.sanitise import ID_PREFIX, is_local_or_known, sanitise
from xingtan.domains.catalog.rules.slugs import Anchors

LONGEST_BODY = 2_000_000  # characters
_LONGEST_INLINE = 20_000  # characters of one paragraph
_LONGEST_MATHS = 2_000
_LONGEST_CODE = 60_000
_DEEPEST = 40  # blocks in blocks
_UNREAD = {"zh": "（这个公式没能读懂）", "en": "(this formula could not be read)"}
_SIZES = "(min-width: 48rem) 42rem, 100vw"


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """A picture that is there: its file, its size in pixels, and the widths in which smaller copies exist."""

    asset_id: UUID
    width: int | None = None
    height: int | None = None
    widths: tuple[int, ...] = ()


ResolveImage = Callable[[str], ImageTarget | None]
"""From a picture's address in the Markdown to the picture; None: it is not there."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered text. `toc` holds ``{level, text, id}``; `missing` the addresses that led nowhere."""

    html: str
    text: str
    toc: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]
    footnotes: int


@dataclass(slots=True)
class _Run:
    """What one rendering gathers."""

    resolve_image: ResolveImage
    language: str
    missing: list[str] = field(default_factory=list)
    toc: list[dict[str, Any]] = field(default_factory=list)


def nothing(_address: str) -> None:
    """Resolve no picture at all."""


def render(markdown: str, *, resolve_image: ResolveImage = nothing, language: str = "en") -> Rendered:
    """Return `markdown` as sanitised HTML, plain text and contents. `Invalid` when it is longer than `LONGEST_BODY`."""
    if len(markdown) > LONGEST_BODY:
        raise Invalid.of("body", say("This text is too long: at most %(limit)s characters.", limit=LONGEST_BODY))
    run = _Run(resolve_image, language)
    env: dict[str, Any] = {"run": run}
    raw = _PARSER.render(_plain(markdown), env)
    html = sanitise(raw)
    footnotes = len(env.get("footnotes", {}).get("list", {}))
    return Rendered(html, plain_text(html), tuple(run.toc), tuple(dict.fromkeys(run.missing)), footnotes)


def render_inline(markdown: str, *, language: str = "en") -> str:
    """Return one line of `markdown` as sanitised HTML without a paragraph around it; for questions and choices."""
    if len(markdown) > _LONGEST_INLINE:
        return escape(_plain(markdown))
    return sanitise(_PARSER.renderInline(_plain(markdown), {"run": _Run(nothing, language)}))


def plain_text(html: str) -> str:
    """Return the words of `html`, a line per block, without markup."""
    spaced = _BLOCK_END.sub(r"\g<0>" + "\n", html)
    words = html_entities.unescape(nh3.clean(spaced, tags=set(), clean_content_tags={"script", "style", "math"}))
    return "\n".join(line for line in (" ".join(line.split()) for line in words.splitlines()) if line)


def reading_minutes(text: str) -> int:
    """Return how long `text` takes to read, at least 1: 400 Chinese characters or 220 words a minute."""
    chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
    words = len(_WORD.findall(text))
    return max(1, round(chinese / 400 + words / 220))


_BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|tr|pre|blockquote|div|dt|dd|figcaption|td|th|summary)>|<br>")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’-]*")


def _plain(markdown: str) -> str:
    """Return `markdown` with plain newlines, and without what is no character: NUL and halves of surrogate pairs."""
    whole = markdown.encode(errors="replace").decode()
    return whole.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


# Rules on tokens


def _shorten_inline(state: StateCore) -> None:
    """Take what is too long to parse out of the parser's hands: it becomes plain text."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > _LONGEST_INLINE:
            text = Token("text", "", 0, content=token.content)
            token.children, token.content = [text], ""


def _number_headings(state: StateCore) -> None:
    anchors = Anchors()
    for i, token in enumerate(state.tokens):
        if token.type != "heading_open":
            continue
        inline = state.tokens[i + 1]
        words = _words(inline.children or ())
        anchor = anchors.take(words)
        token.attrSet("id", anchor)
        run = state.env.get("run")
        if run is not None:
            run.toc.append({"level": int(token.tag[1]), "text": words, "id": ID_PREFIX + anchor})


def _quiet_empty_headers(state: StateCore) -> None:
    """An empty header cell heads nothing: it becomes a plain cell, so that a screen reader does not announce it."""
    for before, inline, after in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type == "th_open" and inline.type == "inline" and not inline.content.strip():
            before.tag = after.tag = "td"


def _words(tokens: Iterable[Token]) -> str:
    kept = (t.content for t in tokens if t.type in {"text", "code_inline", "math_inline", "softbreak"})
    return " ".join("".join(piece or " " for piece in kept).split())


def _frame_paragraphs(state: StateCore) -> None:
    """A paragraph that is one picture becomes a figure; one that is a single link to a film becomes a card."""
    for i, token in enumerate(state.tokens[:-2]):
        inline, close = state.tokens[i + 1], state.tokens[i + 2]
        if token.type != "paragraph_open" or inline.type != "inline" or close.type != "paragraph_close":
            continue
        children = [c for c in inline.children or () if not (c.type == "text" and not c.content.strip())]
        if len(children) == 1 and children[0].type == "image":
            token.tag = close.tag = "figure"
            children[0].meta["is_figure"] = True
            inline.children = children
        else:
            _make_card(inline, children)


def _make_card(inline: Token, children: Sequence[Token]) -> None:
    address, words = "", ""
    if len(children) == 1 and children[0].type == "text":
        address = children[0].content.strip()
    elif len(children) >= 2 and children[0].type == "link_open" and _closes_last(children):  # noqa: PLR2004 - a link's two ends
        address = str(children[0].attrGet("href") or "")
        inner = children[1:-1]
        words = inner[0].content if len(inner) == 1 and inner[0].type == "image" else _words(inner)
    site = film_site(address)
    if site:
        inline.children = [Token("film_card", "", 0, content=words or address, meta={"href": address, "site": site})]


def _closes_last(children: Sequence[Token]) -> bool:
    return children[-1].type == "link_close" and sum(child.type == "link_open" for child in children) == 1


def film_site(address: str) -> str | None:
    """Return the site's name when `address` is a single film on YouTube, Bilibili or Vimeo."""
    if not address.startswith(("https://", "http://")) or any(letter.isspace() for letter in address):
        return None
    try:
        url = urlsplit(address)
    except ValueError:
        return None
    host = (url.hostname or "").removeprefix("www.").removeprefix("m.")
    is_film = {
        "youtu.be": len(url.path) > 1,
        "youtube.com": bool(parse_qs(url.query).get("v")) or url.path.startswith(("/shorts/", "/live/")),
        "bilibili.com": url.path.startswith("/video/"),
        "vimeo.com": url.path[1:].isdigit(),
    }.get(host, False)
    names = {"youtu.be": "YouTube", "youtube.com": "YouTube", "bilibili.com": "Bilibili", "vimeo.com": "Vimeo"}
    return names[host] if is_film else None


# Renderers


class _Renderer(RendererHTML):
    """HTML for tokens that need more than their tag."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children or [], options, env)
        title = str(token.attrGet("title") or "")
        picture = _picture(str(token.attrGet("src") or ""), alt, run=env["run"], is_linked=_is_linked(tokens, idx))
        if token.meta.get("is_figure") and title:
            return f"{picture}<figcaption>{escape(title)}</figcaption>"
        return picture

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        token = tokens[idx]
        href = str(token.attrGet("href") or "")
        if not is_local_or_known(href):
            env["run"].missing.append(href)
            token.meta["is_missing"] = True
            _matching_close(tokens, idx).meta["is_missing"] = True
            return '<span class="missing-link">'
        if href.startswith(("http:", "https:")):
            token.attrSet("rel", "noopener")
        return self.renderToken(tokens, idx, options, env)

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return "</span>" if tokens[idx].meta.get("is_missing") else self.renderToken(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, _options: Any, _env: MutableMapping[str, Any]) -> str:
        words = tokens[idx].info.split()
        return _code(tokens[idx].content, words[0] if words else "")

    def code_block(self, tokens: Sequence[Token], idx: int, _options: Any, _env: MutableMapping[str, Any]) -> str:
        return _code(tokens[idx].content, "")

    def film_card(self, tokens: Sequence[Token], idx: int, _options: Any, _env: MutableMapping[str, Any]) -> str:
        token = tokens[idx]
        href, site = escape(token.meta["href"]), token.meta["site"]
        return (
            f'<a class="embed" href="{href}" rel="noopener" data-embed="{site.lower()}">'
            f"<strong>{escape(token.content)}</strong> <small>{site}</small></a>"
        )

    def math_inline(self, tokens: Sequence[Token], idx: int, _options: Any, env: MutableMapping[str, Any]) -> str:
        return _maths(tokens[idx].content, "inline", env["run"].language)

    def math_block(self, tokens: Sequence[Token], idx: int, _options: Any, env: MutableMapping[str, Any]) -> str:
        return f"<p>{_maths(tokens[idx].content, 'block', env['run'].language)}</p>\n"

    def html_inline(self, tokens: Sequence[Token], idx: int, _options: Any, env: MutableMapping[str, Any]) -> str:
        content = tokens[idx].content
        if content.startswith('<input class="task-list-item-checkbox"'):
            return f'<span class="task-box">{"☑" if "checked=" in content else "☐"}</span>'
        return _raw(content, env["run"])

    def html_block(self, tokens: Sequence[Token], idx: int, _options: Any, env: MutableMapping[str, Any]) -> str:
        return _raw(tokens[idx].content, env["run"])


def _is_linked(tokens: Sequence[Token], idx: int) -> bool:
    depth = 0
    for token in tokens[:idx]:
        depth += token.nesting if token.type in {"link_open", "link_close"} else 0
    return depth > 0


def _matching_close(tokens: Sequence[Token], idx: int) -> Token:
    return next(token for token in tokens[idx:] if token.type == "link_close" and token.level == tokens[idx].level)


def _picture(src: str, alt: str, *, run: _Run, is_linked: bool) -> str:
    target = run.resolve_image(src)
    if target is None:
        if src.startswith(("https://", "http://")) and not is_linked:
            return f'<a class="external-image" href="{escape(src)}" rel="noopener">{escape(alt or src)}</a>'
        if not src.startswith(("https://", "http://")):
            run.missing.append(src)
        return f'<span class="missing-image" role="img" aria-label="{escape(alt)}">{escape(alt)}</span>'
    size = f' width="{target.width}" height="{target.height}"' if target.width and target.height else ""
    several = ", ".join(f"asset:{target.asset_id}@{width} {width}w" for width in target.widths)
    srcset = f' srcset="{several}" sizes="{_SIZES}"' if several else ""
    return f'<img src="asset:{target.asset_id}"{srcset} alt="{escape(alt)}"{size} loading="lazy" decoding="async">'


def _code(content: str, language: str) -> str:
    language = language.strip("{}.").lower()[:40]
    label = f' data-language="{escape(language)}"' if language else ""
    return f'<pre class="highlight"{label}><code>{_highlighted(content, language)}</code></pre>\n'


def _highlighted(content: str, language: str) -> str:
    if not language or len(content) > _LONGEST_CODE:
        return escape(content, quote=False)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(content, quote=False)
    return highlight(content, lexer, _FORMATTER)


def _maths(latex: str, display: str, language: str) -> str:
    found = _mathml(latex.strip(), display)
    if found is not None:
        return found
    note = _UNREAD.get(language, _UNREAD["en"])
    return f'<code class="maths-unread">{escape(latex, quote=False)}</code> <small>{note}</small>'


@lru_cache(maxsize=2048)
def _mathml(latex: str, display: str) -> str | None:
    """Return MathML, or None for what latex2mathml cannot read: it raises whatever it stumbles over."""
    if not latex or len(latex) > _LONGEST_MATHS:
        return None
    try:
        return to_mathml(latex, display=display)
    except Exception:  # noqa: BLE001 - its errors share no class: IndexError, KeyError, RecursionError, its own
        return None


class _ImgTag(HTMLParser):
    """Reads the attributes of one <img> tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and self.found is None:
            self.found = {name: value or "" for name, value in attrs}


_IMG = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)


def _raw(content: str, run: _Run) -> str:
    """Return raw HTML with its pictures resolved like Markdown's; the sanitiser sees to the rest."""

    def resolved(match: re.Match[str]) -> str:
        parser = _ImgTag()
        parser.feed(match[0])
        found = parser.found or {}
        return _picture(found.get("src", ""), found.get("alt", ""), run=run, is_linked=True)

    return _IMG.sub(resolved, content) if "<img" in content.lower() else content


def _align(state: StateCore) -> None:
    """Say a cell's alignment by attribute: the sanitiser lets no style through."""
    for token in state.tokens:
        if token.type in {"th_open", "td_open"}:
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrSet("align", style.removeprefix("text-align:"))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.use(front_matter_plugin).use(footnote_plugin).use(deflist_plugin)
    parser.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    parser.use(tasklists_plugin)
    parser.core.ruler.before("inline", "shorten", _shorten_inline)
    parser.core.ruler.push("number_headings", _number_headings)
    parser.core.ruler.push("quiet_empty_headers", _quiet_empty_headers)
    parser.core.ruler.push("frame_paragraphs", _frame_paragraphs)
    parser.core.ruler.push("align", _align)
    for name in ("math_inline", "math_inline_double", "math_block", "film_card"):
        rule = _Renderer.math_inline if name == "math_inline_double" else getattr(_Renderer, name)
        parser.add_render_rule(name, rule)
    return parser


_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
_PARSER = _parser()
