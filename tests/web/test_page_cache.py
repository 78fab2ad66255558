"""Pages kept for strangers: no private byte is ever among them, and none is older than what it shows."""

import asyncio
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from tests.fixtures.web import Academy, Browser, House
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.cache import PageCache
from xingtan.web.edge import FORM_COOKIE, SESSION_COOKIE
from xingtan.web.page_cache import StrangersPages
from xingtan.web.render import PUBLIC

MARK = PUBLIC.encode()
BODY = b"a page of some length, which is worth compressing. " * 20


@dataclass
class Asked:
    """An answer as the server would send it."""

    status: int
    headers: dict[str, str]
    body: bytes


class Room:
    """An application with one page; it counts how often it was rendered."""

    def __init__(self, *headers: tuple[bytes, bytes], status: int = 200, body: bytes = BODY) -> None:
        self.headers, self.status, self.body = list(headers), status, body
        self.rendered = 0
        self.while_rendering: Callable[[], None] = lambda: None

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.rendered += 1
        self.while_rendering()
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        half = len(self.body) // 2
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[half:]})


def ask(
    room: Room, cache: PageCache, path: str = "/", *, method: str = "GET", query: str = "", language: str = "en",
    prefix: str = "", **headers: str,
) -> Asked:  # fmt: skip
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "state": {"language": language, "prefix": prefix},
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(StrangersPages(room, cache=cache)(scope, receive, send))
    start, *bodies = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Asked(start["status"], found, b"".join(message.get("body", b"") for message in bodies))


def kept(cache: PageCache) -> list[Any]:
    return list(cache._pages.values())


def test_a_marked_page_is_rendered_once() -> None:
    room, cache = Room((MARK, b"1"), (b"content-type", b"text/html"), (b"cache-control", b"no-store")), PageCache()
    first, second = ask(room, cache), ask(room, cache)
    assert (room.rendered, first.body, second.body) == (1, BODY, BODY)
    assert first.headers == second.headers
    assert PUBLIC not in first.headers
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert first.headers["content-type"] == "text/html"
    assert re.fullmatch('"[0-9a-f]{32}"', first.headers["etag"])
    assert int(first.headers["content-length"]) == len(BODY)


def test_what_a_browser_has_is_not_sent_again() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    etag = ask(room, cache).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        answer = ask(room, cache, if_none_match=known)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in answer.headers
    assert ask(room, cache, if_none_match='"other"').body == BODY


def test_a_page_travels_small_where_the_browser_likes_it() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    small = ask(room, cache, accept_encoding="br, gzip")
    assert gzip.decompress(small.body) == BODY
    assert (small.headers["content-encoding"], int(small.headers["content-length"])) == ("gzip", len(small.body))
    assert ask(room, cache).body == BODY
    assert "Accept-Encoding" in small.headers["vary"]


