"""What is said about a product, as a form: read from the draft or from what was typed, and turned into content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.ids import public_id
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import ids, instant, local, text, texts, whole

_PLAIN = (
    "title", "subtitle", "summary", "description_md", "audience", "outcomes", "author", "difficulty", "slug",
    "new_topics", "edition", "starts_at", "live_minutes", "link", "replay_lesson", "consulting_minutes", "how",
    "version",
)  # fmt: skip
_NEW = "new"


@dataclass(frozen=True, slots=True)
class ProductForm:
    """The fields of the form about a product. `typed` holds the plain ones; ids are public; `cover` may be empty."""

    typed: Mapping[str, str]
    topics: frozenset[str]
    requires: tuple[str, ...]
    contains: tuple[str, ...]
    cover: str

    @property
    def cover_id(self) -> UUID | None:
        """Return the cover's id, if there is one."""
        return next(iter(ids("asset", (self.cover,))), None)

    @property
    def version(self) -> int:
        """Return the number of the version that was on the screen; 0 when the form does not say."""
        number = self.typed["version"]
        return int(number) if number.isdecimal() and len(number) < 9 else 0  # noqa: PLR2004 - no such version


def from_draft(draft: catalog.ProductDraft, *, editions: Sequence[catalog.ProductCard], zone: ZoneInfo) -> ProductForm:
    """Return the form of the newest saved version."""
    content, card = draft.content, draft.card
    live, consulting = content.live, content.consulting
    other = next((one for one in editions if one.id != card.id), None)
    return ProductForm(
        typed={
            "title": content.title,
            "subtitle": content.subtitle,
            "summary": content.summary,
            "description_md": content.description_md,
            "audience": "\n".join(content.audience),
            "outcomes": "\n".join(content.outcomes),
            "author": content.author,
            "difficulty": content.difficulty,
            "slug": card.slug,
            "new_topics": "",
            "edition": public_id("product", other.id) if other else "",
            "starts_at": local(live.starts_at, zone) if live else "",
            "live_minutes": str(live.minutes) if live else "",
            "link": live.link if live else "",
            "replay_lesson": live.replay_lesson if live else "",
            "consulting_minutes": str(consulting.minutes) if consulting else "",
            "how": consulting.how if consulting else "",
            "version": str(draft.number),
        },
        topics=frozenset(one.slug for one in draft.topics),
        requires=tuple(public_id("product", one) for one in draft.requirement_ids),
        contains=tuple(public_id("product", one) for one in draft.contains_ids),
        cover=public_id("asset", content.cover_asset_id) if content.cover_asset_id else "",
    )


def from_form(form: FormData) -> ProductForm:
    """Return the form as it was typed."""
    return ProductForm(
        typed={name: text(form, name) for name in _PLAIN},
        topics=frozenset(texts(form, "topics")),
        requires=texts(form, "requires"),
        contains=texts(form, "contains"),
        cover="" if text(form, "no_cover") else text(form, "cover_id"),
    )


def to_content(form: ProductForm, *, kind: str, zone: ZoneInfo) -> catalog.ProductContent:
    """Return what the form says; `Invalid` for what cannot be read."""
    faults: dict[str, Sentence] = {}
    typed = form.typed
    starts_at = instant(typed["starts_at"], "starts_at", faults, zone=zone)
    content = catalog.ProductContent(
        title=typed["title"],
        subtitle=typed["subtitle"],
        summary=typed["summary"],
        description_md=typed["description_md"],
        audience=tuple(typed["audience"].splitlines()),
        outcomes=tuple(typed["outcomes"].splitlines()),
        author=typed["author"],
        difficulty=typed["difficulty"],
        cover_asset_id=form.cover_id,
        live=_live(typed, starts_at, faults) if kind == "live" else None,
        consulting=catalog.Consulting(whole(typed["consulting_minutes"], "consulting_minutes", faults), typed["how"])
        if kind == "consulting"
        else None,
    )
    if typed["slug"] == _NEW:
        faults["slug"] = say("The studio needs this address itself; please choose another.")
    if faults:
        raise Invalid(faults)
    return content


def _live(typed: Mapping[str, str], starts_at: datetime | None, faults: dict[str, Sentence]) -> catalog.Live | None:
    minutes = whole(typed["live_minutes"], "live_minutes", faults)
    if starts_at is None:
        return None
    return catalog.Live(starts_at, minutes, typed["link"].strip(), typed["replay_lesson"])


def topic_words(form: ProductForm) -> tuple[str, ...]:
    """Return the ticked topics and the new ones, which are parted by commas."""
    new = form.typed["new_topics"].replace("，", ",").replace("、", ",").split(",")
    return (*sorted(form.topics), *new)


def first_content(values: Mapping[str, str], *, zone: ZoneInfo) -> catalog.ProductContent:
    """Return the content with which a product begins: its title and, where its kind needs it, when and how long."""
    faults: dict[str, Sentence] = {}
    live = consulting = None
    if values["kind"] == "live":
        starts_at = instant(values["starts_at"], "starts_at", faults, zone=zone)
        minutes = whole(values["live_minutes"], "live_minutes", faults)
        live = catalog.Live(starts_at, minutes) if starts_at else None
    elif values["kind"] == "consulting":
        consulting = catalog.Consulting(whole(values["consulting_minutes"], "consulting_minutes", faults), "")
    if faults:
        raise Invalid(faults)
    return catalog.ProductContent(title=values["title"], live=live, consulting=consulting)
