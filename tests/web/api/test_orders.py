"""Buying through the API, and what staff see of it."""

from itertools import count
from typing import Any

from tests.web.api.conftest import House, problem
from xingtan.domains.commerce import api as commerce

_keys = count(1)


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"api-test-{next(_keys):04}"}


def buyer(house: House, name: str) -> str:
    return house.academy.token(house.academy.person(name), "read:mine", "write:mine")


def offer(house: House) -> str:
    return house.id("offer", house.academy.offer.id)


def pay(house: House, url: str) -> None:
    reference = url.rpartition("/")[2]
    house.academy.write(lambda session: commerce.choose(session, reference, "success", clock=house.clock))
    house.academy.work()


def bought(house: House, name: str) -> tuple[str, dict[str, Any]]:
    """Let somebody buy the course; return her token and the paid order."""
    token = buyer(house, name)
    placed = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=key())
    assert placed.status_code == 201, placed.text
    pay(house, placed.json()["payment_url"])
    return token, house.call("GET", f"/orders/{placed.json()['order']['number']}", token=token).json()


def test_buying_opens_the_course(house: House) -> None:
    token = buyer(house, "Ann")
    assert problem(house.call("GET", f"/lessons/{house.lesson}", token=token)) == (403, "not-bought")
    placed = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=key()).json()
    assert placed["payment_url"].startswith("http://testserver/")
    assert (placed["order"]["state"], placed["order"]["total"]["amount"]) == ("placed", "199.00")
    pay(house, placed["payment_url"])
    order = house.call("GET", f"/orders/{placed['order']['number']}", token=token).json()
    assert (order["state"], order["payments"][0]["state"]) == ("paid", "succeeded")
    assert house.call("GET", f"/lessons/{house.lesson}", token=token).json()["access"] == "held"
    assert [row["number"] for row in house.call("GET", "/me/orders", token=token).json()["items"]] == [order["number"]]
    again = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=key())
    assert problem(again) == (409, "already-owned")


def test_sending_twice_is_buying_once(house: House) -> None:
    token, one = buyer(house, "Bea"), key()
    first = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=one).json()
    second = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=one).json()
    assert second["order"]["number"] == first["order"]["number"]
    assert second["payment_url"] == first["payment_url"]
    other = {"offer": offer(house), "amount": {"minor": 19900, "currency": "CNY"}}
    assert problem(house.call("POST", "/orders", token=token, json=other, headers=one)) == (409, "key-reused")
    without = house.call("POST", "/orders", token=token, json={"offer": offer(house)})
    assert problem(without) == (422, "invalid")
    assert "Idempotency-Key" in without.json()["errors"]
    short = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers={"Idempotency-Key": "x"})
    assert problem(short) == (422, "invalid")


def test_a_buyer_names_no_price(house: House) -> None:
    token = buyer(house, "Cia")
    for more in ({"price": {"minor": 1, "currency": "CNY"}}, {"total": 1}, {"offer": house.id("product")}):
        answer = house.call("POST", "/orders", token=token, json={"offer": offer(house), **more}, headers=key())
        assert problem(answer) == (422, "invalid")
    cheap = {"offer": offer(house), "amount": {"minor": 1, "currency": "CNY"}}
    answer = house.call("POST", "/orders", token=token, json=cheap, headers=key())
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert answer.json()["order"]["total"]["minor"] == 19900
    gone = house.call("POST", "/orders", token=token, json={"offer": house.id("offer")}, headers=key())
    assert problem(gone) == (404, "not-found")
    elsewhere = {"offer": offer(house), "provider": "nobody"}
    assert problem(house.call("POST", "/orders", token=token, json=elsewhere, headers=key())) == (422, "invalid")


def test_what_is_free_is_paid_at_once(house: House) -> None:
    token = buyer(house, "Dee")
    free = house.call("GET", "/products/yi-pian-duan-wen", "stranger").json()["offer"]["id"]
    placed = house.call("POST", "/orders", token=token, json={"offer": free}, headers=key()).json()
    assert (placed["order"]["state"], placed["payment_url"]) == ("paid", None)


def test_an_order_is_cancelled_or_paid_again(house: House) -> None:
    token = buyer(house, "Eva")
    placed = house.call("POST", "/orders", token=token, json={"offer": offer(house)}, headers=key()).json()
    number = placed["order"]["number"]
    again = house.call("POST", f"/orders/{number}/pay", token=token)
    assert again.json()["payment_url"] == placed["payment_url"]
    assert house.call("POST", f"/orders/{number}/cancel", token=token).json()["state"] == "cancelled"
    assert problem(house.call("POST", f"/orders/{number}/cancel", token=token)) == (409, "conflict")
    assert problem(house.call("POST", f"/orders/{number}/pay", token=token)) == (409, "conflict")


