"""The studio's rooms of commerce: who may enter, what is refused, what follows."""

from collections.abc import Callable

from tests.fixtures.web import Academy, Browser, shown
from tests.web.commerce.conftest import Buyer, hidden
from tests.web.commerce.test_buying import BAD_AMOUNTS
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity

Open = Callable[[identity.PersonView], Browser]
PRICES = "/studio/products/reading-numbers/prices"


def test_learners_and_strangers_stay_outside(learner: Browser, client: Browser) -> None:
    for path in ("/studio/orders", "/studio/orders/0000-0000", "/studio/books", PRICES):
        assert learner.get(path).status_code == 403
        assert "/sign-in" in client.get(path).headers["location"]


def test_the_list_finds_by_state_number_and_address(buyer: Buyer, owner: Browser) -> None:
    number = buyer.buy()
    for query in ("", "?state=paid", f"?q={number}", f"?q={number.lower()}", "?q=LILY@example.org"):
        page = owner.get(f"/studio/orders{query}")
        assert number in page.text, query
        assert "Lily" in page.text
    for query in ("?state=refunded", "?q=0000-0000", "?q=nobody@example.org", "?attention=1", "?q=' OR 1=1 --"):
        assert number not in owner.get(f"/studio/orders{query}").text, query
    assert owner.get("/studio/orders?cursor=nonsense").status_code == 422


