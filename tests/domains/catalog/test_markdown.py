"""Markdown becomes safe HTML: what people write works, and nothing that is written can act."""

import time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from xingtan.core.errors import Invalid
from xingtan.domains.catalog.rules.markdown import (
    LONGEST_BODY,
    ImageTarget,
    film_site,
    plain_text,
    reading_minutes,
    render,
    render_inline,
)
from xingtan.domains.catalog.rules.places import assets_in, place

PICTURE = UUID("01a202db-2bc9-7297-b0ea-7374a5b17860")


def picture(address: str) -> ImageTarget | None:
    return ImageTarget(PICTURE, 1200, 800, (480, 960)) if address == "there.png" else None


def html(markdown: str) -> str:
    return render(markdown, resolve_image=picture).html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# One & *two*", '<h1 id="c-one--two">One &amp; <em>two</em></h1>'),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", '<td align="right">2</td>'),
        ("- [ ] to do\n- [x] done", '<li class="task-list-item"><span class="task-box">☑</span> done</li>'),
        ("Term\n: What it means", "<dt>Term</dt>\n<dd>What it means</dd>"),
        ("Said[^1].\n\n[^1]: By *her*.", '<li id="c-fn1" class="footnote-item"><p>By <em>her</em>.'),
        ("~~no~~", "<s>no</s>"),
        ("[away](https://example.org)", '<a href="https://example.org" rel="noopener">away</a>'),
        ("[next](lesson:two#part)", '<a href="lesson:two#part">next</a>'),
        ("[below](#part)", '<a href="#c-part">below</a>'),
        ("[file](asset:01a202db-2bc9-7297-b0ea-7374a5b17860)", '<a href="asset:01a202db-2bc9'),
        ("a<br>b H<sub>2</sub>O <kbd>Ctrl</kbd>", "a<br>b H<sub>2</sub>O <kbd>Ctrl</kbd>"),
        (
            "<details><summary>More</summary>\n\n**in**\n\n</details>",
            "<summary>More</summary>\n<p><strong>in</strong></p>",
        ),
        ("---\ntitle: x\n---\nBody", "<p>Body</p>"),
        ("## 什么是“物联网”？", '<h2 id="c-什么是物联网">'),
    ],
)
def test_what_people_write(markdown: str, expected: str) -> None:
    assert expected in html(markdown)


def test_headings_of_one_name_get_two_anchors_and_stand_in_the_contents() -> None:
    rendered = render("# Set up\n\n## Set up\n\n## `run`")
    assert [(entry["level"], entry["text"], entry["id"]) for entry in rendered.toc] == [
        (1, "Set up", "c-set-up"),
        (2, "Set up", "c-set-up-1"),
        (2, "run", "c-run"),
    ]
    assert all(f'id="{entry["id"]}"' in rendered.html for entry in rendered.toc)


def test_code_is_coloured_by_classes_and_never_runs() -> None:
    found = html("```python\nx = '<script>'  # hi\n```")
    assert '<pre class="highlight" data-language="python" tabindex="0"><code>' in found
    assert '<span class="c1"># hi</span>' in found
    assert "&lt;script&gt;" in found
    assert html("```klingon\n<b>\n```").count("&lt;b&gt;") == 1


def test_a_formula_becomes_mathml_and_money_stays_money() -> None:
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">' in html("$e^{i\\pi}+1=0$")
    assert 'display="block"' in html("$$\n\\frac{a}{b}\n$$")
    assert html("It costs $4.50, not $6.") == "<p>It costs $4.50, not $6.</p>\n"


@pytest.mark.parametrize("bad", ["\\frac{", "{" * 400, "\\left(", "^", "\\begin{matrix}", "x" * 3000])
def test_a_formula_that_cannot_be_read_is_shown_as_code(bad: str) -> None:
    assert '<code class="maths-unread">' in html(f"${bad}$") or "<math" in html(f"${bad}$")
    if bad == "\\frac{":
        assert "没能读懂" in render(f"${bad}$", language="zh").html


def test_a_lone_picture_is_a_figure_with_sizes_for_every_screen() -> None:
    found = html('![A pot](there.png "The pot")')
    assert found.startswith(f'<figure><img src="asset:{PICTURE}" srcset="asset:{PICTURE}@480 480w')
    assert 'alt="A pot" width="1200" height="800" loading="lazy"' in found
    assert "<figcaption>The pot</figcaption>" in found


@pytest.mark.parametrize("markdown", ["![A pot](gone.png)", '<img src="gone.png" alt="A pot" onerror="x()">'])
def test_a_missing_picture_is_a_quiet_placeholder(markdown: str) -> None:
    rendered = render(markdown, resolve_image=picture)
    assert '<span class="missing-image" role="img" aria-label="A pot">A pot</span>' in rendered.html
    assert rendered.missing == ("gone.png",)


def test_a_picture_elsewhere_is_a_link_so_that_nobody_is_watched() -> None:
    found = html("![Badge](https://example.org/b.svg)")
    assert "<img" not in found
    assert '<a class="external-image" href="https://example.org/b.svg"' in found


