"""Oneself and the academy: sessions, consents, tokens, people, roles, settings, acts, jobs, and limits on calls."""

import pytest

from tests.fixtures.web import Browser
from tests.web.api.conftest import House, problem
from xingtan.core.ids import private_id
from xingtan.infra import jobs
from xingtan.web.api import caller
from xingtan.web.forgery import HEADER


def test_one_sees_oneself(house: House) -> None:
    me = house.call("GET", "/me", "learner").json()
    assert (me["email"], me["roles"], me["permissions"], me["scopes"]) == ("lily@example.org", [], [], None)
    token = house.academy.token(house.academy.owner, "read:mine", "read:orders")
    narrow = house.call("GET", "/me", token=token).json()
    assert (narrow["permissions"], narrow["scopes"]) == (["orders.read"], ["read:mine", "read:orders"])


def test_a_profile_is_changed(house: House) -> None:
    person = house.academy.person("Pia")
    token = house.academy.token(person, "read:mine", "write:mine")
    changed = house.call("PUT", "/me", token=token, json={"name": "皮娅", "language": "zh"}).json()
    assert (changed["name"], changed["language"]) == ("皮娅", "zh")


def test_sessions_are_seen_and_ended(house: House) -> None:
    person = house.academy.person("Sia")
    here, there = (
        Browser(house.app, house.academy.platform, session=house.academy.session_of(person.id)) for _ in "12"
    )
    listed = here.get("/api/v1/me/sessions").json()["items"]
    assert [one["is_this"] for one in listed].count(True) == 1
    other = next(one["id"] for one in listed if not one["is_this"])
    with_token = {HEADER: here.form_token}
    assert problem(house.call("DELETE", f"/me/sessions/{other}", "learner")) == (404, "not-found")
    assert there.get("/api/v1/me").status_code == 200
    assert here.delete(f"/api/v1/me/sessions/{other}", headers=with_token).status_code == 204
    assert problem(there.get("/api/v1/me")) == (401, "sign-in-first")
    assert here.delete("/api/v1/me/sessions", headers=with_token).status_code == 204
    assert here.get("/api/v1/me").status_code == 200


def test_consent_is_given_and_taken_back(house: House) -> None:
    def agreed() -> dict[str, bool]:
        items = house.call("GET", "/me/consents", "learner").json()["items"]
        return {one["purpose"]: one["is_agreed"] for one in items}

    assert agreed() == {"analytics": False, "personalisation": False, "marketing_mail": False}
    assert house.call("PUT", "/me/consents/analytics", "learner", json={"is_agreed": True}).status_code == 200
    assert agreed()["analytics"] is True
    assert house.call("PUT", "/me/consents/analytics", "learner", json={"is_agreed": False}).status_code == 200
    assert agreed()["analytics"] is False
    assert problem(house.call("PUT", "/me/consents/selling", "learner", json={"is_agreed": True})) == (422, "invalid")
    assert problem(house.call("PUT", "/me/consents/analytics", "learner", json={"is_agreed": "yes"})) == (
        422,
        "invalid",
    )


def test_a_token_lives_and_dies(house: House) -> None:
    made = house.call("POST", "/me/tokens", "learner", json={"label": "My script", "scopes": ["read:mine"], "days": 30})
    assert made.status_code == 201
    secret, token_id = made.json()["secret"], made.json()["id"]
    assert house.call("GET", "/me", token=secret).json()["email"] == "lily@example.org"
    (listed,) = [one for one in house.call("GET", "/me/tokens", "learner").json()["items"] if one["id"] == token_id]
    assert (listed["label"], listed["scopes"]) == ("My script", ["read:mine"])
    assert secret not in house.call("GET", "/me/tokens", "learner").text
    assert problem(house.call("GET", "/me/tokens", token=secret)) == (403, "session-needed")
    assert problem(house.call("POST", "/me/tokens", token=secret, json={})) == (403, "session-needed")
    assert problem(house.call("DELETE", f"/me/tokens/{token_id}", "owner")) == (404, "not-found")
    assert house.call("DELETE", f"/me/tokens/{token_id}", "learner").status_code == 204
    answer = house.call("GET", "/me", token=secret)
    assert problem(answer) == (401, "token-refused")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_old_token_ends(house: House) -> None:
    token = house.academy.token(house.academy.other, "read:mine")
    assert house.call("GET", "/me", token=token).status_code == 200
    start = house.clock.now()
    try:
        house.clock.advance(days=91)
        assert problem(house.call("GET", "/me", token=token)) == (401, "token-refused")
    finally:
        house.clock.set(start)


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer xt_nonsense", "Basic b3duZXI6eA==", "xt_nonsense", "Bearer \xff", ""]
)
def test_a_bad_token_is_refused_even_where_none_is_needed(house: House, header: str) -> None:
    stranger = house.callers["stranger"]
    for path in ("/products", "/me"):
        answer = stranger.get(f"/api/v1{path}", headers={"Authorization": header.encode("latin-1")})
        assert problem(answer) == (401, "token-refused")


