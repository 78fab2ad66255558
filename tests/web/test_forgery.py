"""A POST must come from our own pages."""

from itertools import count

import pytest

from tests.fixtures.web import Browser, House
from xingtan.web.edge import FORM_COOKIE
from xingtan.web.forgery import FIELD, HEADER

OUT = "/sign-out"
HERE = "http://testserver"


_names = count(1)


def newcomer(house: House) -> Browser:
    person = house.academy.person(f"Newcomer{next(_names)}")
    return Browser(house.app, house.academy.platform, session=house.academy.session_of(person.id))


@pytest.fixture
def learner(house: House) -> Browser:
    return newcomer(house)


@pytest.fixture
def owner(house: House) -> Browser:
    return house.callers["owner"]


@pytest.fixture
def client(house: House) -> Browser:
    return Browser(house.app, house.academy.platform)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("token", [None, "", "0" * 64, "杏"])
def test_a_form_without_its_token_is_refused(learner: Browser, token: str | None) -> None:
    fields = {} if token is None else {FIELD: token}
    assert learner.post(OUT, data=fields).status_code == 403
    assert is_signed_in(learner)


def test_somebody_elses_token_is_refused(learner: Browser, owner: Browser) -> None:
    assert learner.post(OUT, data={FIELD: owner.form_token}).status_code == 403
    assert is_signed_in(learner)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": f"{HERE}.evil.example"},
    ],
    ids=str,
)
def test_another_site_is_refused_even_with_the_token(learner: Browser, headers: dict[str, str]) -> None:
    assert learner.submit(OUT, headers=headers).status_code == 403
    assert is_signed_in(learner)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": HERE}], ids=str)
def test_our_own_form_is_taken(learner: Browser, headers: dict[str, str]) -> None:
    assert learner.submit(OUT, headers=headers).status_code == 303
    assert not is_signed_in(learner)


def test_a_script_sends_the_token_as_a_header(learner: Browser) -> None:
    assert learner.post(OUT, headers={HEADER: learner.form_token}).status_code == 303
    assert not is_signed_in(learner)


def test_a_token_in_the_query_does_not_count(learner: Browser) -> None:
    assert learner.post(f"{OUT}?{FIELD}={learner.form_token}").status_code == 403


def test_reading_needs_no_token(learner: Browser) -> None:
    assert learner.get("/shelf", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_strangers_form_has_a_cookie_and_a_token(client: Browser) -> None:
    page = client.get("/sign-in")
    cookie = page.cookies[FORM_COOKIE]
    assert cookie
    assert f'name="{FIELD}"' in page.text
    token = page.text.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    assert len(token) == 64
    body = {"email": "owner@example.org", "password": "wrong", "next": "/"}
    assert client.post("/sign-in", data=body).status_code == 403
    assert client.post("/sign-in", data={**body, FIELD: token}).status_code != 403


@pytest.mark.parametrize(
    "charset",
    [
        "charset=raw_unicode_escape",
        'Charset="unicode_escape"',
        "charset*=utf-8''utf-16",
        "charset=utf-8; charset=raw_unicode_escape",
        "charset*0=raw_unicode; charset*1=_escape",
    ],
)
def test_a_form_in_another_charset_is_not_read(learner: Browser, charset: str) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="{FIELD}"\r\n\r\n\\ud800\r\n--x--\r\n'
    answer = learner.post(OUT, content=body, headers={"Content-Type": f"multipart/form-data; boundary=x; {charset}"})
    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"'])
def test_a_form_in_our_charset_is_read(learner: Browser, charset: str) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="{FIELD}"\r\n\r\n{learner.form_token}\r\n--x--\r\n'
    answer = learner.post(OUT, content=body, headers={"Content-Type": f"multipart/form-data; boundary=x{charset}"})
    assert answer.status_code == 303


def test_a_notice_is_judged_by_its_signature_whoever_sends_it(owner: Browser) -> None:
    answer = owner.post("/webhooks/sandbox", data={"id": "evt_1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "notice-refused")
