"""Signing in through the pages: S1 to S5 and the bad inputs of signing in."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

import pyotp
import pytest
from sqlalchemy import func, select

from tests.fixtures.web import PASSWORD, Academy, Browser
from tests.web.identity.conftest import fill, insist, letters, link_in
from xingtan.core.clock import ManualClock
from xingtan.domains.identity import api as identity
from xingtan.domains.identity.models import Person
from xingtan.web.edge import SESSION_COOKIE, form_token
from xingtan.web.identity.cookies import TICKET_COOKIE


def sign_in(browser: Browser, email: str = "owner@example.org", password: str = PASSWORD, next_path: str = "/") -> int:
    answer = fill(browser, "/sign-in", {"email": email, "password": password, "next": next_path})
    return int(answer.status_code)


def test_a_person_signs_in_by_password_and_goes_where_she_was_going(client: Browser) -> None:
    first = client.get("/account/sessions")
    assert first.status_code == 303
    page = first.headers["location"]
    assert page == "/sign-in?next=/account/sessions"
    answer = fill(
        client, page, {"email": "OWNER@example.org", "password": PASSWORD, "next": "/account/sessions"}, to="/sign-in"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert client.get("/account/sessions").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Browser) -> None:
    answer = fill(client, "/sign-in", {"email": "owner@example.org", "password": PASSWORD})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(SESSION_COOKIE))
    for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=2592000"):
        assert word in cookie
    assert "Secure" not in cookie  # the made-up academy's address is http


def test_s1_session_fixation_a_planted_session_is_not_adopted(client: Browser, academy: Academy) -> None:
    planted = academy.session_of(academy.learner.id)
    client.cookies.set(SESSION_COOKIE, planted)
    client.form_token = form_token(academy.platform, planted)
    answer = client.submit("/sign-in", {"email": "owner@example.org", "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.cookies[SESSION_COOKIE] != planted
    old = academy.read(
        lambda s: identity.open_session(s, planted, clock=academy.platform.clock, vault=academy.platform.vault)
    )
    assert old is None


def test_s1_a_changed_password_signs_every_other_browser_out(
    academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    here, there = open_browser(academy.owner), open_browser(academy.owner)
    answer = fill(here, "/account", {"current": PASSWORD, "password": "a new apricot sentence"}, to="/account/password")
    assert answer.headers["location"] == "/account?saved=password"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert any("has just been changed" in text for text in letters(academy))


def test_the_current_password_is_asked_before_a_new_one(owner: Browser) -> None:
    answer = fill(
        owner, "/account", {"current": "a guess at it", "password": "a new apricot sentence"}, to="/account/password"
    )
    assert answer.status_code == 422
    assert 'id="f-current-error"' in answer.text


def test_s3_a_form_without_its_token_or_from_another_site_is_refused(owner: Browser, academy: Academy) -> None:
    good = {"name": "New Name", "language": "en"}
    assert owner.post("/account", data=good).status_code == 403
    assert owner.post("/account", data={**good, "csrf_token": "0" * 64}).status_code == 403
    evil = {"Origin": "https://evil.example"}
    assert owner.submit("/account", good, headers=evil).status_code == 403
    assert owner.submit("/account", good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert owner.submit("/account", good).status_code == 303
    shown = academy.read(
        lambda s: identity.person(s, academy.viewer(academy.owner), academy.owner.id, vault=academy.platform.vault)
    )
    assert shown.name == "New Name"


def test_login_csrf_a_foreign_page_cannot_sign_anybody_in(client: Browser) -> None:
    client.get("/sign-in")
    answer = client.post(
        "/sign-in",
        data={"email": "owner@example.org", "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert SESSION_COOKIE not in answer.cookies


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: Browser, another: Callable[[], Browser]
) -> None:
    known = fill(client, "/sign-in", {"email": "owner@example.org", "password": "not it at all"})
    unknown = fill(another(), "/sign-in", {"email": "nobody@example.org", "password": "not it at all"})
    assert known.status_code == unknown.status_code == 422
    assert _body(known.text, "owner@example.org") == _body(unknown.text, "nobody@example.org")


def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    slow = identity.passwords(is_fast=False)
    made = slow.hash(PASSWORD)
    took = []
    for stored in (made, None):
        started = time.perf_counter()
        assert not slow.matches("not it at all", stored)
        took.append(time.perf_counter() - started)
    assert min(took) > max(took) / 5


def test_asking_for_a_link_says_the_same_of_known_and_unknown_addresses(
    client: Browser, another: Callable[[], Browser], academy: Academy
) -> None:
    known = fill(client, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    unknown = fill(another(), "/sign-in", {"email": "nobody@example.org"}, to="/sign-in/link")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert len(letters(academy)) == 2


def test_a_stranger_signs_up_by_link(client: Browser, another: Callable[[], Browser], academy: Academy) -> None:
    fill(
        client, "/sign-in?next=/account/data", {"email": "new@example.org", "next": "/account/data"}, to="/sign-in/link"
    )
    path = link_in(letters(academy)[0])
    phone = another()
    shown = phone.get(path)
    assert shown.status_code == 200
    assert "n…@example.org" in shown.text
    assert "new@example.org" not in shown.text
    answer = fill(phone, path, {"name": "<script>alert(1)</script>"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/account/data")
    account = phone.get("/account").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in account
    assert "<script>alert(1)" not in account


def test_a_mail_scanner_that_visits_the_link_does_not_burn_it(client: Browser, academy: Academy) -> None:
    fill(client, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    path = link_in(letters(academy)[0])
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code in (200, 405)
    assert fill(client, path).status_code == 303


def test_a_reused_and_an_old_link_are_gone(
    client: Browser, academy: Academy, clock: ManualClock, another: Callable[[], Browser]
) -> None:
    fill(client, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    path = link_in(letters(academy)[0])
    assert fill(client, path).status_code == 303
    assert another().get(path).status_code == 410
    assert another().submit(path).status_code == 410
    other = another()
    fill(other, "/sign-in", {"email": "lily@example.org"}, to="/sign-in/link")
    path = link_in(letters(academy)[0])
    clock.advance(minutes=20)
    assert other.get(path).status_code == 410


def test_a_weak_password_of_a_newcomer_is_named_and_the_link_lives_on(client: Browser, academy: Academy) -> None:
    fill(client, "/sign-in", {"email": "new@example.org"}, to="/sign-in/link")
    path = link_in(letters(academy)[0])
    answer = fill(client, path, {"name": "Neo", "password": "password123"})
    assert answer.status_code == 422
    assert 'id="f-password-error"' in answer.text
    assert 'value="Neo"' in answer.text
    assert fill(client, path, {"name": "Neo", "password": "a fine long sentence"}).status_code == 303


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/%2F/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
    ],
)
def test_an_open_redirect_ends_at_home(client: Browser, another: Callable[[], Browser], evil: str) -> None:
    answer = fill(
        client,
        "/sign-in?" + urlencode({"next": evil}),
        {"email": "owner@example.org", "password": PASSWORD, "next": evil},
        to="/sign-in",
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (
        "evil.example"
        not in another().get("/sign-in?" + urlencode({"next": evil})).text.split("<main")[1].split("</main")[0]
    )


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a@b@example.org",
        "lin@example.org\r\nBcc: all@example.org",
        "\x00@example.org",
        "x" * 300 + "@example.org",
        "<script>@example.org",
        "lin@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused_at_its_field_and_kept(client: Browser, academy: Academy, email: str) -> None:
    answer = fill(client, "/sign-in", {"email": email}, to="/sign-in/link")
    assert answer.status_code == 422
    assert 'id="f-email-error"' in answer.text
    assert "<script>@" not in answer.text
    assert letters(academy) == []


def test_ten_thousand_guesses_are_cut_off_and_the_owner_still_gets_in_by_link(
    client: Browser, another: Callable[[], Browser], academy: Academy
) -> None:
    """S5: what stops the guesser does not stop the rightful owner."""
    guesses = {"email": "owner@example.org", "password": "guess"}
    answers = insist(client, "/sign-in", [guesses] * 200)
    assert answers[:10] == [422] * 10
    assert set(answers[10:]) == {429}
    limited = fill(client, "/sign-in", {**guesses, "password": PASSWORD})
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) >= 1
    assert "/sign-in/link" in limited.text
    answer = fill(another(), "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    assert answer.status_code == 303
    assert fill(another(), link_in(letters(academy)[0])).status_code == 303


def test_mail_bombing_is_cut_off_and_the_last_letters_still_work(client: Browser, academy: Academy) -> None:
    answers = insist(client, "/sign-in", [{"email": "owner@example.org"}] * 8, to="/sign-in/link")
    assert answers == [303] * 5 + [429] * 3
    sent = letters(academy)
    assert len(sent) == 5
    assert fill(client, link_in(sent[-1])).status_code == 303


def test_sql_in_the_fields_is_only_text(client: Browser, academy: Academy) -> None:
    count = academy.read(lambda s: s.scalar(select(func.count()).select_from(Person)))
    answer = fill(client, "/sign-in", {"email": "' OR 1=1; DROP TABLE person; --", "password": "' OR '1'='1"})
    assert answer.status_code == 422
    assert academy.read(lambda s: s.scalar(select(func.count()).select_from(Person))) == count


def test_signing_out_ends_the_session_on_the_server(owner: Browser, academy: Academy) -> None:
    token = owner.cookies[SESSION_COOKIE]
    assert owner.get("/sign-out").status_code == 405
    answer = owner.submit("/sign-out")
    assert answer.status_code == 303
    gone = academy.read(
        lambda s: identity.open_session(s, token, clock=academy.platform.clock, vault=academy.platform.vault)
    )
    assert gone is None


def set_up_totp(browser: Browser, clock: ManualClock) -> tuple[pyotp.TOTP, list[str]]:
    """Set an authenticator up through the pages; return it and the recovery codes."""
    fill(browser, "/account/security", to="/account/security/totp")
    shown = browser.get("/account/security").text
    secret = shown.partition("<code>")[2].partition("</code>")[0]
    assert "data:image/svg+xml" in shown
    totp = pyotp.TOTP(secret)
    answer = fill(browser, "/account/security", {"code": totp.at(clock.now())}, to="/account/security/totp/confirm")
    assert answer.status_code == 200
    codes = [
        part.partition("</code>")[0] for part in answer.text.split('class="grid gap-s codes"')[1].split("<code>")[1:]
    ]
    assert len(codes) == 10
    return totp, codes


def test_s2_the_second_factor_is_asked_and_each_code_works_once(
    owner: Browser, academy: Academy, clock: ManualClock, another: Callable[[], Browser]
) -> None:
    totp, _ = set_up_totp(owner, clock)
    browser = another()
    answer = fill(browser, "/sign-in", {"email": "owner@example.org", "password": PASSWORD, "next": "/account"})
    assert answer.headers["location"] == "/sign-in/second-factor?next=%2Faccount"
    assert SESSION_COOKIE not in browser.cookies
    assert browser.get("/account").status_code == 303
    spent = fill(browser, "/sign-in/second-factor", {"code": totp.at(clock.now())})
    assert spent.status_code == 422  # the code that confirmed the authenticator is spent
    clock.advance(seconds=30)
    code = totp.at(clock.now())
    arrived = fill(browser, "/sign-in/second-factor", {"code": f"{code[:3]} {code[3:]}", "next": "/account"})
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/account")
    assert browser.get("/account").status_code == 200
    second = another()
    sign_in(second)
    assert fill(second, "/sign-in/second-factor", {"code": code}).status_code == 422


def test_s2_a_recovery_code_works_once(owner: Browser, clock: ManualClock, another: Callable[[], Browser]) -> None:
    _, codes = set_up_totp(owner, clock)
    answers = []
    for code in (codes[0], codes[0], codes[1].lower()):
        browser = another()
        sign_in(browser)
        answers.append(fill(browser, "/sign-in/second-factor", {"code": code}).status_code)
    assert answers == [303, 422, 303]


def test_s1_stepping_up_gives_a_new_session(owner: Browser, clock: ManualClock, another: Callable[[], Browser]) -> None:
    before = owner.cookies[SESSION_COOKIE]
    set_up_totp(owner, clock)
    tokens = [cookie.value for cookie in owner.cookies.jar if cookie.name == SESSION_COOKIE]
    assert tokens[-1] != before
    assert owner.get("/account").status_code == 200
    thief = another()
    thief.cookies.set(SESSION_COOKIE, before)
    assert thief.get("/account").status_code == 303


def test_a_million_codes_are_not_tried(owner: Browser, clock: ManualClock, another: Callable[[], Browser]) -> None:
    set_up_totp(owner, clock)
    browser = another()
    sign_in(browser)
    answers = [fill(browser, "/sign-in/second-factor", {"code": f"{n:06}"}).status_code for n in range(8)]
    assert answers == [422] * 4 + [429] * 4  # confirming counted as the first of five


def test_a_ticket_opens_nothing_but_the_second_factor(
    owner: Browser, clock: ManualClock, another: Callable[[], Browser], academy: Academy
) -> None:
    set_up_totp(owner, clock)
    browser = another()
    sign_in(browser)
    ticket = browser.cookies[TICKET_COOKIE]
    thief = another()
    thief.cookies.set(SESSION_COOKIE, ticket)
    assert thief.get("/account").status_code == 303
    clock.advance(minutes=10)
    assert browser.get("/sign-in/second-factor").headers["location"] == "/sign-in"


def test_a_link_does_not_go_round_the_second_factor(
    owner: Browser, clock: ManualClock, academy: Academy, another: Callable[[], Browser]
) -> None:
    set_up_totp(owner, clock)
    browser = another()
    fill(browser, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    answer = fill(browser, link_in(letters(academy)[0]))
    assert answer.headers["location"].startswith("/en/sign-in/second-factor")


def test_the_authenticator_is_removed_only_with_a_code_and_its_owner_is_told(
    owner: Browser, clock: ManualClock, academy: Academy
) -> None:
    _, codes = set_up_totp(owner, clock)
    wrong = fill(owner, "/account/security", {"code": "000000"}, to="/account/security/totp/remove")
    assert wrong.status_code == 422
    right = fill(owner, "/account/security", {"code": codes[3]}, to="/account/security/totp/remove")
    assert right.status_code == 303
    assert any("protection" in text or "passkey of your account" in text for text in letters(academy))


def _body(page: str, email: str) -> list[str]:
    """Return a page without what differs from one form, and one address, to the next."""
    lines = page.replace(email, "").splitlines()
    return [line for line in lines if "csrf_token" not in line and "data-token" not in line]
