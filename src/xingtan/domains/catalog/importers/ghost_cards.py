"""Ghost's two editors, as they store a text: Mobiledoc (until 2023) and Lexical, to Markdown."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xingtan.domains.catalog.importers.from_html import html_to_markdown

_BOLD, _ITALIC, _STRUCK, _CODE = 1, 2, 4, 16
_MARKUP_SECTION, _IMAGE_SECTION, _LIST_SECTION, _CARD_SECTION = 1, 2, 3, 10
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_DEEPEST = 60


def lexical_to_markdown(text: str) -> str:
    """Return a Lexical document as Markdown; `ValueError` and its like for what is none."""
    return _blocks(json.loads(text)["root"]["children"], depth=0)


def _blocks(nodes: Sequence[Mapping[str, Any]], *, depth: int) -> str:
    return "\n\n".join(block for block in (_block(node, depth) for node in nodes) if block.strip())


def _block(node: Mapping[str, Any], depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError(depth)
    kind, children = str(node.get("type") or ""), node.get("children") or []
    if kind == "list":
        return _list(node, depth)
    if kind in {"heading", "extended-heading"}:
        return _HEADINGS.get(str(node.get("tag")), "## ") + _inline(children, depth)
    if kind in {"quote", "extended-quote", "aside"}:
        return "\n".join(f"> {line}" for line in _inline(children, depth).splitlines())
    card = _card(kind, node)
    return _inline(children, depth) if card is None else card


def _list(node: Mapping[str, Any], depth: int) -> str:
    lines, number = [], 1
    for item in node.get("children") or []:
        inner = item.get("children") or []
        nested = [each for each in inner if each.get("type") == "list"]
        words = _inline([each for each in inner if each.get("type") != "list"], depth + 1)
        mark = f"{number}. " if node.get("listType") == "number" else "- "
        if words:
            lines.append(mark + words)
            number += 1
        lines += ["    " + line for each in nested for line in _block(each, depth + 1).splitlines()]
    return "\n".join(lines)


def _inline(nodes: Sequence[Mapping[str, Any]], depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError(depth)
    return "".join(_word(node, depth) for node in nodes)


def _word(node: Mapping[str, Any], depth: int) -> str:
    kind = node.get("type")
    if kind == "linebreak":
        return "\\\n"
    if kind in {"link", "autolink"}:
        return f"[{_inline(node.get('children') or [], depth + 1)}](<{node.get('url') or ''}>)"
    if "children" in node:
        return _inline(node["children"], depth + 1)
    return _styled(str(node.get("text") or ""), int(node.get("format") or 0))


def _styled(text: str, style: int) -> str:
    bare = text.strip()
    if not bare:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    for bit, mark in ((_CODE, "`"), (_STRUCK, "~~"), (_ITALIC, "*"), (_BOLD, "**")):
        if style & bit:
            bare = f"{mark}{bare}{mark}"
    return before + bare + after


def _card(kind: str, card: Mapping[str, Any]) -> str | None:
    """Return a card as Markdown; None for what is no card."""
    words = str(card.get("caption") or card.get("alt") or "")
    source = str(card.get("src") or card.get("url") or "")
    plain = {
        "image": f"![{card.get('alt') or ''}](<{source}>)" + (f"\n\n{words}" if card.get("caption") else ""),
        "horizontalrule": "---",
        "hr": "---",
        "markdown": str(card.get("markdown") or ""),
        "card-markdown": str(card.get("markdown") or ""),
        "codeblock": f"```{card.get('language') or ''}\n{card.get('code') or ''}\n```",
        "code": f"```{card.get('language') or ''}\n{card.get('code') or ''}\n```",
        "embed": source,
        "video": source,
        "audio": source,
        "file": f"[{card.get('fileTitle') or card.get('title') or 'file'}](<{source}>)",
        "bookmark": f"[{_title(card) or source}](<{source}>)",
    }
    if kind == "html":
        return html_to_markdown(str(card.get("html") or ""))
    return plain.get(kind)


def _title(card: Mapping[str, Any]) -> str:
    metadata = card.get("metadata")
    return str(card.get("title") or (metadata.get("title") if isinstance(metadata, Mapping) else "") or "")


def mobiledoc_to_markdown(text: str) -> str:
    """Return a Mobiledoc 0.3 document as Markdown; `ValueError` and its like for what is none."""
    document = json.loads(text)
    pieces = [_section(section, document) for section in document["sections"]]
    return "\n\n".join(piece for piece in pieces if piece.strip())


def _section(section: Sequence[Any], document: Mapping[str, Any]) -> str:
    kind = section[0]
    if kind == _MARKUP_SECTION:
        words = _markers(section[2], document)
        if section[1] in {"blockquote", "aside", "pull-quote"}:
            return "\n".join(f"> {line}" for line in words.splitlines())
        return _HEADINGS.get(section[1], "") + words
    if kind == _IMAGE_SECTION:
        return f"![](<{section[1]}>)"
    if kind == _LIST_SECTION:
        marks = (f"{i}. " if section[1] == "ol" else "- " for i in range(1, len(section[2]) + 1))
        return "\n".join(mark + _markers(item, document) for mark, item in zip(marks, section[2], strict=True))
    if kind == _CARD_SECTION:
        name, payload = document["cards"][section[1]]
        return _card(str(name), payload) or ""
    return ""


def _markers(markers: Sequence[Any], document: Mapping[str, Any]) -> str:
    opened: list[str] = []
    pieces: list[str] = []
    for kind, opening, closing, value in markers:
        for index in opening:
            start, end = _mark(document["markups"][index])
            pieces.append(start)
            opened.append(end)
        pieces.append("\\\n" if kind == 1 else str(value))
        pieces += [opened.pop() for _ in range(min(int(closing), len(opened)))]
    return "".join(pieces) + "".join(reversed(opened))


def _mark(markup: Sequence[Any]) -> tuple[str, str]:
    if markup[0] == "a":
        attributes = markup[1] if len(markup) > 1 else []
        href = dict(zip(attributes[::2], attributes[1::2], strict=False)).get("href", "")
        return "[", f"](<{href}>)"
    mark = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`", "s": "~~", "del": "~~"}.get(markup[0], "")
    return mark, mark
