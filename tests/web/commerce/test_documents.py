"""Documents through the web: the buyer's own, the studio's, and what nobody else may see."""

import csv
import io
from collections.abc import Callable

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import tokens
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.identity import api as identity

Open = Callable[[identity.PersonView], Browser]
SIX = documents.Rate(600, "inclusive")
DETAILS = {
    "kind": "company", "title": "某某公司", "tax_number": "91350100M000100Y43", "address": "福州", "country": "CN",
}  # fmt: skip


def pay(academy: Academy, key: str = "payment:1", minor: int = 19_900) -> str:
    """Write the receipt of a payment of the learner's order, as settling does; return the order's number."""
    clock, vault = academy.platform.clock, academy.platform.vault
    command = commerce.PlaceOrder(
        academy.learner.id, academy.offer.id, f"key-of-a-form-{key[8:]}", "sandbox", "en", None
    )
    placed = academy.write(lambda session: commerce.place_order(session, command, clock=clock))
    amounts = documents.tax_of(Money(minor, "CNY"), 600, "inclusive")
    facts = documents.DocumentFacts(
        key, placed.order_id, placed.number, academy.learner.id, "en", "sandbox",
        (documents.DocumentLine("Reading <b>Numbers</b>", amounts, SIX),),
    )  # fmt: skip
    lines = (
        books.Line(books.provider_account("sandbox"), amounts.gross), books.Line(books.SALES, -amounts.net),
        books.Line(books.TAX, -amounts.tax),
    )  # fmt: skip
    academy.write(
        lambda session: books.post(session, books.Entry(key, "sale", "order", placed.order_id, lines), clock=clock)
    )
    academy.write(lambda session: documents.issue_receipt(session, facts, vault=vault, clock=clock))
    academy.write(documents.number_documents)
    return placed.number


def send(browser: Browser, path: str, page: str = "/account/invoices", **fields: str):  # type: ignore[no-untyped-def] # noqa: ANN201 - the client's own response
    return browser.post(path, data=tokens(browser.get(page).text) | fields)


def test_strangers_and_learners_stay_outside(client: Browser, learner: Browser) -> None:
    mine = ("/account/invoices", "/account/invoices/details", "/account/invoices/RCP-2026-000001.pdf")
    studio = (
        "/studio/documents", "/studio/documents/RCP-2026-000001.pdf", "/studio/tax", "/studio/books/statements",
        "/studio/books/export/csv",
    )  # fmt: skip
    for path in (*mine, *studio):
        assert "/sign-in" in client.get(path).headers["location"], path
    for path in studio:
        assert learner.get(path).status_code == 403, path


@pytest.mark.chinese_font
def test_the_buyer_finds_her_receipt_and_its_pdf(learner: Browser, academy: Academy, open_browser: Open) -> None:
    assert "No documents yet" in learner.get("/account/invoices").text
    number = pay(academy)
    page = learner.get("/account/invoices").text
    assert "RCP-2026-000001" in page
    assert number in page
    for path in ("/account/invoices/RCP-2026-000001.pdf", "/zh/account/invoices/RCP-2026-000001.pdf"):
        printed = learner.get(path)
        assert printed.headers["content-type"] == "application/pdf"
        assert printed.content.startswith(b"%PDF-")
        assert 'filename="RCP-2026-000001.pdf"' in printed.headers["content-disposition"]
        assert "no-store" in printed.headers["cache-control"]
    other = open_browser(academy.other)
    assert other.get("/account/invoices/RCP-2026-000001.pdf").status_code == 404
    for wrong in ("RCP-2026-000002", "rcp-2026-000001", "RCP-2026-1", "x", "..%2f..%2fetc", "RCP-2026-000001%00"):
        assert learner.get(f"/account/invoices/{wrong}.pdf").status_code == 404, wrong


def test_the_order_shows_its_documents(learner: Browser, academy: Academy) -> None:
    number = pay(academy)
    page = learner.get(f"/orders/{number}").text
    assert "/account/invoices/RCP-2026-000001.pdf" in page


@pytest.mark.chinese_font
def test_an_invoice_is_asked_for_after_the_details_are_there(learner: Browser, academy: Academy) -> None:
    pay(academy)
    refused = send(learner, "/account/invoices/RCP-2026-000001/invoice")
    assert refused.status_code == 409
    assert "write down first" in refused.text
    assert send(learner, "/account/invoices/details", **DETAILS).status_code == 303
    page = learner.get("/account/invoices").text
    assert "某某公司" in page
    assert "Ask for an invoice" in page
    for _ in range(2):
        assert send(learner, "/account/invoices/RCP-2026-000001/invoice").status_code == 303
    academy.write(documents.number_documents)
    page = learner.get("/account/invoices").text
    assert page.count("INV-2026-000001.pdf") == 1
    assert "Ask for an invoice" not in page
    assert send(learner, "/account/invoices/details/forget").status_code == 303
    assert "某某公司" not in learner.get("/account/invoices").text
    assert learner.get("/account/invoices/INV-2026-000001.pdf").content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 40_000),
        ("title", "a\x00b"),
        ("tax_number", "12"),
        ("tax_number", "91350100M000100Y44"),
        ("country", "China"),
        ("kind", "charity"),
    ],
)
def test_bad_details_are_refused_beside_their_field(learner: Browser, field: str, value: str) -> None:
    answer = send(learner, "/account/invoices/details", "/account/invoices/details", **(DETAILS | {field: value}))
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert "What your invoices say" in answer.text
    assert "Nothing yet" in learner.get("/account/invoices").text


