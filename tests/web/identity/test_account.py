"""One's own account through the pages: profile, sessions, passkeys, tokens, consents, one's data."""

import json
from collections.abc import Callable

import pytest

from tests.domains.identity.authenticator import Authenticator
from tests.fixtures.web import Academy, Browser, shown
from tests.web.identity.conftest import TOKEN, fill, letters, link_in
from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.edge import CONSENT_COOKIE, SESSION_COOKIE

ORIGIN = "http://testserver"
PAGES = ["/account", "/account/security", "/account/sessions", "/account/data", "/account/tokens"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_account_opens_in_both_languages_and_is_stored_by_nobody(
    learner: Browser, page: str, language: str
) -> None:
    answer = learner.get(f"/{language}{page}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in answer.text[:200]


@pytest.mark.parametrize("page", [*PAGES, "/account/data/export"])
def test_a_stranger_is_asked_to_sign_in_first(client: Browser, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/account")


@pytest.mark.parametrize(
    "name", ["林知夏", "O'Brien <script>", "=cmd|' /C calc'!A0", "{{7*7}}", "</title><img src=x>", "👩‍👩‍👧"]
)
def test_a_name_is_data_and_never_markup(learner: Browser, name: str) -> None:
    assert fill(learner, "/account", {"name": name, "language": "en"}).status_code == 303
    page = learner.get("/account").text
    assert f'value="{_escaped(name)}"' in page
    assert "<img src=x>" not in page
    assert "49" not in page.partition('name="name"')[2][:60]


@pytest.mark.parametrize("name", ["", "a\nb", "a\u202eb", "x" * 81])
def test_what_is_no_name_is_refused_at_its_field(learner: Browser, name: str) -> None:
    answer = fill(learner, "/account", {"name": name, "language": "en"})
    assert answer.status_code == 422
    assert 'id="f-name-error"' in answer.text


def test_a_changed_language_is_spoken_at_once(learner: Browser) -> None:
    fill(learner, "/account", {"name": "Lily", "language": "zh"})
    assert 'lang="zh-Hans"' in learner.get("/account").text[:200]


def test_one_ends_ones_own_sessions_and_nobody_elses(
    academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    here, there, other = (open_browser(one) for one in (academy.learner, academy.learner, academy.other))
    mine, theirs = _sessions(academy, academy.learner), _sessions(academy, academy.other)
    assert (
        fill(here, "/account/sessions", to=f"/account/sessions/{shown('session', theirs[0].id)}/end").status_code == 404
    )
    assert other.get("/account").status_code == 200
    assert fill(here, "/account/sessions", to="/account/sessions/ses_nonsense/end").status_code == 404
    assert fill(here, "/account/sessions", to=f"/account/sessions/{mine[0].id}/end").status_code == 404
    answer = fill(here, "/account/sessions", to="/account/sessions/end-others")
    assert answer.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def passkey_options(browser: Browser, page: str, path: str) -> tuple[dict[str, str], str, str]:
    token = TOKEN.search(browser.get(page).text)
    assert token
    headers = {"X-CSRF-Token": token[1], "Accept": "application/json"}
    made = browser.post(path, json={}, headers=headers).json()
    return headers, made["challenge_id"], json.dumps(made["options"])


def add_passkey(browser: Browser, device: Authenticator) -> int:
    headers, challenge, options = passkey_options(browser, "/account/security", "/account/security/passkeys/options")
    answer = browser.post(
        "/account/security/passkeys",
        json={"challenge_id": challenge, "response": json.loads(device.register(options)), "label": "我的钥匙"},
        headers=headers,
    )
    return int(answer.status_code)


def test_s4_a_passkey_is_added_and_signs_in_without_a_second_factor(
    owner: Browser, another: Callable[[], Browser]
) -> None:
    device = Authenticator(ORIGIN)
    assert add_passkey(owner, device) == 200
    assert "我的钥匙" in owner.get("/account/security").text
    browser = another()
    headers, challenge, options = passkey_options(browser, "/sign-in", "/sign-in/passkey/options")
    body = {"challenge_id": challenge, "response": json.loads(device.sign_in(options)), "next": "//evil.example"}
    answer = browser.post("/sign-in/passkey", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"next": "/"})
    assert browser.get("/account/security").status_code == 200
    again = another()
    assert again.post("/sign-in/passkey", json=body, headers=headers).status_code in (400, 403)


def test_s4_an_answer_for_another_origin_is_refused(owner: Browser, another: Callable[[], Browser]) -> None:
    device = Authenticator(ORIGIN)
    assert add_passkey(owner, device) == 200
    device.origin = "https://evil.example"
    browser = another()
    headers, challenge, options = passkey_options(browser, "/sign-in", "/sign-in/passkey/options")
    body = {"challenge_id": challenge, "response": json.loads(device.sign_in(options))}
    answer = browser.post("/sign-in/passkey", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "passkey-refused")
    assert SESSION_COOKIE not in answer.cookies


def test_a_passkey_is_removed_by_its_owner_only(owner: Browser, learner: Browser, academy: Academy) -> None:
    add_passkey(owner, Authenticator(ORIGIN))
    view = academy.read(lambda s: identity.security(s, academy.owner.id, vault=academy.platform.vault))
    path = f"/account/security/passkeys/{view.passkeys[0].id}/remove"
    assert fill(learner, "/account/security", to=path).status_code == 404
    assert fill(owner, "/account/security", to=path).status_code == 303


@pytest.mark.parametrize(
    "body", ["{", "[]", "null", '{"challenge_id": 1}', '{"challenge_id": "x", "response": []}', "[" * 5000]
)
def test_broken_json_is_refused_plainly(client: Browser, body: str) -> None:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    answer = client.post("/sign-in/passkey", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_is_shown_once_and_revoked(owner: Browser, academy: Academy) -> None:
    answer = fill(
        owner, "/account/tokens", {"label": "<b>backup</b>", "scopes": ["read:orders", "read:mine"], "days": "30"}
    )
    secret = answer.text.partition('<code class="secret">')[2].partition("</code>")[0]
    assert secret.startswith("xt_")
    assert _bearer(academy, secret) is not None
    page = owner.get("/account/tokens").text
    assert secret not in page
    assert "&lt;b&gt;backup&lt;/b&gt;" in page
    token_id = page.partition("/account/tokens/tok_")[2].partition("/")[0]
    assert fill(owner, "/account/tokens", to=f"/account/tokens/tok_{token_id}/revoke").status_code == 303
    assert _bearer(academy, secret) is None


def test_a_learner_cannot_make_a_token_that_reaches_further_than_she_does(learner: Browser) -> None:
    answer = fill(learner, "/account/tokens", {"label": "x", "scopes": ["write:catalog"], "days": "30"})
    assert answer.status_code == 422
    assert "f-scopes" in answer.text
    assert fill(learner, "/account/tokens", {"label": "x", "scopes": ["nonsense"], "days": "30"}).status_code == 422
    assert fill(learner, "/account/tokens", {"label": "x", "days": "30"}).status_code == 422
    assert fill(learner, "/account/tokens", {"label": "x", "scopes": ["read:mine"], "days": "31"}).status_code == 422


def test_consents_are_switched_and_kept(learner: Browser, academy: Academy) -> None:
    fill(
        learner, "/account/data", {"purposes": ["analytics", "marketing_mail", "nonsense"]}, to="/account/data/consents"
    )
    assert _allowed(academy) == {"analytics", "marketing_mail"}
    assert learner.cookies[CONSENT_COOKIE] == "analytics"
    fill(learner, "/account/data", {"purposes": ["marketing_mail"]}, to="/account/data/consents")
    assert _allowed(academy) == {"marketing_mail"}
    assert learner.cookies[CONSENT_COOKIE] == "none"
    assert learner.get("/account/data").text.count(" checked>") == 1


def test_a_browser_follows_what_its_person_has_chosen_elsewhere(
    client: Browser, learner: Browser, another: Callable[[], Browser], academy: Academy
) -> None:
    fill(learner, "/account/data", {"purposes": ["analytics"]}, to="/account/data/consents")
    answers = []
    for wanted in (["analytics"], []):
        fill(learner, "/account/data", {"purposes": wanted}, to="/account/data/consents")
        browser = another()
        fill(browser, "/sign-in", {"email": "lily@example.org"}, to="/sign-in/link")
        fill(browser, link_in(letters(academy)[0]))
        answers.append(browser.cookies[CONSENT_COOKIE])
    assert answers == ["analytics", "none"]


def test_one_takes_ones_data_along_and_nobody_elses(learner: Browser, academy: Academy) -> None:
    fill(learner, "/account/data", {"purposes": ["analytics"]}, to="/account/data/consents")
    answer = learner.get("/account/data/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    body = answer.json()
    assert body["profile"]["email"] == "lily@example.org"
    assert [one["purpose"] for one in body["consents"]] == ["analytics"]
    assert body["sessions"]
    assert "ozan@example.org" not in answer.text
    assert "owner@example.org" not in answer.text


def test_a_stranger_chooses_about_being_counted(client: Browser) -> None:
    assert "Now: not counted." in client.get("/consent").text
    answer = fill(client, "/consent", {"choice": "analytics"})
    assert answer.status_code == 303
    assert client.cookies[CONSENT_COOKIE] == "analytics"
    assert "Now: counted." in client.get("/consent").text
    assert "asks us not to count" in client.get("/consent", headers={"Sec-GPC": "1"}).text
    fill(client, "/consent", {"choice": "none", "next": "//evil.example"})
    assert client.cookies[CONSENT_COOKIE] == "none"


def _escaped(text: str) -> str:
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;")):
        text = text.replace(letter, entity)
    return text


def _sessions(academy: Academy, person: identity.PersonView) -> list[identity.SessionView]:
    platform = academy.platform
    return academy.read(lambda s: identity.sessions(s, person.id, clock=platform.clock, vault=platform.vault))


def _bearer(academy: Academy, secret: str) -> identity.TokenBearer | None:
    return academy.read(lambda s: identity.viewer_of_token(s, secret, clock=academy.platform.clock))


def _allowed(academy: Academy) -> set[str]:
    return {one.value for one in academy.read(lambda s: privacy.allowed_purposes(s, academy.learner.id))}
