"""The typed pages of the shop window: what each template is given."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from xingtan.web.language import Language
from xingtan.web.storefront.browsing import Choice, Listing
from xingtan.web.storefront.cards import Card, Price, TopicLink
from xingtan.web.storefront.seo import Head, Picture

Marked = tuple[tuple[str, bool], ...]
"""Text in pieces, and whether each is what was asked for."""


@dataclass(frozen=True, slots=True)
class Continuing:
    """A product that the reader is in the middle of."""

    path: str
    title: str
    language: Language
    lesson: str
    done: int
    lessons: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What is published, counted: works and lessons, and how many of the works are free."""

    works: int
    lessons: int
    free: int


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page."""

    template: ClassVar[str] = "storefront/home.html"
    head: Head
    words: str
    teacher: str
    about: Markup
    continuing: tuple[Continuing, ...]
    featured: tuple[Card, ...]
    newest: tuple[Card, ...]
    topics: tuple[TopicLink, ...]
    sums: Sums
    sample: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """The list of everything, filtered. `links` holds the address of each kind with the other filters kept."""

    template: ClassVar[str] = "storefront/catalogue.html"
    head: Head
    choice: Choice
    listing: Listing
    kinds: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    more: str
    place: str = "catalogue"


@dataclass(frozen=True, slots=True)
class TopicPage:
    """Everything about a topic."""

    template: ClassVar[str] = "storefront/topic.html"
    head: Head
    name: str
    listing: Listing
    more: str
    topics: tuple[TopicLink, ...]
    place: str = "catalogue"


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found; the words asked for are marked."""

    path: str
    title: Marked
    snippet: Marked


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product with what was found in it; `title` has the words asked for marked, or is plain."""

    card: Card
    title: Marked
    snippet: Marked
    lessons: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found. `suggestions` is shown when that is nothing."""

    template: ClassVar[str] = "storefront/search.html"
    head: Head
    query: str
    products: tuple[FoundProduct, ...]
    total: int
    more: str
    suggestions: tuple[Card, ...]
    topics: tuple[TopicLink, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A line of the contents. `path` is empty when this reader cannot open it."""

    path: str
    title: str
    kind: str
    minutes: int
    is_preview: bool
    opens_after_days: int
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the contents."""

    title: str
    minutes: int
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """The same work in another language."""

    path: str
    title: str
    language: Language


@dataclass(frozen=True, slots=True)
class Buying:
    """The price box. `path` is where buying begins; `amount`, `floor`, `step` are plain decimals for the form field."""

    price: Price
    path: str
    amount: str
    floor: str
    step: str
    refund_days: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What the reader has: where it opens and what comes there (empty: nothing to read), how far she is."""

    path: str
    lesson: str
    is_started: bool
    done: int
    lessons: int
    book: str
    feed: str


@dataclass(frozen=True, slots=True)
class Episode:
    """The free episode that plays on the page."""

    title: str
    src: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Lecture:
    """When a live lecture takes place."""

    starts_at: datetime
    in_full: str
    minutes: int
    is_past: bool
    calendar: str


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A product's page."""

    template: ClassVar[str] = "storefront/work.html"
    head: Head
    key: str
    seen: str
    kind: str
    language: Language
    is_published: bool
    title: str
    subtitle: str
    summary: str
    author: str
    difficulty: str
    minutes: int
    lesson_count: int
    updated_at: datetime
    picture: Picture | None
    topics: tuple[TopicLink, ...]
    description: Markup
    audience: tuple[str, ...]
    outcomes: tuple[str, ...]
    parts: tuple[Part, ...]
    sample: str
    buying: Buying
    holding: Holding | None
    editions: tuple[Edition, ...]
    requirements: tuple[Card, ...]
    contains: tuple[Card, ...]
    apart: Price | None
    bundles: tuple[Card, ...]
    sold: int
    lecture: Lecture | None
    consulting: str
    consulting_minutes: int
    episode: Episode | None
    feed: str
    place: str = "catalogue"


@dataclass(frozen=True, slots=True)
class AboutPage:
    """About the academy and its teacher."""

    template: ClassVar[str] = "storefront/about.html"
    head: Head
    about: Markup
    teacher: str
    contact: str
    sums: Sums
    place: str = "about"


@dataclass(frozen=True, slots=True)
class LegalPage:
    """Privacy, or terms and refunds."""

    template: ClassVar[str] = "storefront/legal.html"
    head: Head
    title: str
    text: Markup


@dataclass(frozen=True, slots=True)
class FeedPage:
    """The private address of a podcast's feed."""

    template: ClassVar[str] = "storefront/feed.html"
    head: Head
    title: str
    language: Language
    path: str
    address: str
