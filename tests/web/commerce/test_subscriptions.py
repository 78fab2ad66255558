"""Memberships through the pages and the API: joined, changed, paused, cancelled, taken back; and every bad field."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.wiring import broken_promises

BAD_AMOUNTS = ("-1", "1e2", "NaN", "Infinity", "1" + "0" * 30, "1.234", "¥5", "１００", "x" * 40_000, "0")
_ADDRESS = re.compile(r"/account/subscriptions/(sub_\w+)")


def _tier(academy: Academy, slug: str = "gold") -> subscribing.TierView:
    command = subscribing.SaveTier(slug, {"en": slug.title(), "zh": "会员"}, [subscribing.RuleView("everything")])
    return academy.write(lambda s: subscribing.save_tier(s, SYSTEM, command, clock=academy.platform.clock))


def _plan(academy: Academy, tier: subscribing.TierView, minor: int, interval: str = "P1M", **terms: Any) -> str:
    command = commerce.MakeOffer(
        None, "subscription", Money(minor, "CNY"), terms={"interval": interval, **terms}, tier_id=tier.id
    )
    made = academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))
    return public_id("offer", made.id)


def _join(buyer: Buyer, offer: str) -> str:
    """Join by the pages, and return the path of the subscription's page."""
    page = buyer.browser.get(f"/join/{offer}")
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="(key)" value="([^"]*)"', page.text))
    placed = buyer.browser.submit(f"/join/{offer}", {**fields, "provider": "sandbox"})
    assert placed.status_code == 303, placed.text
    if "/sandbox/" in placed.headers["location"]:
        buyer.choose(placed.headers["location"])
    found = _ADDRESS.search(buyer.browser.get("/account/subscriptions").text)
    assert found is not None
    return f"/account/subscriptions/{found[1]}"


def _whole(academy: Academy) -> list[str]:
    return academy.read(lambda s: broken_promises(s, at=academy.platform.clock.now()))


def test_joining_shows_what_is_charged(buyer: Buyer, academy: Academy, client: Browser) -> None:
    offer = _plan(academy, _tier(academy), 3000, intro={"minor": 100, "periods": 1})
    assert "Gold" in client.get("/pricing").text
    assert "Sign in to go on" in client.get(f"/join/{offer}").text
    path = _join(buyer, offer)
    page = buyer.browser.get(path)
    assert "Goes on" in page.text
    assert "CN¥1" in page.text
    assert buyer.browser.get("/learn/reading-numbers").status_code in (200, 303)
    assert _whole(academy) == []


def test_a_trial_begins_at_once(buyer: Buyer, academy: Academy) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000, trial="P14D"))
    assert "On trial" in buyer.browser.get(path).text


def test_cancelled_and_taken_back_in_two_clicks(buyer: Buyer, academy: Academy) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000))
    assert "Why do you leave?" in buyer.browser.get(f"{path}/cancel").text
    assert buyer.browser.submit(f"{path}/cancel", {"reason": "because"}).status_code == 422
    left = buyer.browser.submit(f"{path}/cancel", {"reason": "no_time", "when": "at_period_end"})
    assert left.status_code == 303
    assert "Ends soon" in buyer.browser.get(path).text
    assert buyer.browser.submit(f"{path}/resume").status_code == 303
    assert "Goes on" in buyer.browser.get(path).text
    assert buyer.browser.submit(f"{path}/resume").status_code == 409
    assert _whole(academy) == []


def test_the_preview_is_what_is_charged(buyer: Buyer, academy: Academy) -> None:
    tier = _tier(academy)
    path = _join(buyer, _plan(academy, tier, 3000))
    year = _plan(academy, tier, 30000, "P1Y")
    assert "Now, with a full new period" in buyer.browser.get(f"{path}/change").text
    shown = buyer.browser.get(f"{path}/change?offer={year}&mode=full_now").text
    due = re.search(r"To be paid now</b></dt><dd><b>CN¥([\d.]+)", shown)
    assert due is not None
    fields = dict(re.findall(r'type="hidden" name="(offer|mode|at)" value="([^"]*)"', shown))
    changed = buyer.browser.submit(
        f"{path}/change", {name: text.replace("&#43;", "+") for name, text in fields.items()}
    )
    assert changed.status_code == 303
    assert changed.headers["location"] == path  # the card that she left has paid
    page = academy.read(lambda s: commerce.my_orders(s, academy.viewer(academy.learner)))
    assert max(row.total.minor for row in page.orders) == round(float(due[1]) * 100)
    assert _whole(academy) == []


