"""The checkout's one page: the bill, codes, other ways and currencies, what is taken along, and what is refused."""

import html
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser, shown
from tests.web.commerce.conftest import Buyer, tokens
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.commerce.rules.tax import Rate

_SHOWN = re.compile(r'name="shown" value="([0-9]+ [A-Z]{3})"')


def total_of(text: str) -> str:
    """Return the total that the page shows, as its form carries it."""
    found = _SHOWN.search(text)
    assert found, text
    return found[1]


def offer(academy: Academy, model: str, price: Money, **more: Any) -> commerce.OfferView:
    command = commerce.MakeOffer(academy.course.id, model, price, **more)  # type: ignore[arg-type]
    return academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))


def coupon(academy: Academy, code: str, **more: Any) -> None:
    command = promotions.MakeCoupon(code=code, **more)
    academy.write(lambda s: promotions.make_coupon(s, SYSTEM, command, clock=academy.platform.clock))


def only_order(academy: Academy) -> commerce.OrderView:
    (row,) = academy.read(lambda s: commerce.orders(s, SYSTEM)).orders
    return academy.read(lambda s: commerce.order(s, SYSTEM, row.number))


def preview(buyer: Buyer, **fields: Any) -> Any:
    return buyer.browser.submit("/checkout", {**buyer.form(), "deed": "preview", **fields})


def test_what_is_shown_is_what_is_charged(buyer: Buyer, academy: Academy) -> None:
    coupon(academy, "SPRING20", share_bp=2_000)
    page = preview(buyer, code="spring20")
    assert page.status_code == 200
    assert "Coupon SPRING20" in page.text
    assert total_of(page.text) == "15920 CNY"
    assert "¥159.20</button>" in page.text
    sent = buyer.browser.submit("/checkout", {**buyer.form(), "code": "spring20", "shown": "15920 CNY"})
    assert sent.status_code == 303
    order = only_order(academy)
    assert order.total == Money(15_920, "CNY")
    assert [one.label for line in order.lines for one in line.discounts] == ["SPRING20"]


def test_a_code_typed_but_not_reckoned_is_shown_before_it_is_charged(buyer: Buyer, academy: Academy) -> None:
    coupon(academy, "SPRING20", share_bp=2_000)
    sent = buyer.browser.submit("/checkout", {**buyer.form(), "code": "SPRING20", "shown": "19900 CNY"})
    assert sent.status_code == 409
    assert "another amount than was shown" in sent.text
    assert total_of(sent.text) == "15920 CNY"
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM)).orders


@pytest.mark.parametrize("code", ["NOSUCH", "x" * 40_000, "' OR 1=1 --", "ＡＢＣ", "a b c d e f", "\x00"])
def test_a_code_that_does_not_count_is_told_at_its_field(buyer: Buyer, academy: Academy, code: str) -> None:
    for deed in ("preview", "buy"):
        sent = buyer.browser.submit("/checkout", {**buyer.form(), "code": code, "deed": deed})
        assert sent.status_code == 422, deed
        assert 'id="f-code-error"' in sent.text, deed
        assert total_of(sent.text) == "19900 CNY"
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM)).orders


BAD: tuple[tuple[Mapping[str, str], str], ...] = (
    ({"country": "XX"}, "country"), ({"country": "x" * 40_000}, "country"), ({"country": "DE; DROP"}, "country"),
    ({"also": "ofr_" + "0" * 26}, ""), ({"also": "x" * 40_000}, "also"), ({"also": "prd_" + "0" * 26}, "also"),
    ({"group": "nosuch"}, "group"), ({"group": "x" * 40_000}, "group"),
    ({"provider": "nobody"}, "provider"), ({"provider": ""}, "provider"), ({"provider": "wallet"}, "provider"),
    ({"provider": "x" * 40_000}, "provider"),
)  # fmt: skip


@pytest.mark.parametrize(("fields", "where"), BAD)
def test_a_field_that_means_nothing_moves_nothing(
    buyer: Buyer, academy: Academy, fields: Mapping[str, str], where: str
) -> None:
    sent = buyer.browser.submit("/checkout", {**buyer.form(), **fields})
    assert sent.status_code in ({404} if not where else {422})
    if where:
        assert f"#f-{where}" in sent.text
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM)).orders


@pytest.mark.parametrize("wrong", ["1 CNY", "19901 CNY", "19900 USD", "0 CNY"])
def test_another_total_than_the_one_reckoned_is_refused(buyer: Buyer, academy: Academy, wrong: str) -> None:
    sent = buyer.browser.submit("/checkout", {**buyer.form(), "shown": wrong})
    assert sent.status_code in {409, 422}
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM)).orders


def test_a_stranger_is_led_back_to_the_very_same(client: Browser, academy: Academy) -> None:
    coupon(academy, "SPRING20", share_bp=2_000)
    page = client.get("/checkout/reading-numbers?code=SPRING20")
    assert "¥159.20" in page.text
    assert "%3Fcode%3DSPRING20" in page.text  # signing in by password comes back to it, too
    fields = {**tokens(page.text), "email": "new@example.org", "code": "SPRING20"}
    assert client.post("/checkout/reading-numbers/letter", data=fields).status_code == 200
    reckoned = client.post("/checkout", data={**fields, "offer": shown("offer", academy.offer.id), "deed": "preview"})
    assert "¥159.20" in reckoned.text