def test_a_cookie_alone_changes_nothing(house: House) -> None:
    browser = house.callers["learner"]
    body = {"name": "Mallory", "language": "en"}
    for headers in ({}, {HEADER: ""}, {HEADER: "0" * 64}, {HEADER: house.callers["owner"].form_token}):
        assert problem(browser.put("/api/v1/me", json=body, headers=headers)) == (403, "form-token-missing")
    assert house.call("GET", "/me", "learner").json()["name"] == "Lily"


def test_people_are_seen_by_those_who_deal_with_them(house: House) -> None:
    learner = house.id("person", house.academy.learner.id)
    assert house.call("GET", f"/people/{learner}", "support").json()["email"] == "lily@example.org"
    assert house.call("GET", f"/people/{learner}", "teacher").json()["email"] != "lily@example.org"
    assert [one["name"] for one in house.call("GET", "/people?q=lily@example.org").json()["items"]] == ["Lily"]
    assert [one["name"] for one in house.call("GET", "/people?q=lil").json()["items"]] == ["Lily"]
    everyone, cursor = [], ""
    for _ in range(20):
        page = house.call("GET", f"/people?limit=3{cursor}").json()
        everyone += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(everyone) == len(set(everyone)) >= 7
    assert {role for one in house.call("GET", "/people?staff_only=true").json()["items"] for role in one["roles"]} >= {
        "owner", "editor", "teacher",
    }  # fmt: skip


def test_roles_are_given_by_the_owner_in_person(house: House) -> None:
    person = house.academy.person("Roland")
    path = f"/people/{house.id('person', person.id)}/roles"
    assert house.call("PUT", f"{path}/analyst").json()["roles"] == ["analyst"]
    assert house.call("PUT", f"{path}/analyst").json()["roles"] == ["analyst"]
    assert house.call("DELETE", f"{path}/analyst").json()["roles"] == []
    assert problem(house.call("DELETE", f"{path}/analyst")) == (404, "not-found")
    assert problem(house.call("PUT", f"{path}/emperor")) == (422, "invalid")
    own = f"/people/{house.id('person', house.academy.owner.id)}/roles/owner"
    assert problem(house.call("DELETE", own)) == (409, "last-owner")
    acts = house.call("GET", f"/audit?subject={house.id('person', person.id)}").json()["items"]
    assert [act["action"] for act in acts] == ["role.ended", "role.granted"]
    assert problem(house.call("GET", "/audit?subject=nobody")) == (422, "invalid")


def test_the_academys_settings(house: House) -> None:
    before = house.call("GET", "/academy", "stranger").json()
    body = {name: before[name] for name in ("name", "language", "currency", "time_zone")}
    after = house.call("PUT", "/academy", json={**body, "tagline": {"en": "Slowly"}}).json()
    assert after == {**before, "tagline": {"en": "Slowly"}}
    assert house.call("GET", "/academy", "stranger").json() == after
    for field, value in (("currency", "XXX"), ("time_zone", "Nowhere/Land"), ("name", {"fr": "École"}), ("name", {}),
                         ("accent", "pink"), ("contact", "nobody")):  # fmt: skip
        assert problem(house.call("PUT", "/academy", json={**body, field: value})) == (422, "invalid"), field


def test_jobs_are_seen_and_revived(house: House) -> None:
    now = house.clock.now()
    job_id = house.academy.write(lambda session: jobs.enqueue(session, "nobody.knows", {}, key="dead one", at=now))
    claimed = house.academy.write(lambda session: jobs.claim(session, "test", at=now))
    assert claimed is not None
    house.academy.write(lambda session: jobs.fail(session, job_id, "test", "it broke", is_final=True, at=now))
    path = f"/jobs/{house.id('job', job_id)}"
    job = house.call("GET", path).json()
    assert (job["state"], job["error"]) == ("dead", "it broke")
    assert [one["id"] for one in house.call("GET", "/jobs?state=dead").json()["items"]] == [job["id"]]
    assert house.call("POST", f"{path}/revive").json()["state"] == "queued"
    assert problem(house.call("POST", f"{path}/revive")) == (409, "conflict")
    assert private_id("job", job["id"]) == job_id


def test_too_many_calls_are_told_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "RATE", "2/minute")
    token = house.academy.token(house.academy.person("Hasty"), "read:mine")
    answers = [house.call("GET", "/me", token=token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[-1]) == (429, "limit-reached")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    other = house.academy.token(house.academy.person("Patient"), "read:mine")
    assert house.call("GET", "/me", token=other).status_code == 200


def test_guessing_tokens_is_slow(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "BAD_TOKENS", "3/minute")
    guesses = [house.call("GET", "/me", token=f"xt_guess{number}").status_code for number in range(5)]
    assert guesses[:3] == [401, 401, 401] or 429 in guesses
    assert guesses[-1] == 429