@pytest.mark.parametrize("until", ["", "tomorrow", "2020-01-01", "9999-12-31", "2026-13-01", "x" * 40_000])
def test_a_bad_pause_is_refused(buyer: Buyer, academy: Academy, until: str) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000))
    assert buyer.browser.submit(f"{path}/pause", {"until": until}).status_code == 422
    assert "Goes on" in buyer.browser.get(path).text


def test_a_pause_and_its_end(buyer: Buyer, academy: Academy) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000))
    until = (academy.platform.clock.now() + timedelta(days=60)).date().isoformat()
    assert buyer.browser.submit(f"{path}/pause", {"until": until}).status_code == 303
    assert "The pause begins on" in buyer.browser.get(path).text
    assert buyer.browser.submit(f"{path}/resume").status_code == 303
    assert "The pause begins on" not in buyer.browser.get(path).text


def test_other_people_find_nothing(buyer: Buyer, academy: Academy, client: Browser, open_browser: Any) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000))
    other = open_browser(academy.other)
    for suffix in ("", "/change", "/cancel"):
        assert other.get(path + suffix).status_code == 404
    for verb in ("cancel", "resume", "pause", "pay", "stay"):
        answer = other.submit(f"{path}/{verb}", {"reason": "other", "until": "2026-12-24"})
        assert answer.status_code == 404
    assert client.get(path).status_code in (303, 401)


def test_the_studio_writes_tiers_and_plans(owner: Browser, academy: Academy) -> None:
    made = owner.submit("/studio/tiers/new", {
        "name_en": "Fellow", "slug": "fellow", "opens": ["everything", "kind:column"], "products": "reading-numbers",
        "discount": "12.5", "perks": "forum | 论坛 | The forum", "position": "1",
    })  # fmt: skip
    assert made.status_code == 303, made.text
    assert made.headers["location"] == "/studio/tiers/fellow"
    plan = {"currency": "CNY", "price": "68", "interval": "P1M", "trial": "P7D", "card": "none"}
    assert owner.submit("/studio/tiers/fellow/plans", plan).status_code == 303
    page = owner.get("/studio/tiers/fellow").text
    assert "12.5" in page
    assert "CN¥68" in page
    for name, texts in (
        ("price", BAD_AMOUNTS), ("interval", ("", "monthly", "P0M")), ("trial", ("x",)), ("currency", ("XXX", "cny")),
        ("intro_price", ("99", "-1")),
    ):  # fmt: skip
        for text in texts:
            assert owner.submit("/studio/tiers/fellow/plans", {**plan, name: text}).status_code == 422, (name, text)
    for name, text in (("slug", "Fellow!"), ("discount", "100"), ("discount", "NaN"), ("products", "nowhere")):
        bad = {"name_en": "Other", "slug": "other", "opens": "everything", name: text}
        assert owner.submit("/studio/tiers/new", bad).status_code == 422, (name, text)


def test_the_studio_keeps_its_numbers_of_days(owner: Browser, academy: Academy) -> None:
    good = {
        "dunning_days": "1 3 5", "ask_days": "2", "remind_days": "7", "trial_remind_days": "2",
        "pause_days_at_most": "30", "save_percent": "20", "save_periods": "3",
    }  # fmt: skip
    assert owner.submit("/studio/tiers/rules", good).status_code == 303
    assert 'value="1 3 5"' in owner.get("/studio/tiers").text
    for name, text in (("dunning_days", "7 3"), ("dunning_days", "x"), ("ask_days", "-1"), ("save_percent", "101")):
        assert owner.submit("/studio/tiers/rules", {**good, name: text}).status_code == 422, (name, text)
    assert 'value="1 3 5"' in owner.get("/studio/tiers").text


def test_staff_see_and_end_subscriptions(buyer: Buyer, academy: Academy, owner: Browser) -> None:
    path = _join(buyer, _plan(academy, _tier(academy), 3000))
    listed = owner.get("/studio/subscriptions?state=active").text
    assert "Gold" in listed
    assert "Lily" in listed
    studio = f"/studio/subscriptions/{path.rpartition('/')[2]}"
    assert owner.get(studio).status_code == 200
    assert owner.submit(f"{studio}/cancel", {"reason": "other", "when": "at_once"}).status_code == 303
    assert "Ended" in buyer.browser.get(path).text
    assert _whole(academy) == []


