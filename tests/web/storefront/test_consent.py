"""Counting: asked on every page, done only after a yes, also where the page came from the cache."""

import re

import pytest
from sqlalchemy import select

from tests.fixtures.web import Browser
from tests.web.storefront.conftest import Shop
from xingtan.core.ids import public_id
from xingtan.infra.analytics import BehaviourEvent


def test_both_answers_weigh_the_same(client: Browser, shop: Shop) -> None:
    html = client.get("/en/works/seeds").text
    form = re.search(r'<form class="consent".*?</form>', html, re.DOTALL)
    assert form
    assert "hidden" in form[0].split(">")[0]
    buttons = re.findall(r'<button class="([^"]+)" name="choice" value="(\w+)"', form[0])
    assert {value for _, value in buttons} == {"none", "analytics"}
    assert len({look for look, _ in buttons}) == 1


def test_the_banner_works_from_a_kept_page_and_with_a_form_cookie(client: Browser, shop: Shop) -> None:
    client.get("/en/sign-in")  # gives the form cookie
    client.get("/en/works/seeds")
    answer = client.post("/en/consent", data={"choice": "analytics", "next": "/en/works/seeds", "csrf_token": ""})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/en/works/seeds"
    assert client.cookies["xt_consent"] == "analytics"


def test_another_site_cannot_choose(client: Browser, shop: Shop) -> None:
    answer = client.post("/consent", data={"choice": "analytics"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "xt_consent" not in client.cookies


@pytest.mark.parametrize(
    ("cookie", "headers", "count"),
    [
        (None, {}, 0),
        ("none", {}, 0),
        ("analytics", {}, 1),
        ("analytics", {"Sec-GPC": "1"}, 0),
        ("analytics", {"DNT": "1"}, 0),
    ],
)
def test_a_view_is_kept_only_after_a_yes(
    cookie: str | None, headers: dict[str, str], count: int, client: Browser, shop: Shop
) -> None:
    if cookie:
        client.cookies.set("xt_consent", cookie)
    html = client.get("/en/works/seeds", headers=headers).text
    seen = re.search(r'data-seen="([^"]+)" data-seen-to="([^"]+)"', html)
    assert seen
    assert seen[1] == f"product={public_id('product', shop['seeds'].id)}"
    answer = client.post(
        seen[2], content=seen[1], headers={"Content-Type": "application/x-www-form-urlencoded", **headers}
    )
    assert answer.status_code == 204
    client.__exit__()  # the application ends and writes what it holds
    kept = shop.academy.read(lambda s: list(s.scalars(select(BehaviourEvent))))
    assert [(row.verb, row.product_id) for row in kept] == [("viewed", shop["seeds"].id)] * count


def test_a_search_of_a_stranger_is_told_by_her_browser(client: Browser, shop: Shop) -> None:
    html = client.get("/en/search?q=seeds+%26+tea").text
    seen = re.search(r'data-seen="([^"]+)"', html)
    assert seen
    assert seen[1].startswith("query=seeds+%26+tea&amp;results=")


def test_a_readers_own_page_asks_nothing_of_her_browser(learner: Browser, shop: Shop) -> None:
    assert "data-seen" not in learner.get("/en/works/seeds").text
    assert learner.submit("/en/consent", {"choice": "analytics", "next": "/en/works/seeds"}).status_code == 303
    assert learner.post("/en/consent", data={"choice": "none"}).status_code == 403  # her form carries a token