@pytest.mark.chinese_font
def test_the_studio_lists_series_and_documents(owner: Browser, academy: Academy) -> None:
    assert "No documents yet" in owner.get("/studio/documents").text
    for number in range(3):
        pay(academy, f"payment:{number}")
    page = owner.get("/studio/documents").text
    assert "No gap" in page
    assert "RCP-2026-000003" in page
    assert academy.learner.name in page
    assert "RCP-2026-000003" in owner.get("/studio/documents?of=RCP-2026").text
    assert "RCP-2026-000003" not in owner.get("/studio/documents?of=INV-2026").text
    assert owner.get("/studio/documents/RCP-2026-000001.pdf").content.startswith(b"%PDF-")
    for wrong in ("?of=RCP", "?of=RCP-2026'--", "?before=nonsense"):
        assert owner.get(f"/studio/documents{wrong}").status_code in (404, 422), wrong


def test_rates_and_seller_are_kept(owner: Browser, academy: Academy) -> None:
    seller = {
        "name": "杏坛文化",
        "tax_number": "91350100M000100Y43",
        "address": "福州",
        "country": "CN",
        "note": "谢谢",
    }
    assert send(owner, "/studio/tax/seller", "/studio/tax", **seller).status_code == 303
    rate = {"rate": "8.25", "mode": "exclusive", "country": "cn", "kind": "course"}
    assert send(owner, "/studio/tax/rates", "/studio/tax", **rate).status_code == 303
    page = owner.get("/studio/tax").text
    assert "8.25" in page
    assert "杏坛文化" in page
    now = academy.platform.clock.now()
    found = academy.read(lambda session: documents.tax_rate(session, person_id=None, kind="course", at=now))
    assert found == documents.Rate(825, "exclusive")
    again = send(owner, "/studio/tax/rates", "/studio/tax", **rate)
    assert again.status_code == 409
    path = next(part.partition('"')[0] for part in page.split('action="') if part.partition('"')[0].endswith("/end"))
    assert send(owner, path, "/studio/tax").status_code == 303
    assert send(owner, "/studio/tax/rates", "/studio/tax", **rate).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", ""), ("rate", "-1"), ("rate", "NaN"), ("rate", "1e2"), ("rate", "６"), ("rate", "101"),
        ("rate", "8.255"), ("mode", ""), ("country", "CHN"), ("kind", "tea"), ("starts_at", "yesterday"),
        ("ends_at", "2020-01-01T00:00"),
        ("rate", "9" * 40_000),
    ],
)  # fmt: skip
def test_bad_rates_are_refused_beside_their_field(owner: Browser, academy: Academy, field: str, value: str) -> None:
    rate = {"rate": "6", "mode": "inclusive", "country": "", "kind": ""} | {field: value}
    answer = send(owner, "/studio/tax/rates", "/studio/tax", **rate)
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert academy.read(lambda session: documents.tax_rates(session, SYSTEM)) == ()


def test_the_journal_is_taken_along(owner: Browser, academy: Academy) -> None:
    pay(academy)
    for export_format, begins in (("csv", "date,at,key"), ("beancount", "option"), ("hledger", "decimal-mark")):
        file = owner.get(f"/studio/books/export/{export_format}")
        assert file.text.startswith(begins)
        assert file.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(owner.get("/studio/books/export/csv").text)))
    assert {row["key"] for row in rows} == {"payment:1"}
    assert owner.get("/studio/books/export/xlsx").status_code == 404


def test_statements_of_a_month_and_a_year(owner: Browser, academy: Academy) -> None:
    assert "Nothing in the books yet" in owner.get("/studio/books/statements").text
    pay(academy)
    for of in ("", "?of=2026", "?of=2026-03"):
        page = owner.get(f"/studio/books/statements{of}").text
        assert "CN¥187.74" in page or "¥187.74" in page, of
        assert "Tax owed" in page
    for wrong in ("?of=2026-04", "?of=2027", "?of=1066", "?of=9999"):
        assert owner.get(f"/studio/books/statements{wrong}").status_code == 404, wrong
    for wrong in ("?of=2026-13", "?of=26", "?of=２０２６"):
        assert owner.get(f"/studio/books/statements{wrong}").status_code == 422, wrong
