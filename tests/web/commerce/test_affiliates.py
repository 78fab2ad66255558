"""By whose link somebody came: asked first, remembered by one cookie, paid line by line. And a friend's discount."""

import re
from collections.abc import Callable

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer, tokens
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.clicks import CLICK_COOKIE

Open = Callable[[identity.PersonView], Browser]
STUDIO = ("/studio/affiliates", "/studio/affiliates/terms", "/studio/affiliates/payouts")


@pytest.fixture
def mia(academy: Academy, open_browser: Open, owner: Browser) -> Browser:
    """Return the browser of an approved affiliate with the link `mia-link`."""
    terms = {"open": "1", "window_days": "30", "mature_days": "14", "click": "last"}
    assert owner.submit("/studio/affiliates/terms", terms).status_code == 303
    rule = {"rate": "20", "renewals": "first"}
    assert owner.submit("/studio/affiliates/rules", rule).status_code == 303
    browser = open_browser(academy.other)
    assert browser.submit("/affiliate", {"code": "Mia-Link", "about": "I write <b>of</b> tea."}).status_code == 303
    page = owner.get("/en/studio/affiliates").text
    assert "I write &lt;b&gt;of&lt;/b&gt; tea." in page
    approve = re.search(r'action="/en(/studio/affiliates/aff_\w+/approved)"', page)
    assert approve
    assert owner.submit(approve[1]).status_code == 303
    assert owner.submit(approve[1]).status_code == 409
    return browser


def _clicks(academy: Academy) -> int:
    at = academy.platform.clock.now()
    (one,) = academy.read(lambda session: affiliates.affiliates(session, SYSTEM, at=at))
    return one.clicks


def _say(browser: Browser, choice: str, code: str = "mia-link", *, seen: str = "") -> str:
    """Answer the question on the page that was `seen` (a stranger's carries her form token)."""
    said = {"choice": choice, "next": "/works/reading-numbers", **(tokens(seen) if seen else {})}
    answer = browser.submit(f"/by/{code}", said)
    assert (answer.status_code, answer.headers["location"]) == (303, "/works/reading-numbers")
    return str(answer.headers.get("set-cookie", ""))


def test_learners_and_strangers_stay_outside(learner: Browser, client: Browser) -> None:
    for path in STUDIO:
        assert learner.get(path).status_code == 403
        assert "/sign-in" in client.get(path).headers["location"]
    for path in ("/affiliate", "/invite"):
        assert "/sign-in" in client.get(path).headers["location"]


def test_the_rooms_open_in_both_languages(owner: Browser, mia: Browser) -> None:
    for path in STUDIO:
        for prefix, word in (("/en", "Affiliates"), ("/zh", "推广员")):
            assert word in owner.get(f"{prefix}{path}").text
    for prefix, word in (("/en", "Put ?ref=mia-link behind"), ("/zh", "在本站任何网址后面加上 ?ref=mia-link")):
        assert word in mia.get(f"{prefix}/affiliate").text


