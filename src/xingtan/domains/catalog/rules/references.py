"""Addresses inside Markdown: found and rewritten without touching code, text or anything else."""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

Change = Callable[[str], str]
"""From an address as it stands to the address that shall stand there."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SPAN_OR_ADDRESS = re.compile(
    r"(?P<span>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<open>\]\([ \t]*)(?P<address><[^<>\n]*>|[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)(?=[\s)])"
    r"|(?P<tag><(?:img|a|source|video|audio)\b[^<>]*>)",
    re.DOTALL | re.IGNORECASE,
)
_DEFINITION = re.compile(r"(?P<head> {0,3}\[(?!\^)[^\[\]\n]{1,200}\]:[ \t]*)(?P<address><[^<>\n]*>|[^\s<>]+)")
_ATTRIBUTE = re.compile(
    r"(?P<head>\b(?:src|href)\s*=\s*)(?P<quote>[\"'])(?P<address>[^\"'<>]*)(?P=quote)", re.IGNORECASE
)
_LONGEST_PIECE = 100_000


def rewrite(markdown: str, change: Change) -> str:
    """Return `markdown` with every address of a link, a picture, a definition or a tag put through `change`.

    What stands in fenced code or in code spans is left alone.
    """
    pieces: list[str] = []
    text: list[str] = []
    fence = ""
    for line in markdown.splitlines(keepends=True):
        match = _FENCE.match(line)
        if fence:
            pieces.append(line)
            if match and match[1].startswith(fence) and not line.strip(" \t\n" + fence[0]):
                fence = ""
        elif match and not (match[1][0] == "`" and "`" in line[match.end() :]):
            pieces.append(_changed("".join(text), change))
            text, fence = [], match[1]
            pieces.append(line)
        elif not line.strip():
            pieces.append(_changed("".join([*text, line]), change))
            text = []
        else:
            text.append(line)
    pieces.append(_changed("".join(text), change))
    return "".join(pieces)


def _changed(text: str, change: Change) -> str:
    if not text or len(text) > _LONGEST_PIECE:
        return text

    def one(match: re.Match[str]) -> str:
        if match["span"]:
            return match["span"]
        if match["tag"]:
            return _ATTRIBUTE.sub(attribute, match["tag"])
        return match["open"] + _written(change(_bare(match["address"])))

    def attribute(match: re.Match[str]) -> str:
        return f'{match["head"]}"{change(match["address"]).replace(chr(34), "%22")}"'

    def definition(match: re.Match[str]) -> str:
        return match["head"] + _written(change(_bare(match["address"])))

    lines = (
        _DEFINITION.sub(definition, line, count=1) if _DEFINITION.match(line) else line
        for line in text.splitlines(keepends=True)
    )
    return _SPAN_OR_ADDRESS.sub(one, "".join(lines))


def _bare(address: str) -> str:
    return address[1:-1] if address.startswith("<") else address


def _written(address: str) -> str:
    """Return the address as Markdown writes it: in angle brackets where a space or bracket would end it."""
    if re.search(r"[\s()<>]", address) or not address:
        return f"<{address.replace('<', '%3C').replace('>', '%3E')}>"
    return address


def relative_path(address: str) -> tuple[str, str] | None:
    """Return the path and the fragment of a relative address, decoded; None for any other address."""
    if not address or address.startswith(("/", "#", "\\")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address):
        return None
    path, _, fragment = address.partition("#")
    return unquote(path.partition("?")[0]), unquote(fragment)


def joined(folder: str, path: str) -> str | None:
    """Return `path` as seen from `folder`, without dots; None when it leads outside."""
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def folder_of(path: str) -> str:
    """Return the folder that `path` lies in; empty for the top."""
    return path.rpartition("/")[0]


def file_address(path: str) -> str:
    """Return the address by which a plan names a file of its tree: ``file:`` and the path, percent-encoded."""
    return "file:" + quote(path, safe="/")


def path_of(address: str) -> str | None:
    """Return the path that `file_address` wrote; None for any other address."""
    return unquote(address.removeprefix("file:")) if address.startswith("file:") else None
