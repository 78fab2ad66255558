"""Lectures, hours, bundles and books: what a holder finds behind their own address."""

import io
import zipfile
from datetime import timedelta

import pytest
from icalendar import Calendar

from tests.fixtures.web import Academy, Browser
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog

LINK = "https://meet.example.org/apricot"


@pytest.fixture
def lecture(academy: Academy, clock: ManualClock) -> catalog.ProductCard:
    live = catalog.Live(clock.now() + timedelta(days=3), 60, LINK)
    content = catalog.ProductContent(title="An evening", summary="We talk.", live=live)
    command = catalog.CreateProduct("live", "en", content, slug="an-evening")
    made = academy.write(lambda s: catalog.create_product(s, command, viewer=SYSTEM, clock=clock))
    return academy.publish(made.id)


def test_the_link_comes_half_an_hour_before_and_only_for_holders(
    academy: Academy, learner: Browser, lecture: catalog.ProductCard, clock: ManualClock
) -> None:
    assert learner.get("/learn/an-evening").headers["location"] == "/works/an-evening"
    academy.give(academy.learner.id, lecture.id)
    early = learner.get("/learn/an-evening").text
    assert LINK not in early
    assert "half an hour before we begin" in early
    clock.advance(days=3, minutes=-30)
    assert LINK in learner.get("/learn/an-evening").text
    clock.advance(hours=3)
    late = learner.get("/learn/an-evening").text
    assert LINK not in late
    assert "The lecture is over." in late


def test_the_calendar_entry_names_the_hour_and_not_the_link(
    client: Browser, lecture: catalog.ProductCard, clock: ManualClock
) -> None:
    answer = client.get("/learn/an-evening/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    entry = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert entry["dtstart"].dt == clock.now() + timedelta(days=3)
    assert entry["dtend"].dt - entry["dtstart"].dt == timedelta(hours=1)
    assert str(entry["summary"]) == lecture.title
    assert LINK.encode() not in answer.content


def test_there_is_no_calendar_entry_for_a_course(client: Browser) -> None:
    assert client.get("/learn/reading-numbers/calendar.ics").status_code == 404


def test_an_hour_says_how_it_is_found_only_to_its_buyer(academy: Academy, learner: Browser, clock: ManualClock) -> None:
    content = catalog.ProductContent(title="An hour", consulting=catalog.Consulting(60, "Write me three dates."))
    command = catalog.CreateProduct("consulting", "en", content, slug="an-hour")
    made = academy.write(lambda s: catalog.create_product(s, command, viewer=SYSTEM, clock=clock))
    academy.publish(made.id)
    assert learner.get("/learn/an-hour").status_code == 303
    academy.give(academy.learner.id, made.id)
    assert "Write me three dates." in learner.get("/learn/an-hour").text


def test_a_holder_takes_the_book_along(academy: Academy, learner: Browser, client: Browser) -> None:
    path = "/learn/reading-numbers/book.epub"
    assert client.get(path).status_code == 303
    assert learner.get(path).status_code == 403
    academy.give(academy.learner.id, academy.course.id)
    answer = learner.get(path)
    assert answer.headers["content-type"] == "application/epub+zip"
    assert answer.headers["cache-control"] == "private, no-store"
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    assert book.read("mimetype") == b"application/epub+zip"
    assert any(b"secret apricot" in book.read(name) for name in book.namelist() if name.endswith(".xhtml"))


def test_a_drip_cannot_be_taken_along_before_its_end(academy: Academy, learner: Browser, clock: ManualClock) -> None:
    product = academy.product("Slow", slug="slow")
    academy.add(product.id, "A week later", released_after_days=7)
    academy.publish(product.id)
    academy.give(academy.learner.id, product.id)
    assert learner.get("/learn/slow/book.epub").status_code == 403
    clock.advance(days=7)
    assert learner.get("/learn/slow/book.epub").status_code == 200


@pytest.mark.parametrize("path", ["/learn/{}", "/learn/{}/book.epub", "/learn/{}/calendar.ics"])
def test_a_draft_is_not_there_for_others(owner: Browser, learner: Browser, academy: Academy, path: str) -> None:
    draft, nothing = (learner.get(path.format(slug)) for slug in (academy.draft.slug, "no-such-work"))
    assert draft.status_code == nothing.status_code == 404
    assert "There is no such product." in draft.text or path.endswith(".ics")
    assert owner.get(f"/learn/{academy.draft.slug}").status_code == 303


def test_a_draft_given_beforehand_leads_to_the_shelf(learner: Browser, academy: Academy) -> None:
    academy.give(academy.learner.id, academy.draft.id)
    assert learner.get(f"/learn/{academy.draft.slug}").headers["location"] == "/shelf"
