"""The numbers over the API: as the studio shows them, with their formulas, adding up."""

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.subscriptions.club import Club
from tests.fixtures.web import Academy, Browser
from xingtan.domains.commerce.numbers import api as numbers


def test_the_numbers_and_their_rows(academy: Academy, owner: Browser) -> None:
    club = Club(Shop(academy.platform))
    tea, first = club.shop.product(), club.shop.clock.now().date().isoformat()
    club.subscribe(club.shop.person("ann"), club.plan(tea, "30"))
    club.shop.buy(club.shop.person("bob"), club.shop.offer(club.shop.product("book"), "12.34"))
    answer = owner.get(f"/api/v1/numbers/business?first={first}&days=31")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["items"]
    figures = {one["code"]: one for one in found["figures"]}
    assert list(figures) == [one.code for one in numbers.FORMULAS]
    assert all(one["title"] and one["formula"] for one in figures.values())
    assert (figures["mrr"]["amount"]["minor"], figures["subscribers"]["people"]) == (3000, 1)
    assert (figures["gross"]["amount"]["minor"], figures["refund_rate"]["rate_bp"]) == (4234, 0)
    assert figures["churn"] | {"title": "", "formula": ""} == {
        "code": "churn", "title": "", "formula": "", "amount": None, "people": None, "rate_bp": None,
    }  # fmt: skip
    whole = found["whole"]
    moved = sum(one["amount"]["minor"] for one in whole["movements"])
    assert whole["opening"]["minor"] + moved == whole["closing"]["minor"] == 3000
    rows = owner.get(f"/api/v1/numbers/business/gross?first={first}&days=31&currency=CNY").json()["items"]
    assert sum(one["amount"]["minor"] for one in rows) == 4234
    (row,) = owner.get(f"/api/v1/numbers/business/new?first={first}&days=31&currency=CNY").json()["items"]
    assert (row["before"]["minor"], row["after"]["minor"], row["subscription_id"][:4]) == (0, 3000, "sub_")
    assert owner.get(f"/api/v1/numbers/business/cash?first={first}&currency=CNY").status_code == 404
    assert owner.get("/api/v1/numbers/business?first=2999-01-01").status_code == 422
