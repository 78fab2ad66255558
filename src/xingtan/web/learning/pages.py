"""What the templates of the learner's rooms are given."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.learning import api as learning


@dataclass(frozen=True, slots=True)
class RailLesson:
    """A lesson in the contents beside the text."""

    title: str
    kind: str
    minutes: int
    href: str
    is_done: bool
    is_here: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RailSection:
    """A part of the product in the contents; `title` may be empty, `lessons` are list items."""

    title: str
    lessons: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Rail:
    """The contents beside the text, and how many lessons are done."""

    sections: tuple[RailSection, ...]
    done_count: int
    lesson_count: int


@dataclass(frozen=True, slots=True)
class Medium:
    """A recording or a file of a lesson, at an address of the reader's own."""

    src: str
    media_type: str
    name: str
    size: int
    is_pdf: bool


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note as pages show it; `end` is 0 when its words are nowhere in the text."""

    id: str
    kind: str
    quote: str
    text: str
    start: int
    end: int
    is_orphan: bool
    created_at: datetime
    href: str
    change_href: str


@dataclass(frozen=True, slots=True)
class LastTry:
    """The newest submitted try at a quiz."""

    href: str
    points: int
    max_points: int


@dataclass(frozen=True, slots=True)
class LessonRoom:
    """An open lesson."""

    template: ClassVar[str] = "learning/lesson.html"
    product: catalog.ProductCard
    lesson: catalog.LessonPage
    html: Markup
    rail: Rail
    state: learning.LessonState | None
    medium: Medium | None
    notes: tuple[NoteLine, ...]
    attempt: learning.AttemptView | None
    last_try: LastTry | None
    is_held: bool
    position: str
    product_id: str
    lesson_id: str
    version_id: str
    previous_href: str | None
    next_href: str | None
    book_href: str | None
    feed_href: str | None


@dataclass(frozen=True, slots=True)
class LessonDoor:
    """A lesson that is not open to this reader: what it is, what is around it, what it costs. No paid byte."""

    template: ClassVar[str] = "learning/door.html"
    product: catalog.ProductCard
    title: str
    kind: str
    minutes: int
    number: int
    headings: tuple[str, ...]
    rail: Rail
    offer: commerce.OfferView | None
    opens_at: datetime | None
    product_href: str
    preview_href: str | None


@dataclass(frozen=True, slots=True)
class LivePage:
    """A lecture's own page for those who hold it."""

    template: ClassVar[str] = "learning/live.html"
    product: catalog.ProductCard
    starts_at: datetime
    ends_at: datetime
    link: str
    link_from: datetime
    is_over: bool
    replay_href: str | None
    calendar_href: str


@dataclass(frozen=True, slots=True)
class ConsultingPage:
    """What happens after an hour was bought."""

    template: ClassVar[str] = "learning/consulting.html"
    product: catalog.ProductCard
    minutes: int
    how: str


@dataclass(frozen=True, slots=True)
class ShelfBook:
    """Something on the shelf."""

    item: learning.ShelfItem
    href: str
    cover_src: str | None


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """What a person holds: what she is in, what waits, what is done."""

    template: ClassVar[str] = "learning/shelf.html"
    going_on: ShelfBook | None
    started: tuple[ShelfBook, ...]
    waiting: tuple[ShelfBook, ...]
    done: tuple[ShelfBook, ...]


@dataclass(frozen=True, slots=True)
class NotesOfLesson:
    """A lesson and one's notes in it."""

    title: str
    notes: tuple[NoteLine, ...]


@dataclass(frozen=True, slots=True)
class NotesOfProduct:
    """A product and one's notes in it, lesson by lesson."""

    title: str
    href: str
    lessons: tuple[NotesOfLesson, ...]


@dataclass(frozen=True, slots=True)
class NotesPage:
    """All notes of a person's own."""

    template: ClassVar[str] = "learning/notes.html"
    products: tuple[NotesOfProduct, ...]
    count: int


@dataclass(frozen=True, slots=True)
class NotePage:
    """One note, to change or to take away."""

    template: ClassVar[str] = "learning/note.html"
    item: learning.NoteOfLesson
    note_id: str
    errors: dict[str, str]
    back: str
