"""Draws the layout, the style guide and the exemplar pages with made-up contexts, in both languages.

    python tests/web/design/prototype.py OUT            # writes OUT/{zh,en}/*.html and OUT/static
    python tests/web/design/prototype.py OUT --shots    # and PNGs, at 390 and 1440 units, light and dark

It stands in for the web room: `_` reads the .po file beside the templates, addresses are file names.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

WEB = Path(__file__).resolve().parents[3] / "src" / "xingtan" / "web"
PAGES_HERE = Path(__file__).with_name("pages")
PAGES = ("styleguide", "exemplars/home", "exemplars/product", "exemplars/lesson", "exemplars/studio")
WIDTHS = (390, 1440)
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@dataclass
class Reader:
    """A made-up visitor."""

    language: str = "zh"
    theme: str = "auto"
    is_signed_in: bool = True
    name: str = "林知夏"
    may_open_studio: bool = True
    csrf_token: str = "made-up"
    path: str = ""
    query: str = ""
    paths: dict[str, str] = field(default_factory=dict)

    def may(self, _permission: str) -> bool:
        """The made-up visitor owns the place."""
        return True

    def path_in(self, language: str) -> str:
        """The same page in another language."""
        up = "../" * (self.path.count("/") + 1)
        return f"{up}{language}/{self.path}.html"


def sentences(po: Path) -> dict[str, str]:
    """msgid → msgstr of a .po file without plural forms or contexts."""
    pairs = re.findall(r'^msgid "((?:[^"\\]|\\.)+)"\nmsgstr "((?:[^"\\]|\\.)*)"', po.read_text("utf-8"), re.MULTILINE)
    return {a.replace('\\"', '"'): b.replace('\\"', '"') for a, b in pairs if b}


def environment(language: str, *, depth: int = 0) -> jinja2.Environment:
    """An environment as strict as the real one, with the globals it provides."""
    files = (*(WEB / "locale" / "zh").glob("*.po"), PAGES_HERE / "zh.po")
    known = {po: sentences(po) for po in files} if language == "zh" else {}
    words = {a: b for pairs in known.values() for a, b in pairs.items()}
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader([PAGES_HERE, WEB / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
    )
    up = "../" * (depth + 1)

    def gettext(msgid: str, **values: object) -> str:
        text = words.get(msgid, msgid)
        return text % values if values else text

    env.globals |= {
        "_": gettext,
        "ngettext": lambda one, many, n, **v: gettext(one if n == 1 else many, n=n, **v),
        "static": lambda path: f"{up}static/{path}",
        "url": lambda path: f"#{path}",
        "money": lambda m: m,
        "date": lambda d: d,
        "datetime_": lambda d: d,
        "relative": lambda d: d,
    }
    return env


def made_up(language: str) -> dict[str, Any]:
    """What the exemplar pages show, in the reader's language; `page.t(zh, en)` chooses between two sentences."""
    known = json.loads(Path(__file__).with_name("made_up.json").read_text("utf-8"))

    def chosen(value: Any) -> Any:
        if isinstance(value, list):
            return [chosen(item) for item in value]
        if not isinstance(value, dict):
            return value
        return (
            value[language]
            if value.keys() == {"zh", "en"}
            else SimpleNamespace(**{k: chosen(v) for k, v in value.items()})
        )

    context: dict[str, Any] = vars(chosen(known))
    context["page"].t = lambda zh, en: zh if language == "zh" else en
    context["page"].featured = context["page"].products[0]
    return context


def draw(out: Path) -> list[Path]:
    """Writes every page in both languages; returns their paths."""
    shutil.copytree(WEB / "static", out / "static", dirs_exist_ok=True)
    shutil.copy(PAGES_HERE / "styleguide.css", out / "static" / "css")
    written = []
    for language in ("zh", "en"):
        for name in PAGES:
            env = environment(language, depth=name.count("/"))
            context = made_up(language) | {
                "reader": Reader(language=language, path=name, name="林知夏" if language == "zh" else "Ada Lin")
            }
            path = out / language / f"{name}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(env.get_template(f"{name}.html").render(context), "utf-8")
            written.append(path)
    return written


def shoot(out: Path, pages: list[Path]) -> None:
    """One PNG per page, width and theme; complains about pages wider than the window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for theme in ("light", "dark"):
            for width in WIDTHS:
                view = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                for path in pages:
                    view.goto(path.as_uri())
                    name = f"{path.relative_to(out).with_suffix('').as_posix().replace('/', '-')}-{width}-{theme}.png"
                    view.screenshot(path=str(out / name), full_page=True)
                    for narrow in (width, 320) if width == WIDTHS[0] else (width,):
                        view.set_viewport_size({"width": narrow, "height": 900})
                        wide = view.evaluate("document.documentElement.scrollWidth")
                        if wide > narrow:
                            sys.stdout.write(f"{name}: {wide} > {narrow}\n")
                    view.set_viewport_size({"width": width, "height": 900})
                view.close()
        browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    drawn = draw(target)
    if "--shots" in sys.argv:
        shoot(target, [p for p in drawn if not sys.argv[3:] or any(word in str(p) for word in sys.argv[3:])])
    sys.stdout.write("".join(f"{path}\n" for path in drawn))
