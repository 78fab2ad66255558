"""Buying through the pages, as a browser without JavaScript does it."""

from collections.abc import Callable

from tests.fixtures.web import Academy, Browser, shown
from tests.web.commerce.conftest import Buyer, tokens
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import MaildirMailer
from xingtan.wiring import broken_promises

BAD_AMOUNTS = (
    "", " ", "-1", "-0", "+5", "1e2", "0.1+0.2", "1,00", "1 000", "１００", "١٠٠", "NaN", "Infinity", "-Infinity",
    "0x10", "9007199254740993", "9223372036854775807", "9223372036854775808", "1" + "0" * 30, "1.234", "1.",
    ".5", "¥5", "5\n6",
    "null", "[]", "{}", "1;DROP TABLE offer", "x" * 40_000,
)  # fmt: skip


def _owns(academy: Academy, product_id: object) -> bool:
    at = academy.platform.clock.now()
    return academy.read(lambda s: entitlements.has_access(s, academy.learner.id, product_id, at=at))  # type: ignore[arg-type]


def _letters(academy: Academy) -> list[str]:
    mailer = academy.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return [f"{letter.subject}\n{letter.text}" for letter in mailer.letters(50)]


def test_a_learner_buys_and_gets_a_receipt(buyer: Buyer, academy: Academy) -> None:
    page = buyer.browser.get("/checkout/reading-numbers")
    assert "Reading numbers" in page.text
    assert "¥199" in page.text
    assert "within 7 days" in page.text
    number = buyer.buy()
    thanks = buyer.browser.get(f"/pay/{number}/return")
    assert "Thank you. It is yours." in thanks.text
    assert _owns(academy, academy.course.id)
    receipt = buyer.browser.get(f"/orders/{number}")
    assert receipt.status_code == 200
    assert number in receipt.text
    assert "lily@example.org" in receipt.text
    assert receipt.headers["cache-control"] == "private, no-store"
    assert number in buyer.browser.get("/orders").text
    assert any(number in letter and "199.00 CNY" in letter for letter in _letters(academy))
    assert not academy.read(lambda s: broken_promises(s, at=academy.platform.clock.now()))


def test_in_chinese_as_well(buyer: Buyer, academy: Academy) -> None:
    page = buyer.browser.get("/zh/checkout/reading-numbers")
    assert "去付款" in page.text
    fields = buyer.form()
    placed = buyer.browser.submit("/zh/checkout", fields)
    assert placed.headers["location"].startswith("/zh/sandbox/pay/")
    sandbox = buyer.browser.get(placed.headers["location"])
    assert "测试页面：这里不会付真钱。" in sandbox.text
    back = buyer.choose(placed.headers["location"])
    assert "谢谢，它是您的了。" in buyer.browser.get(back.headers["location"]).text
    assert any("谢谢您" in letter for letter in _letters(academy))


def test_what_is_free_is_on_the_shelf_at_once(buyer: Buyer, academy: Academy) -> None:
    placed = buyer.place("yi-pian-duan-wen")
    assert placed.headers["location"].endswith("/return")
    assert _owns(academy, academy.essay.id)
    academy.work()
    assert any("On your shelf" in letter for letter in _letters(academy))


def test_a_stranger_gets_a_letter_that_leads_back_to_this_checkout(client: Browser, academy: Academy) -> None:
    for address in ("lily@example.org", "nobody-yet@example.org"):
        page = client.get("/checkout/reading-numbers")
        assert 'type="email"' in page.text
        sent = client.post("/checkout/reading-numbers/letter", data={**tokens(page.text), "email": address})
        assert sent.status_code == 200
        assert "Look into your mail" in sent.text  # the same for both
    academy.work()
    assert sum("/sign-in/link/" in letter for letter in _letters(academy)) == 2
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM).orders)


def test_a_stranger_with_no_address_is_told_so(client: Browser, academy: Academy) -> None:
    for address in ("", "nobody", "a@b\r\nBcc: c@d", "x" * 40_000 + "@example.org"):
        page = client.get("/checkout/reading-numbers").text
        sent = client.post("/checkout/reading-numbers/letter", data={**tokens(page), "email": address})
        assert sent.status_code == 422, address[:50]
    assert not academy.work()


def test_a_stranger_cannot_order(client: Browser, academy: Academy) -> None:
    offer = shown("offer", academy.offer.id)
    sent = client.submit("/checkout", {"offer": offer, "key": "some-key-here", "provider": "sandbox"})
    assert sent.status_code == 303
    assert "/sign-in" in sent.headers["location"]
    for path in ("/orders", "/orders/0000-0000", "/pay/0000-0000/return"):
        assert "/sign-in" in client.get(path).headers["location"]


def test_the_price_that_a_browser_sends_counts_for_nothing(buyer: Buyer, academy: Academy) -> None:
    number = buyer.buy(amount="0.01", price="0.01", total="1", currency="JPY", product="free")
    order = academy.read(lambda s: commerce.order(s, SYSTEM, number))
    assert order.total == Money(19_900, "CNY")


def test_an_offer_that_is_none_is_not_found(buyer: Buyer, academy: Academy) -> None:
    fields = buyer.form()
    for offer in (
        "",
        "ofr_",
        "ofr_" + "0" * 26,
        "ofr_" + "z" * 26,
        "prd_" + "0" * 26,
        "' OR 1=1 --",
        "../../etc",
        "x" * 40_000,
    ):
        assert buyer.browser.submit("/checkout", {**fields, "offer": offer}).status_code == 404, offer[:50]
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM).orders)


def test_a_product_id_in_the_place_of_an_offer_is_not_found(buyer: Buyer, academy: Academy) -> None:
    wrong = shown("offer", academy.course.id)
    assert buyer.place(offer=wrong).status_code == 404
    assert buyer.browser.get(f"/checkout/{wrong}").status_code == 404
    assert buyer.browser.get("/checkout/not-yet").status_code == 404  # a draft


