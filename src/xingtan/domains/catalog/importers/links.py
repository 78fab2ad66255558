"""Putting addresses of a source in terms of the plan: files of the tree, lessons, or broken and reported."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from xingtan.core.errors import say
from xingtan.domains.catalog.importers.plan import Sources
from xingtan.domains.catalog.rules.references import (
    file_address,
    folder_of,
    joined,
    relative_path,
    rewrite,
)

_TEXTS = (".md", ".markdown", ".html", ".xhtml", ".htm")


@dataclass(slots=True)
class Links:
    """How the addresses in one text are read.

    `lessons` maps a path of the tree to a lesson's address (``lesson:slug``); `anchors` maps a path of this very page
    to the anchors of its headings; `folders` are where a relative path may start, in order.
    """

    sources: Sources
    path: str
    lessons: Mapping[str, str]
    folders: Sequence[str] = ()
    own_paths: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    special: Callable[[str], str | None] | None = None
    files: list[str] = field(default_factory=list)

    def rewritten(self, markdown: str) -> str:
        """Return `markdown` in terms of the plan; what leads nowhere stays as it is and is reported."""
        return rewrite(markdown, self._change)

    def _change(self, address: str) -> str:
        if self.special:
            found = self.special(address)
            if found is not None:
                return found
        relative = relative_path(address)
        if relative is None:
            return address
        path, fragment = relative
        for folder in (*self.folders, folder_of(self.path)):
            found = self._found(joined(folder, path), fragment)
            if found is not None:
                return found
        is_picture = address.lower().partition("?")[0].endswith(_PICTURES)
        reason = say("This picture is not there.") if is_picture else say("This link leads nowhere.")
        self.sources.problem(self.path, reason, address)
        return address

    def _found(self, target: str | None, fragment: str) -> str | None:
        if target is None:
            return None
        for candidate in (target, f"{target}/README.md", f"{target}/index.md", f"{target}.md"):
            if candidate in self.own_paths:
                return self.own_paths[candidate](fragment)
            if candidate in self.lessons:
                return self.lessons[candidate] + (f"#{quote(fragment)}" if fragment else "")
        if target in self.sources.names and not target.lower().endswith(_TEXTS):
            if target not in self.files:
                self.files.append(target)
            return file_address(target)
        return None


_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif", ".bmp")