def test_another_persons_order_is_not_there(house: House) -> None:
    _, order = bought(house, "Fay")
    number = order["number"]
    assert problem(house.call("GET", f"/orders/{number}", "learner")) == (404, "not-found")
    assert problem(house.call("POST", f"/orders/{number}/cancel", "learner")) == (404, "not-found")
    assert problem(house.call("POST", f"/orders/{number}/pay", "learner")) == (404, "not-found")
    assert house.call("GET", f"/orders/{number}", "support").json() == order
    assert problem(house.call("GET", f"/orders/{number}", "teacher")) == (404, "not-found")
    narrow = house.academy.token(house.academy.owner, "read:catalog")
    assert problem(house.call("GET", f"/orders/{number}", token=narrow)) == (403, "scope-missing")


def test_staff_list_and_refund(house: House) -> None:
    token, order = bought(house, "Gia")
    listed = house.call("GET", f"/orders?person={order['person_id']}&state=paid", "support").json()["items"]
    assert [row["number"] for row in listed] == [order["number"]]
    assert house.call("GET", f"/orders?number={order['number']}", "support").json()["items"] == listed
    assert problem(house.call("GET", "/orders?person=nobody", "support")) == (422, "invalid")
    assert problem(house.call("GET", "/orders?cursor=nonsense", "support")) == (422, "invalid")
    payment, one = order["payments"][0]["id"], key()
    body = {"reason": "goodwill", "amount": {"minor": 5000, "currency": "CNY"}}
    first = house.call("POST", f"/payments/{payment}/refunds", "support", json=body, headers=one)
    second = house.call("POST", f"/payments/{payment}/refunds", "support", json=body, headers=one)
    assert (first.status_code, second.json()) == (202, first.json())
    house.academy.work()
    after = house.call("GET", f"/orders/{order['number']}", "support").json()
    assert (after["state"], after["refunded"]["amount"], len(after["refunds"])) == ("partly_refunded", "50.00", 1)
    much = {"reason": "goodwill", "amount": {"minor": 19900, "currency": "CNY"}}
    answer = house.call("POST", f"/payments/{payment}/refunds", "support", json=much, headers=key())
    assert problem(answer) == (409, "refund-too-large")
    rest = house.call("POST", f"/payments/{payment}/refunds", "support", json={"reason": "goodwill"}, headers=key())
    assert rest.status_code == 202
    house.academy.work()
    assert problem(house.call("GET", f"/lessons/{house.lesson}", token=token)) == (403, "not-bought")


def test_orders_come_in_pages(house: House) -> None:
    seen, cursor = [], ""
    while True:
        page = house.call("GET", f"/orders?limit=2{cursor}", "support").json()
        assert len(page["items"]) <= 2
        seen += [row["number"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == len(house.call("GET", "/orders?limit=100", "support").json()["items"])


def test_the_sums_are_the_orders_sums(house: House) -> None:
    bought(house, "Hoa")
    sales = house.call("GET", "/numbers/sales?first=2026-03-01&days=1", "analyst").json()
    (yuan,) = sales["sums"]
    orders = house.call("GET", "/orders?limit=100", "support").json()["items"]
    paid = [row for row in orders if row["paid_at"]]
    assert yuan["orders"] == len(paid)
    assert yuan["gross"]["minor"] == sum(row["total"]["minor"] for row in paid)
    assert yuan["net"]["minor"] == yuan["gross"]["minor"] - yuan["refunded"]["minor"]
    assert [day["day"] for day in sales["days"]] == ["2026-03-01"]
    balances = house.call("GET", "/books/balances", "analyst").json()["items"]
    assert balances
    assert sum(row["balance"]["minor"] for row in balances) == 0
    page = house.call("GET", "/books/entries?limit=1", "analyst").json()
    assert sum(line["amount"]["minor"] for line in page["items"][0]["postings"]) == 0
    following = house.call("GET", f"/books/entries?limit=1&cursor={page['next']}", "analyst").json()
    assert following["items"][0]["id"] != page["items"][0]["id"]
    for wrong in ("first=2026-03-01&days=0", "first=2026-03-01&days=367", "first=1776-07-04", "first=9999-12-31", ""):
        assert problem(house.call("GET", f"/numbers/sales?{wrong}", "analyst")) == (422, "invalid")


def test_activity_counts_only_those_who_agree(house: House) -> None:
    activity = house.call("GET", "/numbers/activity?first=2026-02-27&days=3", "analyst").json()
    assert [day["day"] for day in activity["days"]] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert [step["verb"] for step in activity["funnel"]] == ["viewed", "started", "purchased"]
