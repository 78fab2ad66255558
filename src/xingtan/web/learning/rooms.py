"""Putting a lesson's page together: who may see it, what she sees, with the fewest questions to the database."""

import json
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge
from xingtan.web.language import Language
from xingtan.web.learning.addresses import (
    PUBLIC,
    feed_path,
    lesson_path,
    media_url,
    picture_url,
    product_path,
)
from xingtan.web.learning.books import BOOKS
from xingtan.web.learning.lesson_memory import KnownLesson
from xingtan.web.learning.pages import LastTry, LessonDoor, LessonRoom, Medium, NoteLine, Rail, RailLesson, RailSection
from xingtan.web.render import environment

_NEARLY_ALL = 0.8
"""Who finished a text and comes back to it begins at its beginning."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the reader in this product: her access to each lesson, and how far she is in each."""

    held: dict[UUID, learning.Access]
    states: dict[UUID, learning.LessonState]


def look(session: Session, here: Edge, lesson: catalog.LessonPage) -> Seen:
    """Return the reader's access and progress: two queries for a person, none for a stranger."""
    now, viewer = here.platform.clock.now(), here.viewer
    since = learning.held_since(session, viewer, lesson.product.id, at=now)
    lines = {line.id: line for line in lesson.contents.lessons}
    held = {
        line.id: learning.access_of(
            viewer,
            is_preview=line.is_preview,
            released_after_days=line.released_after_days,
            held_since=since,
            at=now,
        )
        for line in lines.values()
    }
    held[lesson.id] = learning.access_of(
        viewer,
        is_preview=lesson.is_preview,
        released_after_days=lesson.released_after_days,
        held_since=since,
        at=now,
    )
    states = learning.lesson_states(session, viewer.person_id, lesson.product.id) if viewer.person_id else {}
    return Seen(held, states)


def rail(here: Edge, lesson: catalog.LessonPage, seen: Seen) -> Rail:
    """Return the contents beside the text."""
    done = {one.lesson_id for one in seen.states.values() if one.completed_at is not None}
    base = here.url(lesson_path(lesson.product.slug, ""))

    def line(one: catalog.LessonLine) -> Markup:
        return _line(
            here.language,
            RailLesson(
                title=one.title,
                kind=one.kind,
                minutes=one.minutes,
                href=base + one.slug,
                is_done=one.id in done,
                is_here=one.id == lesson.id,
                reason=seen.held[one.id].reason,
            ),
        )

    sections = tuple(
        RailSection(section.title, tuple(line(one) for one in section.lessons)) for section in lesson.contents.sections
    )
    lessons = lesson.contents.lessons
    return Rail(sections, sum(one.id in done for one in lessons), len(lessons))


@lru_cache(maxsize=8192)
def _line(language: Language, line: RailLesson) -> Markup:
    """Return a line of the contents; the same for every reader in the same state."""
    html = environment(language).get_template("learning/_line.html").render(line=line)
    return Markup(html)  # noqa: S704 - escaped by its template


def room(
    session: Session, here: Edge, known: KnownLesson, *, seen: Seen, attempt: learning.AttemptView | None
) -> LessonRoom:
    """Return the page of an open lesson. One query for notes, one for tries where there are questions."""
    lesson, viewer = known.page, here.viewer
    slug = lesson.product.slug
    html = text_in_place(here, known)
    is_held = seen.held[lesson.id].reason in {"held", "staff"}
    notes = learning.lesson_notes(
        session, viewer, lesson.id, version_id=lesson.version_id, html=html, vault=here.platform.vault
    )
    has_tries = viewer.person_id is not None and bool(lesson.questions)
    return LessonRoom(
        product=lesson.product,
        lesson=lesson,
        html=html,
        rail=rail(here, lesson, seen),
        state=seen.states.get(lesson.id),
        medium=_medium(here, lesson.media) if lesson.media else None,
        notes=tuple(note_line(here, note, lesson_href=here.url(lesson_path(slug, lesson.slug))) for note in notes),
        attempt=attempt,
        last_try=_last_try(session, here, lesson) if has_tries and attempt is None else None,
        is_held=is_held,
        position=_position(seen.states.get(lesson.id)),
        product_id=public_id("product", lesson.product.id),
        lesson_id=public_id("lesson", lesson.id),
        version_id=public_id("version", lesson.version_id),
        previous_href=here.url(lesson_path(slug, lesson.previous.slug)) if lesson.previous else None,
        next_href=here.url(lesson_path(slug, lesson.next.slug)) if lesson.next else None,
        book_href=here.url(f"/learn/{slug}/book.epub") if is_held and lesson.product.kind in BOOKS else None,
        feed_href=here.url(feed_path(slug)) if is_held and lesson.product.kind == "podcast" else None,
    )


