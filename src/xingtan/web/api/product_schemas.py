"""Products as programs read and write them."""

from typing import Annotated, Literal

from pydantic import Field

from xingtan.core.money import Money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.fields import (
    Amount,
    AmountIn,
    AssetId,
    At,
    In,
    Instant,
    LessonId,
    Line,
    LongText,
    OfferId,
    Out,
    ProductId,
    SectionId,
    ShortText,
    VersionId,
    Whole,
)
from xingtan.web.learning.addresses import picture_url, product_path

ProductKind = Literal["course", "column", "article", "ebook", "podcast", "live", "consulting", "bundle"]
Language = Literal["zh", "en"]
Difficulty = Literal["beginner", "intermediate", "advanced"]
State = Literal["draft", "scheduled", "published", "retired"]
Sort = Literal["position", "newest", "title", "shortest", "soonest", "changed"]
_SlugIn = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Topic(Out):
    """A subject, named in each language, and how many published products are about it (in the list of topics)."""

    slug: str
    names: dict[str, str]
    products: int | None = None


class TopicIn(In):
    """A topic's names by language, and its place in the list."""

    names: dict[Language, Line]
    position: Whole | None = None


class Picture(Out):
    """A public picture and the addresses of its smaller copies by width in pixels."""

    id: AssetId
    width: int | None
    height: int | None
    urls: dict[str, str]

    @classmethod
    def of(cls, asset: catalog.AssetView | None) -> "Picture | None":
        """Return the picture; None for none, and for one that strangers may not see."""
        if asset is None or not asset.is_public:
            return None
        urls = {width: picture_url(asset.id, width=int(width)) or "" for width in asset.variants}
        return cls(id=asset.id, width=asset.width, height=asset.height, urls=urls)


class Offer(Out):
    """A price. With `pay_what_you_want` the buyer decides, above `floor`; `price` is what is suggested."""

    id: OfferId
    product_id: ProductId
    model: str
    price: Amount
    floor: Amount | None
    starts_at: At
    ends_at: At | None
    retired_at: At | None

    @classmethod
    def of(cls, offer: commerce.OfferView) -> "Offer":
        """Return the offer as programs read it."""
        return cls(
            id=offer.id, product_id=offer.product_id, model=offer.model, price=Amount.of(offer.price),
            floor=Amount.of_any(offer.floor), starts_at=offer.starts_at, ends_at=offer.ends_at,
            retired_at=offer.retired_at,
        )  # fmt: skip


class ProductLine(Out):
    """A product as lists show it. `offer` is what it costs now; null: it cannot be bought. `path` is its page."""

    id: ProductId
    slug: str
    kind: str
    language: str
    state: str
    title: str
    subtitle: str
    summary: str
    author: str
    difficulty: str
    minutes: int
    lesson_count: int
    starts_at: At | None
    published_at: At | None
    publish_at: At | None
    updated_at: At
    topics: list[Topic]
    cover: Picture | None
    offer: Offer | None
    path: str

    @classmethod
    def of(
        cls, card: catalog.ProductCard, *, cover: catalog.AssetView | None, offer: commerce.OfferView | None
    ) -> "ProductLine":
        """Return the product as lists show it."""
        return cls(
            id=card.id, slug=card.slug, kind=card.kind, language=card.language, state=card.state, title=card.title,
            subtitle=card.subtitle, summary=card.summary, author=card.author, difficulty=card.difficulty,
            minutes=card.minutes, lesson_count=card.lesson_count, starts_at=card.starts_at,
            published_at=card.published_at, publish_at=card.publish_at, updated_at=card.updated_at,
            topics=[Topic(slug=topic.slug, names=dict(topic.names)) for topic in card.topics],
            cover=Picture.of(cover), offer=Offer.of(offer) if offer else None, path=product_path(card.slug),
        )  # fmt: skip


class LessonLine(Out):
    """A lesson in the contents."""

    id: LessonId
    slug: str
    number: int
    title: str
    kind: str
    minutes: int
    is_preview: bool
    released_after_days: int
    is_published: bool

    @classmethod
    def of(cls, lesson: catalog.LessonLine) -> "LessonLine":
        """Return the lesson as contents show it."""
        return cls(
            id=lesson.id, slug=lesson.slug, number=lesson.number, title=lesson.title, kind=lesson.kind,
            minutes=lesson.minutes, is_preview=lesson.is_preview, released_after_days=lesson.released_after_days,
            is_published=lesson.is_published,
        )  # fmt: skip


class Section(Out):
    """A part of a product and its lessons."""

    id: SectionId
    title: str
    lessons: list[LessonLine]


class Contents(Out):
    """What is inside a product, in reading order."""

    product_id: ProductId
    sections: list[Section]

    @classmethod
    def of(cls, contents: catalog.Contents) -> "Contents":
        """Return the contents as programs read them."""
        sections = [
            Section(id=section.id, title=section.title, lessons=[LessonLine.of(line) for line in section.lessons])
            for section in contents.sections
        ]
        return cls(product_id=contents.product_id, sections=sections)


class LiveIn(In):
    """When a lecture is, and where; `replay_lesson` is the slug of the lesson with its recording."""

    starts_at: Instant
    minutes: Annotated[Whole, Field(ge=1, le=100_000)]
    link: ShortText = ""
    replay_lesson: Line = ""


class ConsultingIn(In):
    """How long a consultation takes and how it comes about."""

    minutes: Annotated[Whole, Field(ge=1, le=100_000)]
    how: ShortText = ""


