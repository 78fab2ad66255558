"""Reading the texts of a tree: UTF-8, front matter, YAML without tricks, titles."""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt

from xingtan.core.errors import Refused, say
from xingtan.domains.catalog.importers.plan import Sources

_LONGEST_TEXT = 4_000_000  # bytes
_LONGEST_YAML = 1_000_000
_FRONT = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*", re.DOTALL)
_HEADING = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]+?)[ \t]*#*[ \t]*(?:\n|\Z)")
_MARKUP = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)|[*_`]+|<[^<>]*>")
_BEHIND = "behind"
_parser = MarkdownIt("commonmark")
_NUMBERED = re.compile(r"^(?P<number>\d+)[-_. ]+(?P<rest>.+)$")


class _PlainLoader(yaml.SafeLoader):
    """YAML as plain data: no aliases, since a page of them unfolds to more than there is memory."""

    def compose_node(self, parent: yaml.nodes.Node | None, index: Any) -> yaml.nodes.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            msg = "aliases are not taken"
            raise yaml.YAMLError(msg)
        return super().compose_node(parent, index)


def read_text(sources: Sources, path: str) -> str | None:
    """Return a text of the tree with plain newlines; None, and a problem noted, when it cannot be read."""
    try:
        if sources.tree.size(path) > _LONGEST_TEXT:
            sources.problem(path, say("This text is too long."))
            return None
        text = sources.tree.read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        sources.problem(path, say("This text is not UTF-8."))
        return None
    except Refused as error:
        sources.problem(path, error.sentence)
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def read_yaml(sources: Sources, path: str) -> dict[str, Any] | None:
    """Return the mapping that a YAML file holds; None, and a problem noted, when there is none."""
    text = read_text(sources, path)
    return None if text is None else parse_yaml(sources, path, text)


def parse_yaml(sources: Sources, path: str, text: str) -> dict[str, Any] | None:
    """Return the mapping that `text` holds; None, and a problem noted, for anything else."""
    try:
        data = yaml.load(text, _PlainLoader) if len(text) <= _LONGEST_YAML else None  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"line {line + 1}" if line is not None else ""
        sources.problem(path, say("This YAML cannot be read."), where)
        return None
    if not isinstance(data, dict):
        sources.problem(path, say("This YAML cannot be read."))
        return None
    return {str(key): value for key, value in data.items()}


def split_front_matter(sources: Sources, path: str, text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter (empty when there is none or it cannot be read) and the text after it."""
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    return parse_yaml(sources, path, match["yaml"]) or {}, text[match.end() :]


def split_title(text: str) -> tuple[str, str]:
    """Return the first heading's plain words and the text without it; an empty title when there is none."""
    text = _COMMENT.sub("", text)
    match = _HEADING.match(text)
    if match is None:
        return "", text
    return plain_words(match["title"]), text[match.end() :].lstrip("\n")


def closed(markdown: str) -> str:
    """Return `markdown` with a code block that was left open closed, lest it swallow what is put behind it."""
    last = _parser.parse(f"{markdown}\n\n{_BEHIND}")[-1]
    is_open = last.type == "fence" and last.content.rstrip().endswith(_BEHIND)
    return f"{markdown}\n{last.markup}" if is_open else markdown


def plain_words(markdown: str) -> str:
    """Return one line of Markdown without its marks."""
    return " ".join(_MARKUP.sub(lambda match: match[1] or "", markdown).split())


def first_paragraph(text: str) -> str:
    """Return the plain words of the first paragraph that is words: no heading, picture, quotation, list or table."""
    for block in re.split(r"\n\s*\n", text):
        bare = block.strip()
        if bare and not bare.startswith(("#", "!", ">", "[", "|", "-", "*", "<", "```", "1.", "~~~", "    ")):
            return plain_words(bare)[:600]
    return ""


def natural(name: str) -> tuple[Any, ...]:
    """Return a key that sorts ``2-b`` before ``10-a``."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in re.split(r"(\d+)", name) if part
    )


def without_number(name: str) -> str:
    """Return ``names-and-values`` for ``02-names-and-values``."""
    match = _NUMBERED.match(name)
    return match["rest"] if match else name


def number_of(name: str) -> int | None:
    """Return 2 for ``02-names-and-values``, None for ``names``."""
    match = _NUMBERED.match(name)
    return int(match["number"]) if match else None


def stem_of(path: str) -> str:
    """Return ``02-names`` for ``a/b/02-names.md``."""
    return path.rpartition("/")[2].rpartition(".")[0]


def looks_chinese(text: str) -> bool:
    """Say whether a good part of the letters are Chinese."""
    letters = [letter for letter in text[:20_000] if letter.isalpha()]
    return bool(letters) and sum("\u4e00" <= letter <= "\u9fff" for letter in letters) > len(letters) * 0.2


def strings(value: object) -> tuple[str, ...]:
    """Return a list of words, whether YAML gave a list, one word or nothing."""
    if value is None or isinstance(value, Mapping):
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value if each is not None and not isinstance(each, (list, Mapping)))
    return (str(value),)


def whole(value: object, default: int | None = None) -> int | None:
    """Return a whole number that is not negative, or `default`."""
    try:
        number = int(str(value))
    except (TypeError, ValueError):
        return default
    return number if 0 <= number <= 100_000 else default  # noqa: PLR2004 - far more minutes or days than anyone has
