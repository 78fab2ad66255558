"""The wallet through the pages: filled, spent lesson by lesson, read line by line, sent back."""

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer, hidden
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.wiring import broken_promises

BAD_AMOUNTS = ("-1", "0", "1e2", "NaN", "Infinity", "1" + "0" * 30, "1.234", "¥5", "１００", "x" * 40_000)


def _offer(academy: Academy, model: commerce.OfferModel, minor: int, **terms: object) -> commerce.OfferView:
    product_id = academy.course.id if model == "per_use" else None
    command = commerce.MakeOffer(product_id, model, Money(minor, "CNY"), terms=terms)
    return academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=academy.platform.clock))


def _fill(buyer: Buyer, minor: int = 10_000) -> None:
    _offer(buyer.academy, "top_up", minor, title="One hundred", bonus_minor=1_000)
    form = hidden(buyer.browser.get("/wallet").text)
    placed = buyer.browser.submit("/wallet/buy", form)
    assert placed.status_code == 303, placed.text
    buyer.choose(placed.headers["location"])


def test_a_learner_fills_her_wallet_and_opens_a_lesson(buyer: Buyer, academy: Academy) -> None:
    _offer(academy, "per_use", 300, unit="lesson")
    path = "/learn/reading-numbers/" + _slug(academy)
    door = buyer.browser.get(path)
    assert "Top up the wallet" in door.text
    assert buyer.browser.submit(path + "/open", {}).headers["location"].startswith("/wallet?short=")
    _fill(buyer)
    assert "¥110" in buyer.browser.get("/wallet").text
    door = buyer.browser.get(path)
    assert "Open this lesson" in door.text
    for _ in range(2):
        assert buyer.browser.submit(path + "/open", {}).headers["location"] == path
    assert "Open this lesson" not in buyer.browser.get(path).text
    statement = buyer.browser.get("/wallet/CNY")
    assert statement.text.count("-CN¥3") == 1
    csv = buyer.browser.get("/wallet/CNY/statement.csv")
    assert [line.split(",")[4] for line in csv.text.splitlines()] == ["paid", "100.00", "-3.00"]
    assert not academy.read(lambda s: broken_promises(s, at=academy.platform.clock.now()))


def test_unused_money_goes_back(buyer: Buyer, academy: Academy) -> None:
    _fill(buyer)
    form = hidden(buyer.browser.get("/wallet/CNY").text)
    sent = buyer.browser.submit("/wallet/CNY/withdraw", {**form, "amount": "40"})
    assert sent.status_code == 303, sent.text
    academy.work()
    assert "on its way" in buyer.browser.get(sent.headers["location"]).text
    assert "¥66" in buyer.browser.get("/wallet").text
    assert not academy.read(lambda s: broken_promises(s, at=academy.platform.clock.now()))


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_a_bad_amount_moves_nothing(buyer: Buyer, academy: Academy, amount: str) -> None:
    _fill(buyer)
    form = hidden(buyer.browser.get("/wallet/CNY").text)
    assert buyer.browser.submit("/wallet/CNY/withdraw", {**form, "amount": amount}).status_code in {409, 422}
    assert buyer.browser.submit("/wallet/CNY/warn", {"warn_below": amount}).status_code == 422
    assert "¥110" in buyer.browser.get("/wallet").text


@pytest.mark.parametrize("path", ["/wallet/EUR", "/wallet/XXX", "/wallet/%00"])
def test_there_is_no_other_wallet(learner: Browser, path: str) -> None:
    assert learner.get(path).status_code == 404


def test_a_stranger_has_no_wallet(client: Browser) -> None:
    assert client.get("/wallet").status_code in {303, 401, 403}


def test_in_chinese_as_well(buyer: Buyer) -> None:
    _fill(buyer)
    for path, word in (("/zh/wallet", "我的钱包"), ("/zh/wallet/CNY", "退回余额")):
        assert word in buyer.browser.get(path).text


def test_the_studio_sells_ahead(owner: Browser, academy: Academy) -> None:
    forms = (
        {"model": "top_up", "currency": "CNY", "price": "100", "title": "One hundred", "bonus": "10"},
        {
            "model": "credits",
            "currency": "CNY",
            "price": "50",
            "title": "Ten",
            "unit": "lesson",
            "uses": "10",
            "days": "90",
        },
        {"model": "per_use", "currency": "CNY", "price": "3", "unit": "minute", "product": "reading-numbers"},
    )
    for form in forms:
        assert owner.submit("/studio/packs", form).status_code == 303
    page = owner.get("/studio/packs")
    assert all(word in page.text for word in ("One hundred", "Ten", "Reading numbers"))
    found = academy.read(lambda s: commerce.ahead_offers(s, SYSTEM))
    assert sorted(one.model for one in found) == ["credits", "per_use", "top_up"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"model": "loan"}, "model"),
        ({"currency": "XXX"}, "currency"),
        ({"price": "-1"}, "price"),
        ({"price": "0"}, "price"),
        ({"title": ""}, "title"),
        ({"bonus": "NaN"}, "bonus"),
        ({"model": "credits", "uses": "-3"}, "uses"),
        ({"model": "credits", "uses": "1e3"}, "uses"),
        ({"model": "credits", "uses": "3", "days": "0.5"}, "days"),
        ({"model": "credits", "uses": "3", "unit": "page"}, "unit"),
        ({"model": "per_use"}, "product"),
        ({"model": "per_use", "product": "nowhere"}, "product"),
    ],
)
def test_a_bad_pack_is_not_made(owner: Browser, academy: Academy, form: dict[str, str], field: str) -> None:
    good = {"model": "top_up", "currency": "CNY", "price": "100", "title": "x", "bonus": "", "unit": "lesson"}
    answer = owner.submit("/studio/packs", {**good, **form})
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert not academy.read(lambda s: commerce.ahead_offers(s, SYSTEM))


def _slug(academy: Academy) -> str:
    from xingtan.domains.catalog import api as catalog

    found = academy.read(lambda s: catalog.find_lessons(s, [academy.lesson]))
    return found[academy.lesson][1].slug
