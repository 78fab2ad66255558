"""What the design promises: contrast, weight, one dark theme written twice, sentences in Chinese, pages that render."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.web.design import prototype

CSS = prototype.WEB / "static" / "css"
SHELL = ("base.html", "layout.html", "studio.html", "components.html")
SHEETS = ("tokens", "base", "components", "reading", "site", "studio", "print")
READER_PAGES = ("reading", "site", "studio")
INKS = ("ink", "ink-2", "ink-3", "accent", "jade", "danger", "warn")
TEXT_PAIRS = [
    *((ink, ground) for ink in INKS for ground in ("paper", "surface", "sunken")),
    *((name, f"{name}-wash") for name in ("accent", "jade", "danger", "warn")),
    *((name, "sunken") for name in ("c-key", "c-str", "c-num", "c-fun", "c-com")),
    *(("ink", ground) for ground in ("accent-wash", "jade-wash", "danger-wash", "warn-wash", "mark")),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-2"),
    ("paper", "ink"),
]


def blocks() -> tuple[str, str, str]:
    """The light, the automatic dark and the chosen dark declarations."""
    text = (CSS / "tokens.css").read_text("utf-8")
    found = [
        re.search(re.escape(start) + r" \{(.*?)\}", text, re.DOTALL)
        for start in ("  :root", ':root[data-theme="auto"]', ':root[data-theme="dark"]')
    ]
    light, auto, dark = (match.group(1) for match in found if match)
    return light, auto, dark


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 2], ids=["light", "dark"])
def test_text_and_edges_stand_out(theme: int) -> None:
    known = colours(blocks()[theme])
    weak = {(a, b): round(contrast(known[a], known[b]), 2) for a, b in TEXT_PAIRS if contrast(known[a], known[b]) < 4.5}
    edges = {
        ("edge", b): round(contrast(known["edge"], known[b]), 2)
        for b in ("paper", "surface")
        if contrast(known["edge"], known[b]) < 3
    }
    assert weak | edges == {}


def test_the_dark_theme_is_the_same_twice() -> None:
    _, auto, dark = blocks()
    assert auto.split() == dark.split()


@pytest.mark.parametrize("own", READER_PAGES)
def test_a_page_is_light(own: str) -> None:
    assert sum((CSS / f"{name}.css").stat().st_size for name in ("tokens", "base", "components", own)) <= 45_000
    assert (CSS.parent / "theme.js").stat().st_size <= 600


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_uses_only_tokens_that_exist(sheet: str) -> None:
    text = (CSS / f"{sheet}.css").read_text("utf-8")
    known = set(re.findall(r"(--[\w-]+):", (CSS / "tokens.css").read_text("utf-8"))) | set(
        re.findall(r"(--[\w-]+):", text)
    )
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) - known == set()
    assert text.count("{") == text.count("}")


def test_every_sentence_has_its_chinese() -> None:
    known = {one for po in (prototype.WEB / "locale" / "zh").glob("*.po") for one in prototype.sentences(po)}
    folder = prototype.WEB / "templates"
    own = [folder / name for name in SHELL]
    called = re.compile(r"""\b_\((?:"([^"]+)"|'([^']+)')""")
    comment = re.compile(r"\{#.*?#\}", re.DOTALL)
    used = {a or b for path in own for a, b in called.findall(comment.sub("", path.read_text("utf-8")))}
    assert used - known == set()


def test_templates_carry_no_inline_style_or_script() -> None:
    for name in SHELL:
        text = (prototype.WEB / "templates" / name).read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=\"|<script>", text), name


class Ids(HTMLParser):
    """Collects ids and the ids that aria and labels point at."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in {"aria-describedby", "aria-labelledby", "for", "popovertarget"} and value:
                self.wanted |= set(value.split())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", prototype.PAGES)
def test_a_page_renders_and_its_ids_agree(name: str, language: str) -> None:
    context = prototype.made_up(language) | {"reader": prototype.Reader(language=language, path=name)}
    html = prototype.environment(language, depth=name.count("/")).get_template(f"{name}.html").render(context)
    seen = Ids()
    seen.feed(html)
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.wanted <= set(seen.ids)
    assert html.count("<h1") == (2 if name == "styleguide" else 1)


def test_macros_escape() -> None:
    source = """{% from "components.html" import button, field, cover, notice, price with context %}
        {{ button(x, title=x) }}{{ field("n", x, value=x, hint=x, error=x) }}{{ cover(x) }}{{ notice(x) }}
        {{ field("r", x, type="radio", options=[(x, x, x)]) }}{{ price(x, per=x) }}"""
    html = prototype.environment("en").from_string(source).render(x='"><script>', reader=prototype.Reader())
    assert "<script" not in html