class ContentIn(In):
    """What is said about a product."""

    title: Line
    subtitle: Line = ""
    summary: ShortText = ""
    description_md: LongText = ""
    audience: Annotated[tuple[Line, ...], Field(max_length=30)] = ()
    outcomes: Annotated[tuple[Line, ...], Field(max_length=30)] = ()
    author: Line = ""
    difficulty: Difficulty = "beginner"
    cover: AssetId | None = None
    live: LiveIn | None = None
    consulting: ConsultingIn | None = None

    def content(self) -> catalog.ProductContent:
        """Return the content as the catalogue takes it."""
        live, consulting = self.live, self.consulting
        return catalog.ProductContent(
            title=self.title, subtitle=self.subtitle, summary=self.summary, description_md=self.description_md,
            audience=self.audience, outcomes=self.outcomes, author=self.author,
            difficulty=self.difficulty, cover_asset_id=self.cover,
            live=catalog.Live(live.starts_at, live.minutes, live.link, live.replay_lesson) if live else None,
            consulting=catalog.Consulting(consulting.minutes, consulting.how) if consulting else None,
        )  # fmt: skip


class ProductIn(ContentIn):
    """A new product, as a draft. Without a slug it gets one from its title; unknown topics are made."""

    kind: ProductKind
    language: Language
    slug: _SlugIn | None = None
    topics: Annotated[tuple[Line, ...], Field(max_length=30)] = ()
    requires: Annotated[tuple[ProductId, ...], Field(max_length=30)] = ()
    contains: Annotated[tuple[ProductId, ...], Field(max_length=100)] = ()
    work_key: Annotated[str, Field(max_length=80)] | None = None


class ProductSave(ContentIn):
    """What is said about a product, anew and whole. Surroundings that are left out stay as they are."""

    slug: _SlugIn | None = None
    topics: Annotated[tuple[Line, ...], Field(max_length=30)] | None = None
    requires: Annotated[tuple[ProductId, ...], Field(max_length=30)] | None = None
    contains: Annotated[tuple[ProductId, ...], Field(max_length=100)] | None = None
    work_key: Annotated[str, Field(max_length=80)] | None = None


class Schedule(In):
    """When the product is to be published."""

    publish_at: Instant


class Order(In):
    """Products in the order in which lists are to show them."""

    products: Annotated[tuple[ProductId, ...], Field(min_length=1, max_length=200)]


class LiveOut(Out):
    """When a lecture is. The `link` is for staff here; buyers find it on the shelf."""

    starts_at: At
    minutes: int
    link: str
    replay_lesson: str


class ConsultingOut(Out):
    """How long a consultation takes and how it comes about."""

    minutes: int
    how: str


class Content(Out):
    """What is said about a product; `description_html` is safe to show."""

    title: str
    subtitle: str
    summary: str
    description_md: str
    description_html: str
    audience: list[str]
    outcomes: list[str]
    author: str
    difficulty: str
    cover: AssetId | None
    live: LiveOut | None
    consulting: ConsultingOut | None

    @classmethod
    def of(cls, content: catalog.ProductContent, *, html: str) -> "Content":
        """Return the content with the addresses in its HTML in place."""
        live, consulting = content.live, content.consulting
        return cls(
            title=content.title, subtitle=content.subtitle, summary=content.summary,
            description_md=content.description_md, description_html=html, audience=list(content.audience),
            outcomes=list(content.outcomes), author=content.author, difficulty=content.difficulty,
            cover=content.cover_asset_id,
            live=LiveOut(starts_at=live.starts_at, minutes=live.minutes, link=live.link,
                         replay_lesson=live.replay_lesson) if live else None,
            consulting=ConsultingOut(minutes=consulting.minutes, how=consulting.how) if consulting else None,
        )  # fmt: skip


class Product(ProductLine):
    """A product with everything that its page shows."""

    content: Content
    contents: Contents
    requires: list[ProductId]
    contains: list[ProductId]
    editions: dict[str, ProductId]


class Version(Out):
    """A saved version; what learners see is the published one."""

    id: VersionId
    number: int
    title: str
    saved_at: At
    is_published: bool
    is_draft: bool

    @classmethod
    def of(cls, line: catalog.VersionLine) -> "Version":
        """Return the version as programs read it."""
        return cls(
            id=line.id, number=line.number, title=line.title, saved_at=line.saved_at, is_published=line.is_published,
            is_draft=line.is_draft,
        )  # fmt: skip


class Draft(Out):
    """A product as its editor sees it: the newest saved version, and the versions before it."""

    id: ProductId
    slug: str
    kind: str
    language: str
    state: str
    number: int
    has_unpublished_changes: bool
    content: Content
    topics: list[str]
    requires: list[ProductId]
    contains: list[ProductId]
    contents: Contents
    versions: list[Version]


class OfferIn(In):
    """A new price. It takes the place of what it overlaps; orders placed before keep theirs."""

    model: Literal["once", "free", "pay_what_you_want"]
    price: AmountIn
    floor: AmountIn | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class SectionIn(In):
    """A section's title (may be empty), and its place among the product's sections (0: first)."""

    title: Line = ""
    place: Annotated[Whole, Field(ge=0)] | None = None


def money_or_none(value: AmountIn | None) -> Money | None:
    """Return the amount; None for none."""
    return None if value is None else value.money
