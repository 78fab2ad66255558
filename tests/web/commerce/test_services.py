"""Custom service through the pages, both sides, from the first word to the closed request."""

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer, hidden
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.wiring import broken_promises

QUOTE = {
    "scope": "Ten pages of notes.", "price": "1000", "currency": "CNY", "deposit": "30", "balance_due": "after",
    "deliver_by": "2030-01-01T12:00", "valid_until": "",
}  # fmt: skip


@pytest.fixture
def advice(academy: Academy) -> str:
    content = catalog.ProductContent(title="Advice", consulting=catalog.Consulting(minutes=60, how="By letter."))
    command = catalog.CreateProduct("consulting", "en", content)
    card = academy.write(lambda s: catalog.create_product(s, command, viewer=SYSTEM, clock=academy.platform.clock))
    academy.publish(card.id)
    return card.slug


def _ask(browser: Browser, slug: str, brief: str = "Please read my plan.") -> str:
    form = hidden(browser.get(f"/services/ask/{slug}").text)
    answer = browser.submit(f"/services/ask/{slug}", {**form, "brief": brief})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


def _quote(academy: Academy) -> dict[str, str]:
    from datetime import timedelta

    now = academy.platform.clock.now()
    days = {"valid_until": now + timedelta(days=7), "deliver_by": now + timedelta(days=20)}
    return QUOTE | {name: f"{at:%Y-%m-%dT%H:%M}" for name, at in days.items()}


def test_the_whole_way(buyer: Buyer, owner: Browser, academy: Academy, advice: str) -> None:
    learner = buyer.browser
    number = _ask(learner, advice)
    mine, theirs = f"/services/{number}", f"/studio/services/{number}"
    assert number in owner.get("/studio/services").text
    assert "Please read my plan." in owner.get(theirs).text
    assert owner.submit(theirs + "/quote", _quote(academy)).status_code == 303
    page = learner.get(mine)
    assert "Ten pages of notes." in page.text
    assert "¥300" in page.text
    assert learner.submit(mine + "/accept-quote", {"quote": "1"}).status_code == 303
    placed = learner.submit(mine + "/pay", {"provider": "sandbox"})
    assert placed.status_code == 303, placed.text
    buyer.choose(placed.headers["location"])
    assert owner.submit(theirs + "/begin", {}).status_code == 303
    assert owner.submit(theirs + "/deliver", {"text": "Here they are."}).status_code == 303
    page = learner.get(mine)
    assert "Here they are." in page.text
    assert "counts as accepted on" in page.text
    assert learner.submit(mine + "/dispute", {"reason": "Nine pages only."}).status_code == 303
    assert "Nine pages only." in owner.get(theirs).text
    assert owner.submit(theirs + "/message", {"text": "You are right."}).status_code == 303
    assert owner.submit(theirs + "/deliver", {"text": "All ten."}).status_code == 303
    assert learner.submit(mine + "/accept", {}).status_code == 303
    placed = learner.submit(mine + "/pay", {"provider": "sandbox"})
    buyer.choose(placed.headers["location"])
    assert "Closed" in learner.get(mine).text
    assert not academy.read(lambda s: broken_promises(s, at=academy.platform.clock.now()))


def test_a_request_is_its_learners_alone(learner: Browser, academy: Academy, advice: str, open_browser) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    number = _ask(learner, advice)
    other = open_browser(academy.other)
    assert other.get(f"/services/{number}").status_code == 404
    for verb in ("accept-quote", "pay", "accept", "dispute", "leave", "message"):
        answer = other.submit(f"/services/{number}/{verb}", {"provider": "sandbox", "text": "x", "reason": "x"})
        assert answer.status_code == 404, verb
    assert learner.get(f"/studio/services/{number}").status_code == 403
    assert other.get(f"/services/{number}/files/1").status_code == 404


@pytest.mark.parametrize("brief", ["", "   ", "x" * 40_000])
def test_a_bad_brief_asks_for_nothing(learner: Browser, advice: str, brief: str) -> None:
    form = hidden(learner.get(f"/services/ask/{advice}").text)
    answer = learner.submit(f"/services/ask/{advice}", {**form, "brief": brief})
    assert answer.status_code == 422
    assert "No requests yet" in learner.get("/services").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "-1"), ("price", "NaN"), ("price", "1" + "0" * 18), ("currency", "XXX"), ("deposit", "0"),
        ("deposit", "101"), ("deposit", "1.5"), ("balance_due", "never"), ("valid_until", "2001-01-01T00:00"),
        ("valid_until", ""), ("deliver_by", "yesterday"), ("scope", ""), ("scope", "x" * 40_000),
    ],
)  # fmt: skip
def test_a_bad_quote_is_not_sent(buyer: Buyer, owner: Browser, advice: str, field: str, value: str) -> None:
    learner, academy = buyer.browser, buyer.academy
    number = _ask(learner, advice)
    answer = owner.submit(f"/studio/services/{number}/quote", _quote(academy) | {field: value})
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "Asked for" in learner.get(f"/services/{number}").text


def test_the_products_page_leads_to_the_form(learner: Browser, advice: str) -> None:
    assert f'href="/services/ask/{advice}"' in learner.get(f"/works/{advice}").text


def test_what_is_no_service_cannot_be_asked_for(learner: Browser) -> None:
    assert learner.get("/services/ask/reading-numbers").status_code == 404


def test_in_chinese_as_well(learner: Browser, advice: str) -> None:
    number = _ask(learner, advice)
    for path, word in (
        (f"/zh/services/ask/{advice}", "请求报价"),
        (f"/zh/services/{number}", "待报价"),
        ("/zh/services", "我的定制"),
    ):
        assert word in learner.get(path).text