def test_programs_do_it_too(buyer: Buyer, academy: Academy, client: Browser) -> None:
    tier = _tier(academy)
    path = _join(buyer, _plan(academy, tier, 3000))
    year = _plan(academy, tier, 30000, "P1Y")
    sub = path.rpartition("/")[2]
    bearer = {"Authorization": f"Bearer {academy.token(academy.learner, 'read:mine', 'write:mine')}"}
    (mine,) = client.get("/api/v1/me/subscriptions", headers=bearer).json()["items"]
    assert (mine["id"], mine["state"]) == (sub, "active")
    assert len(client.get("/api/v1/plans").json()["items"]) == 2
    body = {"offer": year, "mode": "full_now"}
    seen = client.post(f"/api/v1/me/subscriptions/{sub}/change/preview", json=body, headers=bearer)
    assert seen.status_code == 200, seen.text
    changed = client.post(
        f"/api/v1/me/subscriptions/{sub}/change", json={**body, "at": seen.json()["at"]}, headers=bearer
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["subscription"]["price"]["minor"] == 30000
    left = client.post(f"/api/v1/me/subscriptions/{sub}/cancel", json={"reason": "done"}, headers=bearer)
    assert left.json()["subscription"]["state"] == "cancelled"
    assert _whole(academy) == []


def test_subscribers_are_told_a_new_price_from_the_studio(buyer: Buyer, academy: Academy, owner: Browser) -> None:
    tier = _tier(academy)
    path = _join(buyer, _plan(academy, tier, 3000))
    room = "/studio/subscriptions/new-price"
    assert "Nobody to tell" in owner.get(room).text
    dearer = _plan(academy, tier, 4000)
    assert "1 subscriber pays another price." in owner.get(room).text
    for bad in ({"offer": "", "since": "2030-01-01T00:00"}, {"offer": dearer, "since": ""},
                {"offer": dearer, "since": "soon"}, {"offer": dearer, "since": "2001-01-01T00:00"}):  # fmt: skip
        assert owner.submit(room, bad).status_code == 422, bad
    since = (academy.platform.clock.now() + timedelta(days=40)).strftime("%Y-%m-%dT00:00")
    answer = owner.submit(room, {"offer": dearer, "since": since})
    assert answer.headers["location"].endswith("?told=1")
    academy.work()
    assert "1 subscriber is being told by letter." in owner.get(answer.headers["location"]).text
    assert "CN¥40" in buyer.browser.get(path).text
    assert buyer.browser.get(room).status_code == 403
    assert _whole(academy) == []


def test_a_code_for_a_membership_is_made_and_redeemed(academy: Academy, owner: Browser, learner: Browser) -> None:
    tier = public_id("tier", _tier(academy).id)
    form = {"title": "Fair", "gives": tier, "days": "", "total": "1", "per_person": "1", "ends_at": ""}
    assert "Membership: Gold" in owner.get("/studio/codes").text
    assert owner.submit("/studio/codes", form).status_code == 422
    made = owner.submit("/studio/codes", {**form, "days": "30"})
    assert made.status_code == 303
    batch = made.headers["location"]
    code = owner.submit(f"{batch}/make", {}).text.split()[1]
    assert "Membership: Gold" in owner.get(batch).text
    page = learner.submit("/redeem", {"code": code}).text
    assert "Gold" in page
    assert 'href="/shelf"' in page
    assert learner.get("/learn/reading-numbers").status_code in (200, 303)


def test_the_menu_leads_to_memberships_where_there_are_some(
    academy: Academy, client: Browser, learner: Browser
) -> None:
    assert "/pricing" not in client.get("/about").text
    _plan(academy, _tier(academy), 3000)
    academy.work()
    assert 'href="/pricing"' in client.get("/about").text
    menu = learner.get("/about").text
    for path in ("/account/subscriptions", "/wallet", "/gifts", "/redeem"):
        assert f'href="{path}"' in menu, path
    assert 'href="/give/reading-numbers"' in learner.get("/works/reading-numbers").text
    assert learner.get("/give/reading-numbers").status_code == 200
