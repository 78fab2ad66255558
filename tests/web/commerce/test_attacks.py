"""Somebody who is curious about other people's purchases, guesses words, or writes what a page should not run."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer, hidden
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions

FORBIDDEN = {401, 403, 404}


@pytest.fixture
def stranger(open_browser: Callable[[Any], Browser], academy: Academy) -> Browser:
    """Somebody else's browser, who is signed in and has bought nothing."""
    return open_browser(academy.other)


def test_nobody_sees_or_moves_anothers_order(buyer: Buyer, stranger: Browser) -> None:
    number = buyer.buy()
    seen = [f"/orders/{number}", f"/pay/{number}/return", f"/pay/{number}/scan", f"/pay/{number}/transfer"]
    moved = [f"/orders/{number}/cancel", f"/orders/{number}/ask-back", f"/pay/{number}/again", f"/pay/{number}/ask"]
    fields = {"provider": "sandbox", "key": "somebody-elses-key"}
    assert {stranger.get(path).status_code for path in seen} <= FORBIDDEN
    assert {stranger.submit(path, fields).status_code for path in moved} <= FORBIDDEN
    assert buyer.browser.get(f"/orders/{number}").status_code == 200


def test_nobody_prints_anothers_receipt(buyer: Buyer, stranger: Browser, owner: Browser) -> None:
    buyer.buy()
    page = buyer.browser.get("/account/invoices").text
    labels = {piece.split(".pdf")[0] for piece in page.split("/account/invoices/")[1:] if ".pdf" in piece[:60]}
    assert labels
    for label in labels:
        assert stranger.get(f"/account/invoices/{label}.pdf").status_code in FORBIDDEN
        assert stranger.submit(f"/account/invoices/{label}/invoice", {}).status_code in FORBIDDEN
        assert owner.get(f"/account/invoices/{label}.pdf").status_code == 200


def test_a_form_without_its_token_buys_nothing(buyer: Buyer) -> None:
    form = buyer.form()
    assert buyer.browser.post("/checkout", data=form).status_code == 403
    assert buyer.browser.post("/checkout", data={**form, "csrf_token": "0" * 64}).status_code == 403


def _coupon(academy: Academy, code: str) -> None:
    command = promotions.MakeCoupon(code, share_bp=1_000)
    academy.write(lambda s: promotions.make_coupon(s, SYSTEM, command, clock=academy.platform.clock))


@pytest.mark.parametrize("way", ["address", "form"])
def test_words_of_coupons_cannot_be_guessed_without_end(learner: Browser, academy: Academy, way: str) -> None:
    _coupon(academy, "SPRING")
    offer = public_id("offer", academy.offer.id)

    def guess(number: int) -> int:
        if way == "address":
            return learner.get(f"/checkout/reading-numbers?code=WORD{number}").status_code
        fields = {"offer": offer, "code": f"WORD{number}", "deed": "preview"}
        return learner.submit("/checkout", fields).status_code

    assert 429 in {guess(number) for number in range(40)}


def test_what_people_write_is_never_a_formula_or_a_tag(buyer: Buyer, academy: Academy) -> None:
    """A pack's title goes to the statement, the order and the CSV."""
    title = "=HYPERLINK(1)<script>alert(1)</script>"
    command = commerce.MakeOffer(None, "top_up", Money(10_000, "CNY"), terms={"title": title, "bonus_minor": 0})
    academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))
    page = buyer.browser.get("/wallet")
    assert "<script>alert" not in page.text
    placed = buyer.browser.submit("/wallet/buy", hidden(page.text))
    buyer.choose(placed.headers["location"])
    assert "<script>alert" not in buyer.browser.get("/wallet/CNY").text
    lines = buyer.browser.get("/wallet/CNY/statement.csv").text.splitlines()
    assert "'=HYPERLINK" in lines[1]
