"""My orders and the studio's: money asked back by rule, the rule itself, refunds line by line, what is not decided."""

import re
from collections.abc import Callable

import pytest

from tests.fixtures.web import Academy, Browser, shown
from tests.web.commerce.conftest import Buyer, hidden
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning

Open = Callable[[identity.PersonView], Browser]
PRICES = "/studio/products/reading-numbers/prices"


def key_of(text: str) -> dict[str, str]:
    found = re.search(r'name="key" value="([^"]+)"', text)
    assert found
    return {"key": found[1]}


def order(academy: Academy, number: str) -> commerce.OrderView:
    return academy.read(lambda s: commerce.order(s, SYSTEM, number))


def test_a_buyer_has_her_money_back_by_herself(buyer: Buyer, academy: Academy) -> None:
    number = buyer.buy()
    page = buyer.browser.get(f"/orders/{number}")
    assert "I want my money back" in page.text
    fields = key_of(page.text)
    for _ in range(2):  # a double click is one refund
        assert buyer.browser.submit(f"/orders/{number}/ask-back", fields).status_code == 303
    academy.work()
    found = order(academy, number)
    assert (found.state, found.refunded, len(found.refunds)) == ("refunded", Money(19_900, "CNY"), 1)
    assert "I want my money back" not in buyer.browser.get(f"/orders/{number}").text
    again = buyer.browser.submit(f"/orders/{number}/ask-back", key_of(page.text) | {"key": "another-key-0001"})
    assert again.status_code == 409


