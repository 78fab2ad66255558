"""Products without a text of their own: a lecture at an instant, an hour of somebody's time, a bundle."""

from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.addresses import lesson_path, product_path
from xingtan.web.learning.pages import ConsultingPage, LivePage
from xingtan.web.learning.serving import disposition
from xingtan.web.render import render

router = APIRouter()

LINK_OPENS_BEFORE = timedelta(minutes=30)
_OVERRUN = timedelta(hours=1)
_ICS = "text/calendar"


def visible_product(here: Edge, slug: str) -> catalog.ProductCard:
    """Return the product at `slug`; `NotFound` for one never published, unless held or by staff."""
    card = here.read(lambda session: catalog.product_by_slug(session, slug))
    is_known = card.state not in {"draft", "scheduled"} or here.viewer.may(Permission.CATALOG_READ)
    if not (is_known or _is_held(here, card)):
        raise NotFound(say("There is no such product."))
    return card


def own_page(here: Edge, card: catalog.ProductCard) -> Response | None:
    """Return the page of a lecture, an hour or a bundle; None for everything that is read lesson by lesson."""
    if card.kind not in {"live", "consulting", "bundle"}:
        return None
    if not _is_held(here, card):
        return RedirectResponse(here.url(product_path(card.slug)), status_code=303)
    if card.kind == "bundle":
        return RedirectResponse(here.url("/shelf"), status_code=303)
    return render(here, _live(here, card) if card.kind == "live" else _consulting(here, card))


def _is_held(here: Edge, card: catalog.ProductCard) -> bool:
    now, viewer = here.platform.clock.now(), here.viewer
    is_held = here.read(lambda session: learning.held_since(session, viewer, card.id, at=now)) is not None
    return is_held or viewer.may(Permission.CONTENT_USE)


def _live(here: Edge, card: catalog.ProductCard) -> LivePage:
    with here.platform.database.reading() as session:
        live = catalog.live_details(session, card.id)
        lessons = catalog.contents(session, here.viewer, card.id).lessons
    if live is None:
        raise NotFound(say("There is no date for this lecture yet."))
    now = here.platform.clock.now()
    ends_at, link_from = live.starts_at + timedelta(minutes=live.minutes), live.starts_at - LINK_OPENS_BEFORE
    replay = next((one.slug for one in lessons if one.slug == live.replay_lesson), None)
    replay = replay or (lessons[0].slug if lessons else None)
    return LivePage(
        product=card,
        starts_at=live.starts_at,
        ends_at=ends_at,
        link=live.link if link_from <= now < ends_at + _OVERRUN else "",
        link_from=link_from,
        is_over=now >= ends_at,
        replay_href=here.url(lesson_path(card.slug, replay)) if replay and now >= ends_at else None,
        calendar_href=here.url(f"/learn/{card.slug}/calendar.ics"),
    )


def _consulting(here: Edge, card: catalog.ProductCard) -> ConsultingPage:
    page = here.read(lambda session: catalog.product_page(session, here.viewer, card.slug))
    consulting = page.content.consulting
    if consulting is None:
        raise NotFound(say("There is nothing here."))
    return ConsultingPage(card, consulting.minutes, consulting.how)


@router.get("/learn/{product}/calendar.ics")
def calendar(here: EdgeDep, product: str) -> Response:
    """The lecture as an entry for the reader's calendar; the link to it stays on its page."""
    with here.platform.database.reading() as session:
        card = catalog.product_by_slug(session, product)
        live = catalog.live_details(session, card.id)
    if live is None or (card.state != "published" and not _is_held(here, card)):
        raise NotFound(say("There is no date for this lecture yet."))
    ics = _calendar(card, live, url=here.absolute(f"/learn/{card.slug}"), now=here.platform.clock.now())
    headers = {"Content-Disposition": disposition(f"{card.slug}.ics", _ICS)}
    return Response(ics, media_type=_ICS, headers=headers)


def _calendar(card: catalog.ProductCard, live: catalog.Live, *, url: str, now: datetime) -> bytes:
    from icalendar import Calendar, Event  # noqa: PLC0415 - it knows every time zone, and takes its time to

    entry = Event()
    entry.add("uid", f"{card.id}@xingtan")
    entry.add("dtstamp", now)
    entry.add("dtstart", live.starts_at)
    entry.add("dtend", live.starts_at + timedelta(minutes=live.minutes))
    entry.add("summary", card.title)
    entry.add("description", card.summary)
    entry.add("url", url)
    book = Calendar()
    book.add("prodid", "-//Xingtan//xingtan//EN")
    book.add("version", "2.0")
    book.add_component(entry)
    return bytes(book.to_ical())
