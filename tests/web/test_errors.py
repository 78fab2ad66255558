"""Errors at the edge: a number, a stable code, a sentence in the reader's language; a page for people."""

from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tests.fixtures.web import Browser, House
from xingtan.core.errors import (
    Broken,
    Conflict,
    Invalid,
    LimitReached,
    NotAllowed,
    NotFound,
    Refused,
    Unavailable,
    XingtanError,
    say,
)
from xingtan.web import errors
from xingtan.web.edge import SignInFirst

RAISED: dict[str, tuple[Callable[[], Exception], int, str]] = {
    "missing": (lambda: NotFound(say("There is nothing here.")), 404, "not-found"),
    "forbidden": (lambda: NotAllowed(say("Your role does not allow this.")), 403, "not-allowed"),
    "nobody": (lambda: SignInFirst("/shelf?a=1"), 401, "sign-in-first"),
    "conflict": (lambda: Conflict(say("There is nothing here.")), 409, "conflict"),
    "invalid": (lambda: Invalid.of("name", say("There is nothing here.")), 422, "invalid"),
    "often": (
        lambda: LimitReached(say("Too many tries. Please wait a little."), retry_after_s=7),
        429,
        "limit-reached",
    ),
    "refused": (lambda: Refused(say("There is nothing here.")), 400, "refused"),
    "away": (lambda: Unavailable(say("The database does not answer.")), 503, "unavailable"),
    "broken": (lambda: Broken("the secret ingredient is gone"), 500, "broken"),
    "unforeseen": (lambda: ZeroDivisionError("the secret ingredient is gone"), 500, "broken"),
}


@pytest.fixture(scope="module")
def browser(house: House) -> Browser:
    def fail(kind: str) -> None:
        error = RAISED[kind][0]()
        raise error

    house.app.add_api_route("/fail/{kind}", fail, methods=["GET", "POST"])  # type: ignore[attr-defined]
    return Browser(house.app, house.academy.platform, raise_server_exceptions=False)


@pytest.mark.parametrize("kind", RAISED)
def test_programs_get_problem_details(browser: Browser, kind: str) -> None:
    _, status, code = RAISED[kind]
    answer = browser.get(f"/fail/{kind}", headers={"Accept": "application/json", "Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/api#{code}")
    assert "secret ingredient" not in answer.text
    assert ("errors" in body) == (kind == "invalid")
    assert answer.headers.get("retry-after") == ("7" if kind == "often" else None)
    assert answer.headers.get("www-authenticate") == ("Bearer" if kind == "nobody" else None)


@pytest.mark.parametrize("kind", [kind for kind in RAISED if kind != "nobody"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_get_a_page_in_their_language(browser: Browser, kind: str, language: str) -> None:
    answer = browser.get(f"/{language}/fail/{kind}")
    assert answer.status_code == RAISED[kind][1]
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "private, no-store"
    assert ('lang="zh-Hans"' if language == "zh" else 'lang="en"') in answer.text[:300]
    assert "secret ingredient" not in answer.text
    assert "Traceback" not in answer.text


def test_a_stranger_is_sent_to_sign_in_and_back(browser: Browser) -> None:
    answer = browser.get("/zh/fail/nobody")
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/sign-in?next=/shelf%3Fa%3D1")
    assert browser.post("/fail/nobody").headers["location"] == "/sign-in?next=/"


def test_the_sentence_is_translated(browser: Browser) -> None:
    said = {
        language: browser.get("/fail/missing", headers={"Accept": "application/json", "Accept-Language": language})
        for language in ("zh", "en")
    }
    assert said["en"].json()["title"] == "There is nothing here."
    assert said["zh"].json()["title"] != said["en"].json()["title"]


def test_addresses_that_lead_nowhere(browser: Browser) -> None:
    assert browser.get("/no/such/page").status_code == 404
    assert browser.get("/api/v1/no-such").headers["content-type"] == "application/problem+json"
    assert browser.request("BREW", "/about").status_code == 405
    assert browser.delete("/about").status_code == 405


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("path", "kind"), [("/sign-in", FORM), ("/api/v1/orders", "application/json")])
def test_a_body_that_says_it_is_too_large_is_refused(browser: Browser, path: str, kind: str) -> None:
    declared = {"Content-Length": str(10**9), "Content-Type": kind, "Accept": "application/json"}
    answer = browser.post(path, content=b"x" * 5_000_000, headers=declared)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_body_that_lies_about_its_size_is_cut_off(browser: Browser) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    answer = browser.post("/sign-in", content=endless(), headers={"Accept": "application/json", "Content-Type": FORM})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_every_error_has_its_number() -> None:
    def all_of(kind: type[XingtanError]) -> Iterator[type[XingtanError]]:
        for below in kind.__subclasses__():
            yield below
            yield from all_of(below)

    for kind in all_of(XingtanError):
        assert 400 <= errors.status_of_kind(kind) < 600, kind


def test_what_broke_is_logged_by_its_route_and_not_by_its_path(browser: Browser) -> None:
    with capture_logs() as lines:
        browser.get("/fail/unforeseen")
    (line,) = [line for line in lines if line["event"] == "unforeseen"]
    assert line["route"] == "/fail/{kind}"
    assert "/fail/unforeseen" not in str({name: value for name, value in line.items() if name != "exc_info"})


@pytest.mark.parametrize(
    "path", ["/works/%00", "/en/works/%00", "/learn/a%00b", "/learn/x/%00", "/checkout/%00", "/sandbox/pay/%00"]
)
def test_an_address_that_no_database_keeps_is_nowhere(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404
