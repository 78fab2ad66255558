"""Between the order and the money, through the pages: a code to scan, a transfer to send, notices, the desk."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.domains.commerce.providers.counters import COUNTERS, Counter
from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

ACCOUNT = "Apricot Academy\nBank of Example\n6222 0000 0000 0000"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Mobile/15E148"


@pytest.fixture
def counters(tmp_path: Path) -> Iterator[dict[str, Any]]:
    made: dict[str, Any] = {name: kind() for name, kind in COUNTERS.items()}
    with made["stripe"].peer, made["alipay"].peer, made["wechat"].peer:
        yield made


@pytest.fixture
def platform(
    settings: Settings, clock: ManualClock, counters: dict[str, Counter], tmp_path: Path
) -> Iterator[Platform]:
    """A platform on which every provider is set up."""
    wanted: dict[str, Any] = {"bank_account": ACCOUNT}
    for name, counter in counters.items():
        folder = tmp_path / name
        folder.mkdir()
        wanted |= counter.settings(folder)
    opened = open_platform(Settings(**{**settings.model_dump(), **wanted}), clock=clock)
    yield opened
    opened.close()


def placed(buyer: Buyer, provider: str, **more: str) -> tuple[str, commerce.PaymentView]:
    """Order at the provider; return where the buyer is sent, and the payment."""
    sent = buyer.place(provider=provider, **more)
    assert sent.status_code == 303, sent.text
    page = buyer.academy.read(lambda session: commerce.orders(session, SYSTEM, only=commerce.OrderFilter()))
    order = buyer.academy.read(lambda session: commerce.order(session, SYSTEM, page.orders[0].number))
    return sent.headers["location"], order.payments[-1]


def tell(client: Browser, name: str, told: tuple[Any, bytes]) -> Any:
    headers, body = told
    return client.post(f"/webhooks/{name}", content=body, headers=dict(headers))


def outcome(buyer: Buyer, number: str) -> str:
    page = buyer.browser.get(f"/pay/{number}/return").text
    return re.findall(r'data-outcome="(\w+)"', page)[0]


@pytest.mark.parametrize(
    ("name", "thanks"), [("stripe", (200, "{}")), ("alipay", (200, "success")), ("wechat", (204, ""))]
)
def test_a_notice_is_thanked_for_as_the_provider_wants_it(
    buyer: Buyer, client: Browser, counters: dict[str, Any], name: str, thanks: tuple[int, str]
) -> None:
    _, payment = placed(buyer, name)
    counters[name].pay(payment)
    told = counters[name].notice(payment, at=buyer.academy.platform.clock.now())
    for _ in range(2):
        answer = tell(client, name, told)
        assert (answer.status_code, answer.text) == thanks
    buyer.academy.work()
    number = buyer.academy.read(lambda session: commerce.orders(session, SYSTEM, only=commerce.OrderFilter())).orders[0]
    assert outcome(buyer, number.number) == "paid"
    assert tell(client, name, (told[0], told[1] + b"x")).status_code == 403
    assert client.get(f"/webhooks/{name}").status_code == 405


def test_a_form_may_lead_to_the_providers(client: Browser) -> None:
    policy = client.get("/").headers["content-security-policy"]
    wanted = "form-action 'self' https://wx.tenpay.com https://*.alipay.com https://checkout.stripe.com"
    assert wanted in policy


def test_each_provider_has_its_own_way_to_the_money(buyer: Buyer, counters: dict[str, Any]) -> None:
    page = buyer.browser.get("/checkout/reading-numbers").text
    for word in ("Card", "Alipay", "WeChat Pay", "Bank transfer", "Test payment"):
        assert word in page
    where, _ = placed(buyer, "stripe")
    assert where.startswith("https://checkout.stripe.com/")
    assert counters["stripe"].peer.calls


def test_a_code_is_shown_until_it_is_paid(buyer: Buyer, counters: dict[str, Any]) -> None:
    where, payment = placed(buyer, "wechat")
    assert re.fullmatch(r"/pay/[\w-]+/scan", where)
    page = buyer.browser.get(where)
    assert 'src="data:image/svg+xml' in page.text
    assert "¥199" in page.text
    counters["wechat"].pay(payment)
    buyer.browser.submit(where.replace("/scan", "/ask"))
    assert buyer.browser.get(where).headers["location"] == where.replace("/scan", "/return")
    assert outcome(buyer, where.split("/")[2]) == "paid"


def test_on_a_phone_wechat_opens(buyer: Buyer) -> None:
    buyer.browser.headers["user-agent"] = PHONE
    where, _ = placed(buyer, "wechat")
    assert where.startswith("https://wx.tenpay.com/")


def test_a_provider_that_is_down_leads_to_a_page_that_says_so(buyer: Buyer, counters: dict[str, Any]) -> None:
    counters["stripe"].peer.faults.append("500")
    where, _ = placed(buyer, "stripe")
    assert re.fullmatch(r"/pay/[\w-]+/return", where)
    assert outcome(buyer, where.split("/")[2]) == "unknown"


def test_a_transfer_is_told_confirmed_and_paid(buyer: Buyer, owner: Browser) -> None:
    where, payment = placed(buyer, "manual")
    number = where.split("/")[2]
    page = buyer.browser.get(where).text
    assert "6222 0000 0000 0000" in page
    assert number in page
    desk = owner.get("/studio/transfers").text
    assert number in desk
    refused = owner.submit(f"/studio/transfers/{payment.id.hex}/arrived", {"amount": "-1"})
    assert refused.status_code == 422
    done = owner.submit(f"/studio/transfers/{payment.id.hex}/arrived", {"amount": "199"})
    assert done.status_code == 303
    buyer.academy.work()
    assert outcome(buyer, number) == "paid"
    assert buyer.browser.get(where).headers["location"].endswith("/return")
    assert owner.submit(f"/studio/transfers/{payment.id.hex}/arrived", {"amount": "199"}).status_code == 404


@pytest.mark.parametrize(
    "amount", ["", "0", "-1", "1e2", "NaN", "1,00", "１００", "10^18", "9" * 30, "x" * 40_000, "1.001"]
)
def test_a_sum_that_is_none_confirms_nothing(buyer: Buyer, owner: Browser, amount: str) -> None:
    where, payment = placed(buyer, "manual")
    answer = owner.submit(f"/studio/transfers/{payment.id.hex}/arrived", {"amount": amount})
    assert answer.status_code == 422
    buyer.academy.work()
    assert outcome(buyer, where.split("/")[2]) == "waiting"


def test_the_desk_is_for_staff_and_a_transfer_for_its_buyer(
    buyer: Buyer, owner: Browser, client: Browser, open_browser: Any, academy: Academy
) -> None:
    where, payment = placed(buyer, "manual")
    other = open_browser(academy.other)
    assert other.get(where).status_code == 404
    assert client.get(where).status_code == 303
    for browser in (buyer.browser, other):
        assert browser.get("/studio/transfers").status_code in {403, 404}
        for act in ("arrived", "rejected"):
            answer = browser.submit(f"/studio/transfers/{payment.id.hex}/{act}", {"amount": "199"})
            assert answer.status_code in {403, 404}
    assert owner.submit("/studio/transfers/nothing/rejected").status_code == 404
    assert owner.submit("/studio/transfers/refunds/nothing", {"outcome": "sent"}).status_code == 404
    assert owner.submit(f"/studio/transfers/{payment.id.hex}/rejected").status_code == 303


def test_a_tester_disputes_what_was_paid(buyer: Buyer) -> None:
    where, _ = placed(buyer, "sandbox")
    buyer.choose(where)
    page = buyer.browser.get(where).text
    assert "disputes it" in page
    assert buyer.browser.submit(f"{where}/act", {"act": "open_dispute"}).status_code == 303
    assert "wins the dispute" in buyer.browser.get(where).text
    assert buyer.browser.submit(f"{where}/act", {"act": "nonsense"}).status_code == 422
    assert buyer.browser.submit(f"{where}/act", {"act": "slow_refunds"}).status_code == 409