def test_a_refund_in_part_and_then_in_full(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    number = buyer.buy()
    page = owner.get(f"/studio/orders/{number}")
    assert "lily@example.org" in page.text
    assert "In the books" in page.text
    fields = {**hidden(page.text), "amount": "50", "reason": "goodwill"}
    first, again = (owner.submit(f"/studio/orders/{number}/refund", fields) for _ in range(2))
    assert first.status_code == again.status_code == 303
    academy.work()
    order = academy.read(lambda s: commerce.order(s, SYSTEM, number))
    assert (order.state, order.refunded) == ("partly_refunded", Money(5000, "CNY"))
    fields = {**hidden(owner.get(f"/studio/orders/{number}").text), "amount": "", "reason": "buyer_asked"}
    assert owner.submit(f"/studio/orders/{number}/refund", fields).status_code == 303
    academy.work()
    assert academy.read(lambda s: commerce.order(s, SYSTEM, number)).state == "refunded"
    at = academy.platform.clock.now()
    assert not academy.read(lambda s: entitlements.has_access(s, academy.learner.id, academy.course.id, at=at))
    assert "Given back" in buyer.browser.get(f"/orders/{number}").text


def test_bad_refunds_are_refused(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    number = buyer.buy()
    fields = {**hidden(owner.get(f"/studio/orders/{number}").text), "reason": "goodwill"}
    for amount in (*filter(str.strip, BAD_AMOUNTS), "0", "0.00", "199.01", "1000000"):
        sent = owner.submit(f"/studio/orders/{number}/refund", {**fields, "amount": amount})
        assert sent.status_code in {409, 422}, amount[:50]
    academy.work()
    assert not academy.read(lambda s: commerce.order(s, SYSTEM, number)).refunds


def test_a_payment_of_another_order_is_not_found(
    buyer: Buyer, owner: Browser, academy: Academy, open_browser: Open
) -> None:
    mine = buyer.buy()
    theirs = Buyer(open_browser(academy.other), academy).buy()
    fields = hidden(owner.get(f"/studio/orders/{theirs}").text)
    sent = owner.submit(f"/studio/orders/{mine}/refund", {**fields, "reason": "goodwill"})
    assert sent.status_code == 404


def test_roles(buyer: Buyer, academy: Academy, owner: Browser, open_browser: Open) -> None:
    number = buyer.buy()
    fields = {**hidden(owner.get(f"/studio/orders/{number}").text), "reason": "goodwill"}
    for role, sees, refunds in (("editor", False, False), ("teacher", False, False), ("support", True, True)):
        browser = open_browser(academy.staff(role))
        allowed = identity.PERMISSIONS[identity.Role(role)]
        assert ("orders.read" in allowed, "orders.refund" in allowed) == (sees, refunds)
        assert browser.get(f"/studio/orders/{number}").status_code == (200 if sees else 403)
        assert browser.submit(f"/studio/orders/{number}/refund", fields).status_code == (303 if refunds else 403)


def test_a_new_price_takes_the_old_ones_place(owner: Browser, academy: Academy) -> None:
    assert "¥199" in owner.get(PRICES).text
    fields = {"model": "once", "currency": "CNY", "price": "299.50", "floor": "", "starts_at": "", "ends_at": ""}
    assert owner.submit(PRICES, fields).status_code == 303
    at = academy.platform.clock.now()
    live = academy.read(lambda s: commerce.offers_for(s, [academy.course.id], currency="CNY", at=at))
    assert live[academy.course.id].price == Money(29_950, "CNY")
    page = owner.get(PRICES)
    assert "Taken off sale" in page.text
    offer = shown("offer", live[academy.course.id].id)
    assert owner.submit(f"{PRICES}/{offer}/retire").status_code == 303
    assert owner.submit(f"{PRICES}/{offer}/retire").status_code == 409
    assert owner.submit(f"{PRICES}/ofr_{'0' * 26}/retire").status_code == 404


def test_bad_prices_are_refused(owner: Browser, academy: Academy) -> None:
    for price in (*BAD_AMOUNTS, "0", "0.00"):
        sent = owner.submit(PRICES, {"model": "once", "currency": "CNY", "price": price})
        assert sent.status_code == 422, price[:50]
        assert 'id="f-price-error"' in sent.text, price[:50]
    assert len(academy.read(lambda s: commerce.offers_of(s, SYSTEM, academy.course.id))) == 1


BAD_FIELDS = (
    ({"currency": "cny"}, "currency"), ({"currency": "XXX"}, "currency"), ({"currency": ""}, "currency"),
    ({"currency": "JPY", "price": "1.5"}, "price"), ({"model": "rent"}, "model"), ({"model": ""}, "model"),
    ({"model": "pay_what_you_want", "floor": "200"}, "floor"), ({"model": "pay_what_you_want", "floor": "-1"}, "floor"),
    ({"ends_at": "2020-01-01T00:00"}, "ends_at"), ({"ends_at": "soon"}, "ends_at"),
    ({"starts_at": "9" * 400}, "starts_at"), ({"starts_at": "0001-01-01T00:00+23:00"}, "starts_at"),
)  # fmt: skip


def test_bad_fields_of_a_price_are_named(owner: Browser, academy: Academy) -> None:
    for changed, field in BAD_FIELDS:
        sent = owner.submit(PRICES, {"model": "once", "currency": "CNY", "price": "100", **changed})
        assert sent.status_code == 422, changed
        assert f'href="#f-{field}"' in sent.text, changed
    assert len(academy.read(lambda s: commerce.offers_of(s, SYSTEM, academy.course.id))) == 1


def test_only_those_who_write_the_catalogue_make_prices(academy: Academy, open_browser: Open) -> None:
    support = open_browser(academy.staff("support"))
    assert support.submit(PRICES, {"model": "free", "currency": "CNY"}).status_code == 403


def test_the_books_balance_and_lead_to_the_orders(buyer: Buyer, owner: Browser) -> None:
    assert "Nothing in the books yet" in owner.get("/studio/books").text
    number = buyer.buy()
    page = owner.get("/studio/books")
    assert "Both sides agree" in page.text
    assert page.text.count("¥199") == 6  # two balances, two sums, two lines of the journal
    assert f"/studio/orders/{number}" in page.text
    assert "income:sales" in owner.get("/studio/books?account=income:sales").text
    assert owner.get("/studio/books?account=income:secret").status_code == 404
    assert owner.get("/studio/books?before=nonsense").status_code == 404


def test_held_money_asks_for_a_person(buyer: Buyer, owner: Browser, academy: Academy) -> None:
    number = buyer.buy(choice="short")
    assert "We have to look at this payment" in buyer.browser.get(f"/pay/{number}/return").text
    assert number in owner.get("/studio/orders?attention=1").text
    page = owner.get(f"/studio/orders/{number}")
    assert "It can only go back whole" in page.text
    assert (
        owner.submit(f"/studio/orders/{number}/refund", {**hidden(page.text), "reason": "goodwill"}).status_code == 303
    )
    academy.work()
    assert number not in owner.get("/studio/orders?attention=1").text
