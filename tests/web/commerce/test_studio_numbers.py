"""The room of the numbers: who may enter, what stands there, what lies behind each figure, what is refused."""

import re
from collections.abc import Callable

import pytest

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.subscriptions.club import Club
from tests.fixtures.web import Academy, Browser
from xingtan.domains.commerce.numbers import api as numbers
from xingtan.domains.identity import api as identity

Open = Callable[[identity.PersonView], Browser]
ROWS = "?first=2026-01-01&last=2030-12-31&currency=CNY"


@pytest.fixture
def lively(academy: Academy) -> Academy:
    """An academy in which somebody subscribes and somebody has bought."""
    club = Club(Shop(academy.platform))
    tea = club.shop.product()
    club.subscribe(club.shop.person("ann"), club.plan(tea, "30"))
    club.shop.buy(club.shop.person("bob"), club.shop.offer(club.shop.product("book"), "12.34"))
    return academy


def test_every_number_stands_there_with_its_formula(lively: Academy, owner: Browser) -> None:
    page = owner.get("/studio/numbers")
    assert page.status_code == 200
    for one in numbers.FORMULAS:
        assert str(one.title) in page.text
        assert str(one.how)[:40] in page.text
    assert page.text.count("¥42.34") >= 2  # gross sales, and the sum of the tables
    assert "¥30<" in page.text
    assert "¥360<" in page.text


def test_behind_each_number_are_its_rows(lively: Academy, owner: Browser) -> None:
    page = owner.get("/studio/numbers")
    found = set(re.findall(r'href="(/studio/numbers/[^"]+)"', page.text))
    codes = {path.split("/")[3].partition("?")[0] for path in found}
    assert {"mrr", "arr", "subscribers", "gross", "net", "deferred", "new"} <= codes
    for path in found:
        rows = owner.get(path.replace("&amp;", "&"))
        assert rows.status_code == 200, path
    rows = owner.get("/studio/numbers/gross" + ROWS)
    assert ("Ann" in rows.text, "Bob" in rows.text, "¥42.34" in rows.text) == (True, True, True)
    assert "/studio/orders/" in rows.text
    assert "/studio/subscriptions/sub_" in owner.get("/studio/numbers/mrr" + ROWS).text


def test_an_academy_without_sales_has_no_numbers(owner: Browser) -> None:
    assert "No numbers yet" in owner.get("/studio/numbers").text
    assert "Nothing of this kind happened" in owner.get("/studio/numbers/mrr" + ROWS).text


def test_sums_for_analysts_people_for_those_who_may(lively: Academy, open_browser: Open, learner: Browser) -> None:
    analyst, support = open_browser(lively.staff("analyst")), open_browser(lively.staff("support"))
    page = analyst.get("/studio/numbers")
    assert page.status_code == 200
    assert "/studio/numbers/mrr" not in page.text
    assert analyst.get("/studio/numbers/mrr" + ROWS).status_code == 403
    for browser in (support, learner):
        assert browser.get("/studio/numbers").status_code == 403
        assert browser.get("/studio/numbers/mrr" + ROWS).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?first=2026-03-02&last=2026-03-01", 422), ("?first=1900-01-01", 404), ("?first=2001-01-01", 422),
        ("?first=nonsense", 422), ("?first=2999-01-01", 422), ("?last=2999-01-01", 200), ("?currency=XXX", 200),
        ("?currency=" + "9" * 4000, 422), ("?first=0001-01-01&last=0001-01-02", 404), ("?last=0001-01-02", 404),
    ],
)  # fmt: skip
def test_days_that_make_no_sense(lively: Academy, owner: Browser, query: str, status: int) -> None:
    assert owner.get("/studio/numbers" + query).status_code == status


@pytest.mark.parametrize("path", ["nonsense", "cash", "mrr?currency=XXX", "mrr", "mrr?currency=CNY&skip=-1"])
def test_rows_that_are_none(lively: Academy, owner: Browser, path: str) -> None:
    answer = owner.get(f"/studio/numbers/{path}" + ("" if "?" in path else "?currency="))
    assert answer.status_code in (404, 422)
