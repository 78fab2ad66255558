"""What the templates of the studio's first room are given."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from xingtan.core.money import Money
from xingtan.domains.insight import api as insight
from xingtan.infra.jobs import JobView
from xingtan.infra.mail import SentLetter


@dataclass(frozen=True, slots=True)
class SpanSales:
    """What came in over a span of days, in the academy's currency."""

    net: Money
    orders: int
    free_orders: int


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of small days: SVG points in a box of 1000 by 120, the best day and the ends."""

    points: str
    area: str
    top: Money
    first_day: date
    last_day: date
    has_any: bool


@dataclass(frozen=True, slots=True)
class Sales:
    """Sales of today, of seven days and of thirty, with the thirty days as a line. `others` names other currencies."""

    today: SpanSales
    week: SpanSales
    month: SpanSales
    spark: Spark
    others: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Learners:
    """People who learn: `new` opened their first lesson, `active` any lesson. Everyone counts."""

    new_today: int
    new_month: int
    active_today: int
    active_month: int


@dataclass(frozen=True, slots=True)
class Seller:
    """A product by orders paid and kept."""

    title: str
    href: str
    sold: int
    share: int


@dataclass(frozen=True, slots=True)
class LessonLine:
    """A lesson that people are in: how many opened it these thirty days, how many of them finished it."""

    title: str
    product: str
    href: str
    people: int
    done: int


@dataclass(frozen=True, slots=True)
class MailState:
    """Letters of today: None where mail leaves by SMTP and no folder keeps it."""

    kept: int
    newest: tuple[SentLetter, ...]
    is_folder: bool


@dataclass(frozen=True, slots=True)
class TodayPage:
    """The studio's first page: each part only for those who may see it (None: not this person)."""

    template: ClassVar[str] = "insight/today.html"
    day: date
    sales: Sales | None
    learners: Learners | None
    sellers: tuple[Seller, ...] | None
    lessons: tuple[LessonLine, ...] | None
    fruitless: tuple[insight.FruitlessSearch, ...] | None
    funnel: tuple[insight.FunnelStep, ...] | None
    mail: MailState | None
    jobs: dict[str, int] | None
    dead: tuple[JobView, ...]


@dataclass(frozen=True, slots=True)
class MailPage:
    """The letters in the mail folder, newest first."""

    template: ClassVar[str] = "insight/mail.html"
    letters: tuple[SentLetter, ...]
    is_folder: bool


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One letter."""

    template: ClassVar[str] = "insight/letter.html"
    letter: SentLetter
    html_href: str | None


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in the list; `revive_href` only for a dead one."""

    kind: str
    state: str
    attempts: int
    run_at: datetime
    error: str
    progress: str
    revive_href: str | None


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Jobs of one state or of all, newest first."""

    template: ClassVar[str] = "insight/jobs.html"
    counts: dict[str, int]
    state: str
    jobs: tuple[JobLine, ...]