def test_a_link_asks_first_and_no_cookie_comes_before_the_yes(mia: Browser, client: Browser, academy: Academy) -> None:
    sent = client.get("/en/works/reading-numbers?ref=Mia-Link&x=1")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/en/by/mia-link?next=%2Fworks%2Freading-numbers%3Fx%3D1"
    page = client.get(sent.headers["location"])
    assert "remember for 30 days" in page.text
    assert CLICK_COOKIE not in page.headers.get("set-cookie", "")
    assert CLICK_COOKIE not in _say(client, "no", seen=page.text)
    cookie = _say(client, "yes", seen=page.text)
    assert f"{CLICK_COOKIE}=mia-link~" in cookie
    assert "HttpOnly" in cookie
    assert "Max-Age=2592000" in cookie
    assert _clicks(academy) == 1
    assert client.get("/by/mia-link?next=/about").status_code == 303  # kept already: nothing to ask
    assert mia.get("/by/mia-link").status_code == 303  # her own


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_a_browser_that_says_no_is_counted_but_not_asked(
    mia: Browser, client: Browser, academy: Academy, header: str
) -> None:
    answer = client.get("/by/mia-link?next=/about", headers={header: "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/about")
    assert "set-cookie" not in answer.headers
    assert _clicks(academy) == 1


@pytest.mark.parametrize("path", ["/?ref=nobody-here", "/?ref=a", "/?ref=", "/?ref=%00%00%00%00", "/?ref=" + "x" * 250])
def test_what_is_no_link_opens_the_page_all_the_same(client: Browser, path: str) -> None:
    answer = client.get(path)
    if answer.status_code == 303:
        answer = client.get(answer.headers["location"])
        assert answer.headers["location"] == "/"
        answer = client.get("/")
    assert answer.status_code == 200
    assert CLICK_COOKIE not in client.cookies


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(mia: Browser, client: Browser, there: str) -> None:
    for answer in (
        client.get("/by/nobody", params={"next": there}),
        client.submit("/by/mia-link", {"choice": "yes", "next": there}),
    ):
        assert answer.headers["location"] == "/"


def test_from_the_link_to_the_payout(mia: Browser, owner: Browser, buyer: Buyer, academy: Academy) -> None:
    _say(buyer.browser, "yes")
    number = buyer.buy()
    desk = mia.get("/en/affiliate").text
    assert f"…{number[-4:]}" in desk
    assert number not in desk
    assert "CN¥39.80" in desk
    table = mia.get("/affiliate/statement.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert "accrual" in table.text
    assert owner.submit("/studio/affiliates/payouts").status_code == 409
    academy.platform.clock.advance(days=15)  # type: ignore[attr-defined]
    assert owner.submit("/studio/affiliates/payouts").status_code == 303
    paid = re.search(
        r'action="/en(/studio/affiliates/payouts/pyo_\w+/paid)"', owner.get("/en/studio/affiliates/payouts").text
    )
    assert paid
    assert owner.submit(paid[1], {"reference": "=bank 17"}).status_code == 303
    assert owner.submit(paid[1], {"reference": "twice"}).status_code == 409
    assert "'=bank 17" in owner.get("/studio/affiliates/payouts.csv").text
    assert "=bank 17" in mia.get("/en/affiliate").text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/studio/affiliates/terms", {"window_days": "0", "mature_days": "14", "click": "last"}),
        ("/studio/affiliates/terms", {"window_days": "x", "mature_days": "1e9", "click": "last"}),
        ("/studio/affiliates/terms", {"window_days": "30", "mature_days": "14", "click": "any"}),
        ("/studio/affiliates/rules", {"rate": "-1", "renewals": "first"}),
        ("/studio/affiliates/rules", {"rate": "91", "renewals": "first"}),
        ("/studio/affiliates/rules", {"rate": "NaN", "renewals": "first"}),
        ("/studio/affiliates/rules", {"rate": "5", "renewals": "months"}),
        ("/studio/affiliates/rules", {"rate": "5", "renewals": "first", "of_product": "prd_" + "0" * 26}),
        ("/studio/affiliates/rules", {"rate": "5", "renewals": "first", "of_affiliate": "aff_" + "0" * 26}),
        ("/studio/affiliates/rules", {"rate": "5", "renewals": "first", "product_kind": "\x00"}),
        ("/studio/affiliates/invitations", {"off": "51", "reward": "5", "most_rewards": "3", "invite_days": "14"}),
        ("/studio/affiliates/invitations", {"off": "5", "reward": "5", "most_rewards": "0", "invite_days": "14"}),
        ("/studio/affiliates/invitations", {"off": "x" * 40_000, "reward": "", "most_rewards": "", "invite_days": ""}),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    owner: Browser, academy: Academy, path: str, fields: dict[str, str]
) -> None:
    assert owner.submit(path, fields).status_code == 422
    assert academy.read(affiliates.program_of).version == 0
    assert academy.read(referrals.terms_of).version == 0
    assert academy.read(lambda session: affiliates.rules(session, SYSTEM)) == ()


def test_a_friend_finds_the_discount_at_the_checkout(
    owner: Browser, buyer: Buyer, academy: Academy, open_browser: Open
) -> None:
    terms = {"invite_open": "1", "off": "10", "reward": "20", "most_rewards": "3", "invite_days": "14"}
    assert owner.submit("/studio/affiliates/invitations", terms).status_code == 303
    ann = open_browser(academy.other)
    assert ann.submit("/invite").status_code == 303
    found = re.search(r"\?ref=(hi-[0-9a-f]{10})", ann.get("/en/invite").text)
    assert found
    page = buyer.browser.get(f"/en/by/{found[1]}")
    assert "A friend gives you 10 % off" in page.text
    _say(buyer.browser, "yes", found[1])
    assert found[1] in buyer.browser.get("/en/checkout/reading-numbers").text
    number = buyer.buy(code=found[1])
    assert "179.10" in buyer.browser.get(f"/en/orders/{number}").text
    assert "your thanks come after" in ann.get("/en/invite").text
    assert buyer.browser.get(f"/by/{found[1]}").status_code == 303  # no first order any more