def test_outside_of_the_rule_the_page_says_why(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    assert owner.submit("/studio/refunds/rule", {"days": "7", "most_completed": "20"}).status_code == 303
    number = buyer.buy()
    assert "at most 20 % of it is completed" in buyer.browser.get(f"/orders/{number}").text
    viewer = academy.viewer(academy.learner)
    command = learning.CompleteLesson(viewer, academy.lesson, academy.lesson)
    academy.write(lambda s: learning.complete_lesson(s, command, clock=academy.platform.clock))
    page = buyer.browser.get(f"/orders/{number}")
    assert "You have completed more than that." in page.text
    sent = buyer.browser.submit(f"/orders/{number}/ask-back", {"key": "a-key-of-mine-1"})
    assert sent.status_code == 409
    assert "More of it has been completed than the rule allows." in sent.text
    assert not order(academy, number).refunds


def test_nobody_asks_for_another_persons_money(buyer: Buyer, academy: Academy, open_browser: Open) -> None:
    number = buyer.buy()
    for who in (academy.other, academy.owner):
        sent = open_browser(who).submit(f"/orders/{number}/ask-back", {"key": "a-key-of-mine-1"})
        assert sent.status_code == 404
    assert not order(academy, number).refunds


@pytest.mark.parametrize("bad", ["", "-1", "366", "1e2", "NaN", str(10**18), "x" * 40_000, "７"])
def test_a_rule_that_is_none_is_told_at_its_field(owner: Browser, academy: Academy, bad: str) -> None:
    for name, other in (("days", "most_completed"), ("most_completed", "days")):
        sent = owner.submit("/studio/refunds/rule", {name: bad, other: "5"})
        assert sent.status_code == 422, name
        assert f'id="f-{name}-error"' in sent.text, name
    assert academy.read(commerce.refund_policy).version == 1


def test_only_the_owner_sets_the_rule(academy: Academy, open_browser: Open) -> None:
    support = open_browser(academy.staff("support"))
    assert support.get("/studio/refunds").status_code == 200
    assert support.submit("/studio/refunds/rule", {"days": "1", "most_completed": "0"}).status_code == 403


def test_reconciliation_shows_asks_and_compares(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    placed = buyer.place()
    buyer.choose(placed.headers["location"], "never")
    page = owner.get("/studio/reconciliation")
    assert "At the provider" in page.text
    asked = owner.submit("/studio/reconciliation/ask")
    assert "1 was asked about; 0 got no answer." in asked.text
    assert "Every payment is decided" in asked.text
    compared = owner.submit("/studio/reconciliation/compare", {"provider": "sandbox"})
    assert "1 payment and says the same as we do" in compared.text
    assert "Equal" in compared.text
    assert owner.submit("/studio/reconciliation/compare", {"provider": "x" * 40_000}).status_code == 404
    assert buyer.browser.get("/studio/reconciliation").status_code == 403


def test_a_refund_of_one_line(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    number = buyer.buy()
    fields = {**hidden(owner.get(f"/studio/orders/{number}").text), "reason": "goodwill"}
    for bad in ("2", "0", "-1", "x" * 40_000):
        sent = owner.submit(f"/studio/orders/{number}/refund", {**fields, "line": bad})
        assert sent.status_code == 422, bad[:9]
    assert owner.submit(f"/studio/orders/{number}/refund", {**fields, "line": "1", "amount": "9"}).status_code == 303
    academy.work()
    assert order(academy, number).lines[0].returned == Money(900, "CNY")


def test_orders_are_found_by_how_and_when_they_were_sold(buyer: Buyer, owner: Browser) -> None:
    number = buyer.buy()
    for query, is_found in (
        ("kind=access", True), ("kind=rental", False), ("kind=nonsense", True), ("since=2026-03-01", True),
        ("since=2030-01-01", False), ("until=2026-02-28", False), ("since=soon", True),
    ):  # fmt: skip
        assert (number in owner.get(f"/studio/orders?{query}").text) == is_found, query


GOOD = (
    {"model": "rental", "price": "49", "days": "30"},
    {"model": "subscription", "price": "29", "interval": "P1M", "trial": "7", "intro_price": "9", "intro_periods": "2"},
    {"model": "instalments", "price": "200", "interval": "P1M", "count": "3"},
    {"model": "group", "price": "99", "size": "3", "hours": "24"},
    {"model": "once", "price": "99", "stock": "5", "ends_at": "2030-01-01T00:00"},
)
BAD = (
    ({"model": "rental", "days": ""}, "days"), ({"model": "rental", "days": "0"}, "days"),
    ({"model": "rental", "days": "1e3"}, "days"), ({"model": "rental", "days": "9" * 40_000}, "days"),
    ({"model": "subscription", "interval": "P0M"}, "interval"),
    ({"model": "subscription", "interval": "x"}, "interval"),
    ({"model": "subscription", "interval": "P1M", "intro_price": "100"}, "intro_price"),
    ({"model": "subscription", "interval": "P1M", "intro_price": "-1"}, "intro_price"),
    ({"model": "instalments", "interval": "P1M", "count": "1"}, "count"),
    ({"model": "instalments", "interval": "P1M", "count": "NaN"}, "count"),
    ({"model": "group", "size": "1", "hours": "24"}, "size"), ({"model": "group", "size": "3", "hours": "0"}, "hours"),
    ({"model": "once", "stock": "0"}, "stock"), ({"model": "once", "stock": "-5"}, "stock"),
    ({"model": "per_use"}, "model"), ({"model": "service"}, "model"),
)  # fmt: skip


@pytest.mark.parametrize("fields", GOOD)
def test_every_way_to_sell_has_a_price(owner: Browser, academy: Academy, fields: dict[str, str]) -> None:
    assert owner.submit(PRICES, {"currency": "CNY", **fields}).status_code == 303
    newest = academy.read(lambda s: commerce.offers_of(s, SYSTEM, academy.course.id))[0]
    assert newest.model == fields["model"]
    assert owner.get(PRICES).status_code == 200
    assert owner.get(f"/checkout/{shown('offer', newest.id)}").status_code == 200


@pytest.mark.parametrize(("fields", "where"), BAD)
def test_bad_terms_are_told_at_their_field(
    owner: Browser, academy: Academy, fields: dict[str, str], where: str
) -> None:
    sent = owner.submit(PRICES, {"currency": "CNY", "price": "99", **fields})
    assert sent.status_code == 422
    assert f"#f-{where}" in sent.text
    assert len(academy.read(lambda s: commerce.offers_of(s, SYSTEM, academy.course.id))) == 1
