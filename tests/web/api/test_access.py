"""Access given and taken back, sessions ended, letters, lectures, feeds, and one's own data."""

from datetime import timedelta
from typing import Any

from tests.fixtures.web import Browser
from tests.web.api.conftest import House, problem
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.mail import Letter, compose

TITLE = "A lecture"


def made(house: House, **content: Any) -> str:
    body = {"language": "en", **content}
    slug = house.call("POST", "/products", json=body).json()["slug"]
    assert house.call("POST", f"/products/{slug}/publish").status_code == 200
    return str(slug)


def holder(house: House, name: str, slug: str) -> str:
    """Let somebody hold a product; return her token."""
    person = house.academy.person(name)
    product = house.academy.read(lambda session: catalog.product_by_slug(session, slug))
    house.academy.give(person.id, product.id)
    return house.academy.token(person, "read:mine", "write:mine")


def test_access_is_given_and_taken_back(house: House) -> None:
    person = house.academy.person("Guest")
    token = house.academy.token(person, "read:mine")
    path, body = f"/people/{house.id('person', person.id)}/holdings", {"product": ""}
    body["product"] = house.id("product", house.academy.course.id)
    assert problem(house.call("GET", f"/lessons/{house.lesson}", token=token)) == (403, "not-bought")
    given = house.call("POST", path, "support", json=body)
    assert (given.status_code, given.json()["source"], given.json()["is_live"]) == (201, "grant", True)
    assert house.call("GET", f"/lessons/{house.lesson}", token=token).status_code == 200
    assert problem(house.call("POST", path, "support", json=body)) == (409, "conflict")
    assert house.call("GET", path, "support").json()["items"] == [given.json()]
    assert problem(house.call("DELETE", f"{path}/{house.id('entitlement')}", "support")) == (404, "not-found")
    assert house.call("DELETE", f"{path}/{given.json()['id']}", "support").status_code == 204
    assert problem(house.call("GET", f"/lessons/{house.lesson}", token=token)) == (403, "not-bought")
    (ended,) = house.call("GET", path, "support").json()["items"]
    assert (ended["is_live"], ended["end_reason"]) == (False, "taken back")
    acts = house.call("GET", f"/audit?subject={house.id('person', person.id)}").json()["items"]
    assert [act["action"] for act in acts] == ["access.ended", "access.given"]
    nothing = {"product": house.id("product")}
    assert problem(house.call("POST", path, "support", json=nothing)) == (422, "invalid")
    nobody = f"/people/{house.id('person')}/holdings"
    assert problem(house.call("POST", nobody, "support", json=body)) == (404, "not-found")


def test_a_lost_device_is_signed_out(house: House) -> None:
    person = house.academy.person("Lost")
    browser = Browser(house.app, house.academy.platform, session=house.academy.session_of(person.id))
    assert browser.get("/api/v1/me").status_code == 200
    assert house.call("DELETE", f"/people/{house.id('person', person.id)}/sessions", "support").status_code == 204
    assert problem(browser.get("/api/v1/me")) == (401, "sign-in-first")
    owner = f"/people/{house.id('person', house.academy.owner.id)}/sessions"
    assert problem(house.call("DELETE", owner, "support")) == (403, "not-allowed")
    token = house.academy.token(house.academy.owner, "write:people")
    assert problem(house.call("DELETE", owner, token=token)) == (403, "not-allowed")
    assert house.call("GET", "/me").status_code == 200


def test_letters_are_read_in_person_only(house: House) -> None:
    letter = Letter("ann@example.org", "A link for you", "https://testserver/sign-in/secret")
    house.academy.platform.mailer.send(compose(letter, "academy@example.org", clock=house.clock))
    listed = house.call("GET", "/mail", "owner").json()["items"]
    assert listed[0]["subject"] == "A link for you"
    assert house.call("GET", f"/mail/{listed[0]['id']}", "owner").json() == listed[0]
    token = house.academy.token(house.academy.owner, "read:academy")
    assert problem(house.call("GET", "/mail", token=token)) == (403, "session-needed")
    for role in ("editor", "support"):  # a letter may hold a sign-in link
        assert problem(house.call("GET", f"/mail/{listed[0]['id']}", role)) == (403, "not-allowed")
    for name in ("..%2F..%2Fmaster.key", "no-such", "%00"):
        assert house.call("GET", f"/mail/{name}", "owner").status_code in (404, 422)


def test_a_lectures_link_opens_half_an_hour_before(house: House) -> None:
    starts = house.clock.now() + timedelta(hours=2)
    live = {"starts_at": starts.isoformat(), "minutes": 60, "link": "https://meet.example/room"}
    slug = made(house, kind="live", title=TITLE, live=live)
    public = house.call("GET", f"/products/{slug}", "stranger")
    assert "meet.example" not in public.text
    token = holder(house, "Hearer", slug)
    path, before = f"/products/{slug}/live", house.clock.now()
    assert problem(house.call("GET", path, "learner")) == (404, "not-found")
    assert house.call("GET", path, token=token).json()["link"] == ""
    try:
        house.clock.set(starts - timedelta(minutes=30))
        assert house.call("GET", path, token=token).json()["link"] == "https://meet.example/room"
        house.clock.set(starts + timedelta(hours=3))
        assert house.call("GET", path, token=token).json()["link"] == ""
    finally:
        house.clock.set(before)


def test_a_feed_is_ones_own_and_outlives_retirement(house: House) -> None:
    slug = made(house, kind="podcast", title="A podcast")
    token = holder(house, "Listener", slug)
    first = house.call("POST", f"/products/{slug}/feed", token=token).json()["url"]
    assert house.call("POST", f"/products/{slug}/feed", token=token).json()["url"] == first
    assert house.callers["stranger"].get(first).status_code == 200
    second = house.call("POST", f"/products/{slug}/feed/renew", token=token).json()["url"]
    assert second != first
    assert house.callers["stranger"].get(first).status_code == 404
    assert problem(house.call("POST", f"/products/{slug}/feed", "learner")) == (404, "not-found")
    assert problem(house.call("POST", f"/products/{house.course}/feed", token=token)) == (404, "not-found")
    product = house.academy.read(lambda session: catalog.product_by_slug(session, slug))
    house.academy.write(lambda s: catalog.retire_product(s, product.id, viewer=SYSTEM, clock=house.clock))
    assert house.call("POST", f"/products/{slug}/feed", token=token).json()["url"] == second


def test_ones_own_data_is_ones_own(house: House) -> None:
    mine = house.call("GET", "/me/data", "learner")
    assert mine.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert mine.headers["cache-control"] == "private, no-store"
    assert "lily@example.org" in mine.text
    assert "owner@example.org" not in mine.text