def test_a_head_is_a_page_without_its_body() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    whole = ask(room, cache)
    head = ask(room, cache, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_languages_prefixes_paths_and_queries_are_apart() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    ways: list[dict[str, Any]] = [
        {},
        {"language": "zh"},
        {"prefix": "/zh", "language": "zh"},
        {"prefix": "/en"},
        {"path": "/other"},
        {"query": "a=1"},
        {"query": "a=2"},
    ]
    for way in ways:
        path = way.pop("path", "/")
        ask(room, cache, path, **way)
    assert (room.rendered, len(kept(cache))) == (len(ways), len(ways))


def test_a_key_cannot_be_forged_by_its_parts() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    ask(room, cache, "/a", query="b=1")
    ask(room, cache, "/a?b=1", query="")
    ask(room, cache, "/a", query="b=1?")
    assert room.rendered == 3


# The law: whatever is asked and whatever is answered, a page is kept if and only if a stranger asked, and it is one
# that was rendered for strangers, whole, and sets no cookie.
@given(
    session=st.booleans(),
    authorization=st.booleans(),
    other_cookie=st.booleans(),
    marked=st.booleans(),
    sets_cookie=st.booleans(),
    status=st.sampled_from([200, 201, 204, 206, 301, 304, 403, 404, 500]),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
    query=st.sampled_from(["", "q=1", "q=" + "x" * 400]),
)
def test_only_strangers_pages_are_kept(
    *, session: bool, authorization: bool, other_cookie: bool, marked: bool, sets_cookie: bool, status: int,
    method: str, query: str,
) -> None:  # fmt: skip
    cache = PageCache()
    headers = [(b"x-secret", b"for one")]
    headers += [(MARK, b"1")] if marked else []
    headers += [(b"set-cookie", b"a=b")] if sets_cookie else []
    room = Room(*headers, status=status)
    cookies = [f"{SESSION_COOKIE}=abc"] if session else []
    cookies += [f"{FORM_COOKIE}=def"] if other_cookie else []
    sent = {"cookie": "; ".join(cookies)} if cookies else {}
    sent |= {"authorization": "Bearer xt_x"} if authorization else {}
    answer = ask(room, cache, method=method, query=query, **sent)
    may_be_kept = (
        method == "GET" and marked and status == 200 and not (session or authorization or sets_cookie)
        and len(query) <= 300
    )  # fmt: skip
    assert len(kept(cache)) == int(may_be_kept)
    assert PUBLIC not in answer.headers
    assert (answer.status, answer.body) == (status, BODY)
    if not may_be_kept:
        assert "etag" not in answer.headers


def test_a_signed_in_person_is_never_given_a_kept_page() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    ask(room, cache)
    for headers in ({"cookie": f"a=1; {SESSION_COOKIE}=x"}, {"authorization": "Bearer x"}, {"authorization": ""}):
        assert ask(room, cache, **headers).body == BODY
    assert room.rendered == 4


def test_a_page_that_began_before_the_change_is_not_kept() -> None:
    room, cache = Room((MARK, b"1")), PageCache()
    room.while_rendering = cache.bump
    assert ask(room, cache).body == BODY
    assert kept(cache) == []
    room.while_rendering = lambda: None
    ask(room, cache)
    assert len(kept(cache)) == 1


def test_pages_that_are_cut_off_are_not_kept() -> None:
    cache = PageCache()

    class Broken(Room):
        async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(MARK, b"1")]})
            await send({"type": "http.response.body", "body": b"half a", "more_body": True})
            raise ConnectionError

    with pytest.raises(ConnectionError):
        ask(Broken(), cache)
    assert kept(cache) == []


# And the same, on the whole application.

PUBLIC_PATHS = (
    "/", "/catalogue", "/catalogue?language=en", "/about", "/search?q=numbers", "/works/reading-numbers",
    "/learn/reading-numbers/a-first-look", "/feed.xml", "/sitemap.xml", "/api", "/api/v1/products",
    "/api/v1/products/reading-numbers", "/api/v1/topics", "/api/v1/academy", "/api/v1/search?q=numbers",
    "/api/v1/openapi.json",
)  # fmt: skip
PRIVATE_PATHS = (
    "/shelf", "/notes", "/orders", "/account", "/studio", "/learn/reading-numbers/the-paid-part", "/sign-in",
    "/api/v1/me", "/api/v1/me/shelf", "/api/v1/orders",
)  # fmt: skip


def pages_of(app: Any) -> PageCache:
    return cast("PageCache", app.state.pages)


def everything_in(cache: PageCache) -> bytes:
    return b"".join(page.body + b"".join(value for _, value in page.headers) for page in kept(cache))