def test_an_old_price_is_told_to_be_gone(buyer: Buyer, academy: Academy) -> None:
    fields = buyer.form()
    academy.price(academy.course.id, 29_900)
    sent = buyer.browser.submit("/checkout", fields)
    assert sent.status_code == 409
    assert "no longer for sale" in sent.text
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM).orders)


def test_nobody_is_asked_to_pay_for_what_she_owns(buyer: Buyer, academy: Academy) -> None:
    fields = buyer.form()
    academy.give(academy.learner.id, academy.course.id)
    sent = buyer.browser.submit("/checkout", fields)
    assert sent.status_code == 409
    assert "is yours already" in sent.text
    assert "is yours already" in buyer.browser.get("/checkout/reading-numbers").text


def test_the_back_button_and_a_double_click_are_one_order(buyer: Buyer, academy: Academy) -> None:
    fields = buyer.form()
    first, second = (buyer.browser.submit("/checkout", fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(academy.read(lambda s: commerce.orders(s, SYSTEM).orders)) == 1
    buyer.choose(first.headers["location"])
    third = buyer.browser.submit("/checkout", fields)
    assert third.headers["location"].endswith("/return")
    changed = buyer.browser.submit(
        "/checkout", {**fields, "offer": shown("offer", academy.price(academy.course.id).id)}
    )
    assert changed.status_code == 409


def test_a_form_without_its_key_is_refused(buyer: Buyer) -> None:
    fields = buyer.form()
    for key in ("", "short", "a b c d e f g h", "x" * 40_000):
        sent = buyer.browser.submit("/checkout", {**fields, "key": key})
        assert sent.status_code == 422, key[:50]
        assert "load the page again" in sent.text


def test_unclear_amounts_are_refused(buyer: Buyer, academy: Academy, no_limits: None) -> None:
    command = commerce.MakeOffer(academy.course.id, "pay_what_you_want", Money(3000, "CNY"), Money(500, "CNY"))
    academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))
    fields = buyer.form()
    for amount in BAD_AMOUNTS:
        sent = buyer.browser.submit("/checkout", {**fields, "amount": amount})
        assert sent.status_code == 422, amount[:50]
        assert 'id="f-amount-error"' in sent.text, amount[:50]
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM).orders)


def test_pay_what_you_want(buyer: Buyer, academy: Academy) -> None:
    command = commerce.MakeOffer(academy.course.id, "pay_what_you_want", Money(3000, "CNY"), Money(500, "CNY"))
    academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))
    assert buyer.place(amount="4.99").status_code == 422
    number = buyer.buy(amount="66.60")
    assert academy.read(lambda s: commerce.order(s, SYSTEM, number)).total == Money(6660, "CNY")


def test_a_declined_card_a_wrong_code_and_then_success(buyer: Buyer, academy: Academy) -> None:
    placed = buyer.place()
    back = buyer.choose(placed.headers["location"], "declined")
    returned = buyer.browser.get(back.headers["location"])
    assert "The card was declined; nothing was taken." in returned.text
    number = back.headers["location"].split("/")[2]
    sandbox = buyer.browser.submit(f"/pay/{number}/again").headers["location"]
    assert sandbox != placed.headers["location"]
    assert buyer.browser.submit(sandbox, {"choice": "challenge"}).headers["location"] == sandbox
    wrong = buyer.browser.submit(f"{sandbox}/challenge", {"code": "111111"})
    assert wrong.status_code == 422
    assert "2 tries left" in wrong.text
    right = buyer.browser.submit(f"{sandbox}/challenge", {"code": "123456"})
    assert right.headers["location"] == f"/pay/{number}/return"
    academy.work()
    assert "Thank you" in buyer.browser.get(f"/pay/{number}/return").text


def test_without_a_notice_the_buyer_can_have_the_provider_asked(buyer: Buyer) -> None:
    placed = buyer.place()
    back = buyer.choose(placed.headers["location"], "never").headers["location"]
    assert "Waiting for the provider" in buyer.browser.get(back).text
    asked = buyer.browser.submit(back.replace("/return", "/ask"))
    assert asked.headers["location"] == back
    assert "Thank you" in buyer.browser.get(back).text


def test_a_cancelled_order_is_over(buyer: Buyer) -> None:
    placed = buyer.place()
    number = buyer.browser.get("/orders").text.split('href="/orders/')[-1].split('"')[0]
    assert placed.status_code == 303
    assert buyer.browser.submit(f"/orders/{number}/cancel").status_code == 303
    assert "It was cancelled" in buyer.browser.get(f"/pay/{number}/return").text
    assert buyer.browser.submit(f"/pay/{number}/again").status_code == 409
    assert buyer.browser.submit(f"/orders/{number}/cancel").status_code == 409


def test_another_persons_order_is_nowhere(
    buyer: Buyer, academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    number = buyer.buy()
    stranger = open_browser(academy.other)
    for path in (f"/orders/{number}", f"/pay/{number}/return", f"/orders/{number.lower()}"):
        assert stranger.get(path).status_code == 404
    for path in (f"/pay/{number}/again", f"/pay/{number}/ask", f"/orders/{number}/cancel"):
        assert stranger.submit(path).status_code == 404
    assert number not in stranger.get("/orders").text
    assert open_browser(academy.owner).get(f"/orders/{number}").status_code == 404  # the studio has its own page


def test_a_checkout_without_its_token_is_refused(buyer: Buyer, academy: Academy) -> None:
    fields = buyer.form()
    assert buyer.browser.post("/checkout", data=fields).status_code == 403
    foreign = buyer.browser.submit("/checkout", fields, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM).orders)