def test_a_link_that_leads_nowhere_is_plain_text() -> None:
    rendered = render("see [the code](code/pi)")
    assert rendered.html == '<p>see <span class="missing-link">the code</span></p>\n'
    assert rendered.missing == ("code/pi",)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://www.youtube.com/watch?v=abc", "YouTube"),
        ("https://youtu.be/abc", "YouTube"),
        ("https://www.bilibili.com/video/BV1x", "Bilibili"),
        ("https://vimeo.com/123", "Vimeo"),
        ("https://vimeo.com/about", None),
        ("https://youtube.com.evil.example/watch?v=a", None),
        ("https://[", None),
        ("javascript:youtu.be/abc", None),
    ],
)
def test_films(address: str, site: str | None) -> None:
    assert film_site(address) == site
    card = f'<a class="embed" href="{address}" rel="noopener" data-embed='
    assert (card in html(f"before\n\n{address}\n\nafter")) == (site is not None)


def test_plain_text_and_minutes() -> None:
    rendered = render("# Title\n\nOne *two*.\n\n- three\n\n| a | b |\n|-|-|\n| c | d |")
    assert rendered.text.split() == ["Title", "One", "two.", "three", "a", "b", "c", "d"]
    assert plain_text("<p>a &lt;b&gt;</p><p>c</p>") == "a <b>\nc"
    assert (reading_minutes("word " * 2200), reading_minutes("字" * 4000), reading_minutes("")) == (10, 10, 1)


def test_inline() -> None:
    assert render_inline("*a* <script>x</script> `b`") == "<em>a</em>  <code>b</code>"


def test_places_are_filled_in_attributes_only() -> None:
    body = html(f"![p](there.png) [n](lesson:two#a) `asset:{PICTURE}` text asset:{PICTURE}")
    placed = place(
        body, asset_url=lambda asset_id, width: f"/m/{asset_id}/{width or 'full'}", lesson_url=lambda slug: f"/l/{slug}"
    )
    assert f'src="/m/{PICTURE}/full"' in placed
    assert f"/m/{PICTURE}/480 480w" in placed
    assert 'href="/l/two#c-a"' in placed
    assert f"<code>asset:{PICTURE}</code> text asset:{PICTURE}" in placed
    assert assets_in(body) == {PICTURE}


ACTING = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="  JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="/\\evil.example">x</a>',
    "[x](javascript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "![x](javascript:alert(1))",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    '<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
    '<div style="position:fixed;inset:0" class="studio">x</div>',
    "<style>body{display:none}</style>",
    '<base href="https://evil.example">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<p id="main" name="x" onclick="alert(1)">x</p>',
    "```html\n<script>alert(1)</script>\n```",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<script>alert(1)</script>}$",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<a href='lesson:\"onmouseover=alert(1)'>x</a>",
    '<img src="asset:01a202db-2bc9-7297-b0ea-7374a5b17860&quot; onerror=&quot;alert(1)" srcset="https://evil 1x">',
]
_CLASSES_OF_PAGES = {"studio", "button", "box"}
_TAGS = {"script", "style", "iframe", "object", "embed", "form", "input", "button", "svg", "base", "meta", "link"}


def assert_harmless(found: str) -> None:
    root = lxml_html.fragment_fromstring(found, create_parent="section")
    for element in root.iterdescendants():
        assert isinstance(element.tag, str), found
        assert element.tag.lower() not in _TAGS, found
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), found
            assert name not in {"style", "name", "action", "formaction", "xlink:href"}, found
            if name in {"href", "src", "cite"}:
                start = value.strip().lower()
                assert start.startswith(("http:", "https:", "mailto:", "tel:", "asset:", "lesson:", "#", "/")), found
                assert not start.startswith(("//", "/\\")), found
            if name == "id":
                assert value.startswith("c-"), found
            if name == "class":
                assert not set(value.split()) & _CLASSES_OF_PAGES, found


@pytest.mark.parametrize("markdown", ACTING)
def test_nothing_acts(markdown: str) -> None:
    assert_harmless(html(markdown))
    assert_harmless(render_inline(markdown))


_PIECES = st.one_of(
    st.sampled_from(ACTING),
    st.sampled_from([
        "<", ">", '"', "'", "`", "$", "$$", "[", "](", ")", "!", "\n", "\n\n", "    ", "> ", "- ", "1. ", "|", "|-|\n",
        "<a href=", "<img src=", "onerror=", "javascript:", "&#x6a;", "<div>", "</div>", "<!--", "-->", "<math>",
        "</math>", "<p", "\\", "\x00", "[^1]", "[^1]: ", ": ", "# ", "---\n", "asset:", "lesson:", "\ud800", "字",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_mixture_acts_or_fails(markdown: str) -> None:
    assert_harmless(render(markdown, resolve_image=picture).html)


@pytest.mark.parametrize(
    "markdown",
    [
        "[" * 300_000,
        "*a " * 100_000,
        "> " * 200_000,
        "<div>" * 200_000,
        "<b><p>" * 50_000,
        "![](" * 100_000,
        "`" * 300_000,
        "$a" * 100_000,
        "<!--" * 100_000,
        "\n".join(" " * depth + "- a" for depth in range(600)),
        "$" + "\\frac{" * 150 + "$",
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_nesting_without_end_takes_no_time(markdown: str) -> None:
    started = time.perf_counter()
    assert_harmless(html(markdown[:LONGEST_BODY]))
    assert time.perf_counter() - started < 10


def test_a_megabyte_of_prose_takes_seconds() -> None:
    started = time.perf_counter()
    found = html("Some *prose* with a [link](https://example.org) and `code`. " * 16 * 1000 + "\n\n")
    assert time.perf_counter() - started < 10
    assert len(found) > 900_000
    assert len(html(("Some *prose* and `code`. " * 20 + "\n\n") * 2000)) > 1_000_000


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(Invalid):
        render("x" * (LONGEST_BODY + 1))