def test_no_private_byte_is_ever_kept(house: House) -> None:
    """Everyone looks at everything, by cookie and by token; what is kept then is what strangers alone would leave."""
    cache, stranger = pages_of(house.app), house.callers["stranger"]
    secrets = [b"owner@example.org", b"Lily", b"lily@example.org", b"secret apricot"]
    people = [browser for role, browser in house.callers.items() if role != "stranger"]
    token = house.academy.token(house.academy.owner, "read:mine", "read:catalog", "read:orders", "read:people")
    cache.bump()
    for path in (*PUBLIC_PATHS, *PRIVATE_PATHS):
        for browser in people:
            assert browser.get(path).status_code < 500, path
            assert browser.get(f"/zh{path}").status_code < 500, path
        stranger.get(path, headers={"Authorization": f"Bearer {token}"})
    assert kept(cache) == []
    for path in (*PUBLIC_PATHS, *PRIVATE_PATHS):
        assert stranger.get(path).status_code < 500, path
    before = everything_in(cache)
    assert len(kept(cache)) >= len(PUBLIC_PATHS)
    for path in (*PUBLIC_PATHS, *PRIVATE_PATHS):
        for browser in people:
            browser.get(path)
    assert everything_in(cache) == before
    for secret in secrets:
        assert secret not in before, secret
    assert re.findall(b'name="csrf_token" value="([^"]+)"', before) == []
    for session in (browser.cookies[SESSION_COOKIE] for browser in people):
        assert session.encode() not in before


def test_what_a_person_sees_says_that_it_is_hers(house: House) -> None:
    for path in (*PUBLIC_PATHS, *PRIVATE_PATHS):
        if path.startswith(("/feed", "/sitemap", "/api/v1/openapi")):
            continue
        answer = house.callers["owner"].get(path)
        if answer.status_code == 200:
            assert answer.headers["cache-control"] == "private, no-store", path
            assert PUBLIC not in answer.headers


@pytest.mark.parametrize("path", ["/catalogue", "/api/v1/products", "/works/reading-numbers"])
def test_a_kept_page_is_told_by_its_etag(house: House, path: str) -> None:
    stranger = house.callers["stranger"]
    first = stranger.get(path)
    again = stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    zh = stranger.get(f"/zh{path}")
    assert zh.headers["etag"] != first.headers["etag"] or path.startswith("/api/")


def catalogue(browser: Browser) -> tuple[str, str]:
    return browser.get("/catalogue").text, browser.get("/api/v1/products").text


def test_news_drops_what_is_kept(client: Browser, academy: Academy) -> None:
    def sees(words: str) -> bool:
        page, json = catalogue(client)
        assert (words in page) == (words in json)
        return words in json

    draft = academy.product("Brand new", summary="Fresh.")
    assert not sees("Brand new")
    academy.publish(draft.id)  # ProductPublished
    assert sees("Brand new")
    academy.price(draft.id, 12_300)  # OfferMade
    assert "123" in client.get("/works/" + draft.slug).text
    assert '"amount":"123.00"' in client.get(f"/api/v1/products/{draft.slug}").text
    academy.price(draft.id, 45_600)
    assert "456" in client.get("/works/" + draft.slug).text
    assert '"amount":"456.00"' in client.get(f"/api/v1/products/{draft.slug}").text


def test_what_does_not_concern_strangers_drops_nothing(client: Browser, academy: Academy, app: Any) -> None:
    catalogue(client)
    epoch = pages_of(app).epoch
    academy.product("A quiet draft")
    academy.person("Nobody")
    assert pages_of(app).epoch == epoch


def test_another_process_hears_of_it_too(client: Browser, academy: Academy, app: Any) -> None:
    """The watch sees, by the outbox alone, what a process without our listeners wrote."""
    from xingtan.infra import outbox

    catalogue(client)
    epoch, listeners = pages_of(app).epoch, list(outbox._listeners)
    draft = academy.product("From elsewhere")
    outbox._listeners.clear()
    try:
        academy.publish(draft.id)
    finally:
        outbox._listeners.extend(listeners)
    for _ in range(100):
        if pages_of(app).epoch != epoch:
            break
        asyncio.run(asyncio.sleep(0.05))
    assert pages_of(app).epoch > epoch
    assert "From elsewhere" in catalogue(client)[1]


@pytest.mark.parametrize("path", ["/search?q=numbers", "/api/v1/search?q=numbers"])
def test_what_was_found_before_the_index_knew_is_not_kept(client: Browser, academy: Academy, path: str) -> None:
    academy.write(lambda s: catalog.retire_product(s, academy.course.id, viewer=SYSTEM, clock=academy.platform.clock))
    assert academy.course.slug in client.get(path).text  # the index has not heard of it
    academy.work()
    assert academy.course.slug not in client.get(path).text
