"""Draws the layout, the style guide and the exemplar pages with made-up contexts, in both languages.

    python tests/web/design/prototype.py OUT            # writes OUT/{zh,en}/*.html and OUT/static
    python tests/web/design/prototype.py OUT --shots    # and PNGs, at 390 and 1440 units, light and dark

It stands in for the web room: `_` reads the .po file beside the templates, addresses are file names.
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

WEB = Path(__file__).resolve().parents[3] / "src" / "xingtan" / "web"
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
    paths: dict[str, str] = field(default_factory=dict)

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
    known = {po: sentences(po) for po in (WEB / "locale" / "zh").glob("*.po")} if language == "zh" else {}
    words = {a: b for pairs in known.values() for a, b in pairs.items()}
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(WEB / "templates"), autoescape=True, undefined=jinja2.StrictUndefined)
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
    """What the exemplar pages show, in the reader's language."""
    zh = language == "zh"

    def t(chinese: str, english: str) -> str:
        return chinese if zh else english

    def product(key: str, kind: str, title: str, summary: str, price: str, *meta: str, per: str | None = None, free: bool = False) -> SimpleNamespace:
        return SimpleNamespace(key=key, kind=kind, title=title, summary=summary, price=price, meta=meta, per=per, free=free, href="#p", cover_src=None)

    lesson = SimpleNamespace
    academy = SimpleNamespace(
        name=t("观澜书院", "Harbour Lights"),
        tagline=t("慢慢读，想清楚，写下来。", "Read slowly. Think clearly. Write it down."),
        currency="CNY",
        accent="apricot",
    )
    products = [
        product("p1a", "course", t("统计学的直觉", "Statistics by Intuition"), t("不背公式，从二十四个真实的误判里学会与不确定共处。", "No formulas to memorise: twenty-four real misjudgements, and how to live with uncertainty."), "¥299.00", t("24 讲", "24 lessons"), t("6 小时", "6 hours")),
        product("p2k", "column", t("每周一封长信", "The Weekly Long Letter"), t("一封关于阅读、工作与判断力的长信，每周日早晨。", "One long letter on reading, work and judgement, each Sunday morning."), "¥25.00", t("已写 86 封", "86 letters"), per=t("月", "month")),
        product("p3x", "ebook", t("写作是重新思考", "Writing Is Thinking Again"), t("一本薄书：如何把一个模糊的念头写成一篇站得住的文章。", "A thin book on turning a vague notion into an essay that stands."), "¥48.00", t("EPUB · 212 页", "EPUB · 212 pages")),
        product("p4c", "podcast", t("晚风谈书", "Evening Wind"), t("和译者、编辑、书店老板聊他们反复读的那本书。", "Translators, editors and booksellers on the book they keep rereading."), "", t("31 集", "31 episodes"), free=True),
        product("p5h", "live", t("因果推断工作坊", "Causal Inference Workshop"), t("三个晚上，一起读三篇论文，做三次复现。", "Three evenings, three papers, three replications."), "¥680.00", t("11 月 8 日起", "from 8 November")),
        product("p6z", "service", t("一对一论文诊断", "One-to-one Paper Clinic"), t("九十分钟，逐段看你的论证与图表。", "Ninety minutes on your argument and figures, paragraph by paragraph."), "¥900.00", t("每周两席", "two places a week")),
    ]
    featured = products[0]
    sections = [
        (t("一、看见不确定", "I. Seeing uncertainty"), t("6 讲 · 82 分钟", "6 lessons · 82 min"), [
            lesson(kind="video", title=t("为什么聪明人也会误判", "Why clever people misjudge"), length="14:20", is_free=True, is_done=True),
            lesson(kind="text", title=t("一枚硬币，两种概率", "One coin, two probabilities"), length=t("9 分钟", "9 min"), is_free=True, is_done=True),
            lesson(kind="text", title=t("回归均值：批评为什么“有用”", "Regression to the mean: why scolding “works”"), length=t("12 分钟", "12 min"), is_free=False, is_done=False),
            lesson(kind="quiz", title=t("小测：分得清吗", "Quiz: can you tell them apart?"), length=t("5 题", "5 questions"), is_free=False, is_done=False),
        ]),
        (t("二、抽样与幸存者", "II. Samples and survivors"), t("7 讲 · 96 分钟", "7 lessons · 96 min"), [
            lesson(kind="video", title=t("回来的飞机", "The planes that came back"), length="16:05", is_free=False, is_done=False),
            lesson(kind="audio", title=t("对谈：民调为何失准", "A talk: why the polls missed"), length="38:40", is_free=False, is_done=False),
            lesson(kind="assignment", title=t("作业：找出三处幸存者偏差", "Assignment: find three survivors"), length=t("约 1 小时", "about 1 h"), is_free=False, is_done=False),
        ]),
        (t("三、因与果", "III. Cause and effect"), t("11 讲 · 182 分钟", "11 lessons · 182 min"), []),
    ]
    return {"academy": academy, "page": SimpleNamespace(
        t=t, products=products, featured=featured, sections=sections,
        teacher=SimpleNamespace(name=t("沈观澜", "Mara Lindqvist"), about=t(
            "做过十二年统计，写了三本书，译过两本。相信好的知识像好的茶：不必多，但要喝得出来处。书院只有我一个人，每一封信我都会回。",
            "Twelve years a statistician, three books written, two translated. I believe good knowledge is like good tea: there need not be much, but you should taste where it grew. This academy is one person; I answer every letter.")),
        newest=[(t("回归均值，与一位教练的懊恼", "Regression to the mean, and a coach’s regret"), t("10 月 12 日", "12 October"), True), (t("为什么我不再做年度书单", "Why I no longer make a books-of-the-year list"), t("10 月 5 日", "5 October"), True), (t("把“显著”这个词还给日常", "Giving “significant” back to ordinary speech"), t("9 月 28 日", "28 September"), False), (t("一次失败的复现", "A replication that failed"), t("9 月 21 日", "21 September"), False)],
        topics=[(t("统计", "Statistics"), 12), (t("因果", "Causality"), 7), (t("写作", "Writing"), 9), (t("阅读", "Reading"), 21), (t("决策", "Decisions"), 6), (t("翻译", "Translation"), 4)],
    )}


def draw(out: Path) -> list[Path]:
    """Writes every page in both languages; returns their paths."""
    shutil.copytree(WEB / "static", out / "static", dirs_exist_ok=True)
    written = []
    for language in ("zh", "en"):
        for name in PAGES:
            if not (WEB / "templates" / f"{name}.html").exists():
                continue
            env = environment(language, depth=name.count("/"))
            context = made_up(language) | {"reader": Reader(language=language, path=name, name="林知夏" if language == "zh" else "Ada Lin")}
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
                            print(f"{name}: {wide} > {narrow}")
                    view.set_viewport_size({"width": width, "height": 900})
                view.close()
        browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    drawn = draw(target)
    if "--shots" in sys.argv:
        shoot(target, [p for p in drawn if not sys.argv[3:] or any(word in str(p) for word in sys.argv[3:])])
    print(*drawn, sep="\n")