def test_other_ways_are_told_with_what_they_cost_and_how_they_end(buyer: Buyer, academy: Academy) -> None:
    rental = offer(academy, "rental", Money(4_900, "CNY"), terms={"days": 30})
    parts = offer(academy, "instalments", Money(20_000, "CNY"), terms={"interval": "P1M", "count": 3})
    plan = offer(academy, "subscription", Money(2_900, "CNY"), terms={"interval": "P1M", "trial": "P7D"})
    page = buyer.browser.get("/checkout/reading-numbers").text
    for words in ("Once, yours for good", "For 30 days", "In 3 parts", "Subscription, each month"):
        assert words in page, words
    said = (
        (rental, "Open for 30 days from the moment you pay", "4900 CNY"),
        (parts, "3 parts, CN¥200 altogether", "6667 CNY"),
        (plan, "The first 7 days cost nothing. After that CN¥29 each month", "0 CNY"),
    )
    for one, words, total in said:
        own = buyer.browser.get(f"/checkout/{shown('offer', one.id)}").text
        assert words in html.unescape(own), words
        assert total_of(own) == total


def test_every_way_can_be_bought(buyer: Buyer, academy: Academy) -> None:
    for model, price, terms in (
        ("rental", 4_900, {"days": 30}), ("instalments", 20_000, {"interval": "P1M", "count": 3}),
        ("group", 9_900, {"size": 2, "hours": 24}),
    ):  # fmt: skip
        made = offer(academy, model, Money(price, "CNY"), terms=terms)
        what = shown("offer", made.id)
        page = buyer.browser.get(f"/checkout/{what}")
        number = buyer.buy(what, shown=total_of(page.text))
        order = academy.read(lambda s, it=number: commerce.order(s, SYSTEM, it))
        assert order.state == "paid", model
        assert "Thank you" in buyer.browser.get(f"/pay/{number}/return").text


def test_another_currency_is_a_click_away(buyer: Buyer, academy: Academy) -> None:
    dollars = offer(academy, "once", Money(2_900, "USD"))
    page = buyer.browser.get("/checkout/reading-numbers").text
    assert f"/checkout/{shown('offer', dollars.id)}" in page
    assert total_of(buyer.browser.get(f"/checkout/{shown('offer', dollars.id)}").text) == "2900 USD"


def test_nothing_is_ticked_beforehand(buyer: Buyer, academy: Academy) -> None:
    other = academy.product("Reading charts", slug="reading-charts")
    academy.add(other.id, "First", is_preview=True)
    academy.publish(other.id)
    beside = academy.price(other.id, 5_000)
    command = promotions.MakeAddOn(other.id, "checkout", academy.course.id, {"en": "Goes well with it."})
    academy.write(lambda s: promotions.make_add_on(s, SYSTEM, command, clock=academy.platform.clock))
    page = buyer.browser.get("/checkout/reading-numbers").text
    box = next(tag for tag in re.findall(r"<input[^>]+>", page) if 'name="also"' in tag)
    assert "checked" not in box
    assert total_of(page) == "19900 CNY"
    taken = preview(buyer, also=shown("offer", beside.id))
    assert total_of(taken.text) == "24900 CNY"
    fields = {"also": shown("offer", beside.id), "shown": "24900 CNY"}
    assert buyer.browser.submit("/checkout", {**buyer.form(), **fields}).status_code == 303
    assert [line.product_id for line in only_order(academy).lines] == [academy.course.id, other.id]


def test_the_country_is_asked_for_only_where_it_matters(buyer: Buyer, academy: Academy) -> None:
    assert 'name="country"' not in buyer.browser.get("/checkout/reading-numbers").text
    clock = academy.platform.clock
    academy.write(lambda s: promotions.set_purchasing_power(s, SYSTEM, "IN", off_bp=5_000, clock=clock))
    rate = documents.MakeTaxRate("DE", "", Rate(1_900, "exclusive"))
    academy.write(lambda s: documents.make_tax_rate(s, SYSTEM, rate, clock=clock))
    assert 'name="country"' in buyer.browser.get("/checkout/reading-numbers").text
    assert total_of(preview(buyer, country="IN").text) == "9950 CNY"
    taxed = preview(buyer, country="DE").text
    assert total_of(taxed) == "23681 CNY"
    assert "Tax, 19 %" in taxed


def test_a_price_with_few_left_says_so_and_is_gone_with_the_last(
    buyer: Buyer, academy: Academy, open_browser: Any
) -> None:
    few = offer(academy, "rental", Money(900, "CNY"), terms={"days": 9}, stock=1)
    what = shown("offer", few.id)
    assert "1 left at this price" in buyer.browser.get(f"/checkout/{what}").text
    fields = buyer.form(what)
    buyer.buy(what)
    late = open_browser(academy.other).submit("/checkout", fields)
    assert late.status_code == 409
    assert "sold out" in late.text