def _position(state: learning.LessonState | None) -> str:
    """Return the reader's place as JSON for the script that brings her there; empty when she may as well begin anew."""
    if state is None or (state.completed_at is not None and (state.position.scroll or 0) > _NEARLY_ALL):
        return ""
    known = {name: getattr(state.position, name) for name in learning.Position.__dataclass_fields__}
    return json.dumps({name: value for name, value in known.items() if value is not None})


def note_line(here: Edge, note: learning.NoteView, *, lesson_href: str) -> NoteLine:
    """Return a note as pages show it."""
    public = public_id("note", note.id)
    return NoteLine(
        id=public,
        kind=note.kind,
        quote=note.quote,
        text=note.text,
        start=note.anchor.start if note.anchor else 0,
        end=note.anchor.end if note.anchor else 0,
        is_orphan=note.is_orphan,
        created_at=note.created_at,
        href=f"{lesson_href}#{public}",
        change_href=here.url(f"/notes/{public}"),
    )


def _last_try(session: Session, here: Edge, lesson: catalog.LessonPage) -> LastTry | None:
    newest = next(iter(learning.attempts(session, here.viewer, lesson.id)), None)
    if newest is None:
        return None
    path = lesson_path(lesson.product.slug, lesson.slug)
    href = here.url(f"{path}?attempt={public_id('attempt', newest.id)}#answers")
    return LastTry(href, newest.points, newest.max_points)


def door(session: Session, here: Edge, lesson: catalog.LessonPage, *, seen: Seen) -> LessonDoor:
    """Return the page in front of a closed lesson: title, outline and price, and not a word of the text."""
    product, now = lesson.product, here.platform.clock.now()
    academy = here.request.app.state.academy.current()
    currency = academy.currency if academy else "CNY"
    offers = commerce.offers_for(session, [product.id], currency=currency, at=now)
    preview = next(iter(lesson.contents.previews), None)
    return LessonDoor(
        product=product,
        title=lesson.title,
        kind=lesson.kind,
        minutes=lesson.minutes,
        number=lesson.number,
        headings=tuple(entry.text for entry in lesson.toc),
        rail=rail(here, lesson, seen),
        offer=offers.get(product.id),
        opens_at=seen.held[lesson.id].opens_at,
        product_href=here.url(product_path(product.slug)),
        preview_href=here.url(lesson_path(product.slug, preview.slug)) if preview else None,
    )


def text_in_place(here: Edge, known: KnownLesson) -> Markup:
    """Return the lesson's HTML with the addresses of its pictures and of other lessons."""
    slug, audience = known.page.product.slug, audience_of(here)

    def asset_url(asset_id: UUID, width: int | None) -> str:
        asset = known.assets.get(asset_id)
        if asset is None:
            return ""
        if asset.is_public and asset.variants:
            return picture_url(asset_id, width=_nearest(asset, width)) or ""
        return media_url(here.platform, asset, audience=PUBLIC if asset.is_public else audience)

    placed = catalog.place(
        known.page.html, asset_url=asset_url, lesson_url=lambda lesson: here.url(lesson_path(slug, lesson))
    )
    return Markup(placed)  # noqa: S704 - sanitised when it was saved


def _nearest(asset: catalog.AssetView, width: int | None) -> int:
    """Return the smallest width that is enough, else the largest there is."""
    widths = sorted(int(one) for one in asset.variants)
    wanted = width or widths[-1]
    return next((one for one in widths if one >= wanted), widths[-1])


def audience_of(here: Edge) -> str:
    """Return for whom addresses on this page are signed: the person, or everyone on a stranger's page."""
    return str(here.person_id) if here.person_id is not None else PUBLIC


def _medium(here: Edge, asset: catalog.AssetView) -> Medium:
    src = media_url(here.platform, asset, audience=audience_of(here))
    return Medium(src, asset.media_type, asset.name, asset.size, asset.media_type == "application/pdf")
