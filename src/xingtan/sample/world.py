"""What the simulation knows of the catalogue: works, their lessons and questions, and what is said in the search box.

Plain facts, read from the real catalogue when the demo is written and made up in tests. Prices are minor units of the
academy's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

TOPICS = (
    "data", "business", "writing", "python", "statistics", "tea", "classics", "poetry", "attention", "learning",
)  # fmt: skip
"""The topics of the sample catalogue; interests are shares of these."""


@dataclass(frozen=True, slots=True)
class Task:
    """A question of a quiz; `choices` are the ids to pick from (empty: typed), `right` what a right answer gives."""

    key: str
    choices: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A lesson: how long it takes, who may open it and when, and the questions in it."""

    key: str
    kind: str
    minutes: int
    is_preview: bool = False
    released_after_days: int = 0
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A product on sale. `gives` are the keys of what a buyer can open: a bundle's parts, or the work itself."""

    key: str
    kind: str
    language: str
    topics: tuple[str, ...]
    price_minor: int
    published_at: datetime
    model: str = "once"
    floor_minor: int = 0
    parts: tuple[Part, ...] = ()
    contains: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @property
    def gives(self) -> tuple[str, ...]:
        """Return the keys of the works that a buyer can open."""
        return self.contains or (self.key,)


@dataclass(frozen=True, slots=True)
class Season:
    """A price with an end: `works` cost `factor` of their price from `starts_at` until `ends_at` (exclusive)."""

    works: frozenset[str]
    factor: float
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class World:
    """Everything the learners meet. `found` is how many results a search has; a query that is missing finds nothing."""

    works: Mapping[str, Work]
    seasons: tuple[Season, ...] = ()
    found: Mapping[str, int] = field(default_factory=dict)
    launched: str = ""

    def price_minor(self, key: str, at: datetime) -> int:
        """Return what the work costs at `at`, seasons included, in whole tenths of the currency's main unit."""
        work = self.works[key]
        for season in self.seasons:
            if key in season.works and season.starts_at <= at < season.ends_at:
                return seasonal(work.price_minor, season.factor)
        return work.price_minor


def seasonal(price_minor: int, factor: float) -> int:
    """Return the price of a season, rounded to ten minor units and never nothing."""
    return max(10, round(price_minor * factor / 10) * 10)


QUERIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "data": (("数据", "留存", "图表", "数据分析"), ("data", "chart", "retention", "csv")),
    "business": (("保本", "茶铺", "利润", "小店"), ("break-even", "profit", "teahouse", "pricing")),
    "writing": (("写作", "修改", "病句", "文章"), ("writing", "essay", "editing")),
    "python": (("python", "编程"), ("python", "functions", "list", "errors")),
    "statistics": (("概率", "贝叶斯", "平均数"), ("average", "probability", "randomisation", "simpson")),
    "tea": (("茶", "泡茶", "水温"), ("tea", "kettle")),
    "classics": (("论语", "庄子", "束脩"), ("analects", "confucius")),
    "poetry": (("诗", "唐诗", "雪"), ("poem", "tang poems", "river snow")),
    "attention": (("注意力", "专注", "走神"), ("attention", "focus")),
    "learning": (("学习方法", "复习", "记忆"), ("learning", "study", "memory")),
}
"""What people type who look for a topic: in Chinese, in English."""

FRUITLESS: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("书法", "股票", "视频剪辑", "英语口语", "考研", "陶艺"),
    ("machine learning", "calligraphy", "photography", "yoga", "excel macros", "knitting"),
)
"""What people look for and the sample catalogue does not have: what to make next."""
