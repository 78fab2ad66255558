"""Documents: written once, frozen, corrected by credit notes, and in step with the books."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, text, update

from tests.domains.commerce.documents.desk import Desk
from tests.domains.commerce.shop import yuan
from xingtan.core.errors import Broken, Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.viewer import SYSTEM, Permission, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.documents.models import FiscalDocument, FiscalDocumentLine
from xingtan.domains.identity import api as identity


def test_a_payment_has_one_receipt(desk: Desk) -> None:
    ann = desk.shop.person()
    facts = desk.facts(ann, "199", "20.50")
    first = desk.receive(facts)
    assert desk.receive(facts) == first
    desk.shop.drain()
    (row,) = desk.mine(ann)
    assert (row.kind, row.label, row.gross) == ("receipt", "RCP-2026-000001", yuan("219.50"))
    view = desk.whole(ann, row.label)
    assert [line.title for line in view.lines] == ["Tea 1", "Tea 2"]
    assert view.buyer is not None
    assert view.buyer.name == "Ann"
    assert desk.faults() == []


def test_the_same_payment_with_other_lines_is_loud(desk: Desk) -> None:
    facts = desk.facts(desk.shop.person())
    desk.receive(facts)
    other = documents.DocumentFacts(
        facts.entry_key, facts.order_id, facts.order_number, facts.person_id, "zh", "sandbox", facts.lines * 2
    )
    with pytest.raises(Broken, match="other lines"):
        desk.database.write(
            lambda session: documents.issue_receipt(
                session, other, vault=desk.shop.platform.vault, clock=desk.shop.clock
            )
        )


def test_whoever_gave_details_gets_an_invoice_beside_the_receipt(desk: Desk) -> None:
    ann = desk.shop.person()
    desk.save_details(ann)
    desk.receive(desk.facts(ann))
    desk.shop.drain()
    receipt, invoice = sorted(desk.mine(ann), key=lambda row: row.kind, reverse=True)
    assert (receipt.label, invoice.label) == ("RCP-2026-000001", "INV-2026-000001")
    assert (invoice.names, invoice.amounts) == (receipt.label, receipt.amounts)
    buyer = desk.whole(ann, invoice.label).buyer
    assert buyer is not None
    assert (buyer.name, buyer.tax_number) == ("杏坛书院有限公司", "91350100M000100Y43")
    assert desk.faults() == []


def test_an_invoice_can_be_asked_for_later_until_something_went_back(desk: Desk) -> None:
    ann, bob = desk.shop.person(), desk.shop.person("bob")
    facts = desk.facts(ann)
    receipt = desk.receive(facts)

    def ask(who: Viewer) -> object:
        vault, clock = desk.shop.platform.vault, desk.shop.clock
        return desk.database.write(
            lambda session: documents.request_invoice(session, who, receipt, vault=vault, clock=clock)
        )

    with pytest.raises(Conflict, match="write down first"):
        ask(ann)
    desk.save_details(ann)
    with pytest.raises(NotFound):
        ask(bob)
    assert ask(ann) == ask(ann)
    assert [row.kind for row in desk.mine(ann)] == ["receipt", "invoice"]
    other = desk.facts(ann)
    desk.database.write(lambda session: documents.forget_billing(session, ann))
    receipt = desk.receive(other)
    desk.save_details(ann)
    desk.give_back(other, "10")
    with pytest.raises(Conflict, match="given back"):
        ask(ann)
    assert desk.faults() == []


def test_what_went_back_is_a_credit_note_line_by_line(desk: Desk) -> None:
    ann = desk.shop.person()
    facts = desk.facts(ann, "100", "99.99", "0")
    desk.receive(facts)
    for amount in ("0.01", "33.33", None):
        desk.give_back(facts, amount)
    desk.shop.drain()
    receipt, *notes = desk.mine(ann)
    assert [note.label for note in notes] == [f"CRN-2026-{number:06}" for number in (1, 2, 3)]
    assert {note.names for note in notes} == {receipt.label}
    assert sum(note.gross.minor for note in notes) == receipt.gross.minor
    assert sum(note.amounts.tax.minor for note in notes) == receipt.amounts.tax.minor
    assert desk.whole(ann, notes[0].label).reason == "goodwill"
    assert desk.faults() == []
    assert desk.shop.balances().get(books.TAX, 0) == 0


def test_a_credit_note_corrects_the_invoice_where_there_is_one(desk: Desk) -> None:
    ann = desk.shop.person()
    desk.save_details(ann)
    facts = desk.facts(ann)
    desk.receive(facts)
    desk.give_back(facts, "9")
    desk.shop.drain()
    note = desk.mine(ann)[-1]
    assert note.names == "INV-2026-000001"
    buyer = desk.whole(ann, note.label).buyer
    assert buyer is not None
    assert buyer.name == "杏坛书院有限公司"


def test_no_more_is_credited_than_came(desk: Desk) -> None:
    facts = desk.facts(desk.shop.person())
    with pytest.raises(Broken, match="has no receipt"):
        _credit(desk, "refund:x", facts, facts.lines)
    desk.receive(facts)
    _credit(desk, "refund:x", facts, facts.lines)
    assert _credit(desk, "refund:x", facts, facts.lines)
    with pytest.raises(Broken, match="more than"):
        _credit(desk, "refund:y", facts, facts.lines)


def _credit(desk: Desk, key: str, facts: documents.DocumentFacts, lines: tuple[documents.DocumentLine, ...]) -> object:
    note = documents.CreditFacts(key, facts.entry_key, "goodwill", lines)
    return desk.database.write(lambda session: documents.issue_credit_note(session, note, clock=desk.shop.clock))


@pytest.mark.parametrize(
    "change",
    [
        update(FiscalDocument).values(gross_minor=2, net_minor=1, tax_minor=1),
        update(FiscalDocument).values(number=7),
        update(FiscalDocument).values(number=None),
        update(FiscalDocument).values(buyer_sealed=b""),
        update(FiscalDocument).values(seller={}),
        delete(FiscalDocument),
        update(FiscalDocumentLine).values(title="Coffee"),
        delete(FiscalDocumentLine),
    ],
)  # fmt: skip
def test_the_database_refuses_a_change(desk: Desk, change: object) -> None:
    desk.receive(desk.facts(desk.shop.person()))
    desk.number()
    with pytest.raises(Exception, match="a fiscal document never changes"):
        desk.database.write(lambda session: session.execute(change))


def test_a_number_is_all_that_may_come_later(desk: Desk) -> None:
    desk.receive(desk.facts(desk.shop.person()))
    with pytest.raises(Exception, match="never changes"):
        desk.database.write(lambda session: session.execute(update(FiscalDocument).values(number=1, language="en")))
    desk.database.write(lambda session: session.execute(update(FiscalDocument).values(number=1)))


def test_the_year_and_the_day_are_those_of_the_academy(desk: Desk) -> None:
    told = identity.SetUp({"zh": "杏坛", "en": "Xingtan"}, "Lin", "lin@example.org", "zh", "CNY", "Asia/Shanghai")
    vault, clock = desk.shop.platform.vault, desk.shop.clock
    desk.database.write(lambda session: identity.set_up(session, told, password_hash=None, clock=clock, vault=vault))
    clock.set(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai
    ann = desk.shop.person()
    desk.receive(desk.facts(ann))
    clock.advance(minutes=1)
    desk.receive(desk.facts(ann))
    desk.number()
    assert [(row.label, row.issued_on) for row in desk.mine(ann)] == [
        ("RCP-2026-000001", date(2026, 12, 31)),
        ("RCP-2027-000001", date(2027, 1, 1)),
    ]
    assert desk.faults() == []


def test_documents_are_seen_by_their_person_and_by_staff(desk: Desk) -> None:
    ann, bob = desk.shop.person(), desk.shop.person("bob")
    desk.receive(desk.facts(ann))
    desk.number()
    label = "RCP-2026-000001"
    support = Viewer(bob.person_id, frozenset({Permission.ORDERS_READ, Permission.PEOPLE_READ}))
    assert desk.whole(support, label) == desk.whole(ann, label)
    for who in (bob, Viewer(), Viewer(bob.person_id, frozenset({Permission.ORDERS_READ}))):
        with pytest.raises(NotFound):
            desk.whole(who, label)
    for wrong in ("RCP-2026-1", "RCP-2026-000002", "INV-2026-000001", "rcp-2026-000001", "RCP-2026-000001 ", "\x00"):
        with pytest.raises(NotFound):
            desk.whole(ann, wrong)
    with pytest.raises(NotAllowed):
        desk.database.read(lambda session: documents.documents(session, ann))
    assert desk.mine(bob) == []


def test_a_forgotten_person_leaves_numbers_and_amounts(desk: Desk) -> None:
    ann = desk.shop.person()
    desk.save_details(ann)
    facts = desk.facts(ann)
    desk.receive(facts)
    desk.number()
    at, vault = desk.shop.clock.now(), desk.shop.platform.vault
    desk.database.write(lambda session: vault.destroy_key(session, ann.person_id, at=at))
    view = desk.whole(SYSTEM, "INV-2026-000001")
    assert view.buyer is None
    assert view.row.gross == yuan("199")
    desk.give_back(facts)  # money may still go back
    late = desk.facts(ann)
    desk.receive(late)
    desk.number()
    assert desk.whole(SYSTEM, "RCP-2026-000002").buyer is None
    assert desk.faults() == []


def test_what_a_person_wrote_is_not_in_the_database_in_plain(desk: Desk) -> None:
    ann = desk.shop.person()
    desk.save_details(ann, title="Canary Company", address="Canary Road")
    desk.receive(desk.facts(ann))
    with desk.database.reading() as session:
        for table in ("billing_profile", "fiscal_document", "fiscal_document_line"):
            for row in session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - our own words
                assert "Canary" not in str([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row])


def test_a_persons_data_hold_her_documents_and_nobody_elses(desk: Desk) -> None:
    ann, bob = desk.shop.person(), desk.shop.person("bob")
    desk.save_details(ann)
    desk.receive(desk.facts(ann))
    desk.receive(desk.facts(bob))
    desk.number()
    vault, clock = desk.shop.platform.vault, desk.shop.clock
    part = desk.database.read(lambda session: documents.export_part(session, ann.person_id, clock=clock, vault=vault))
    assert part["invoice_details"]["tax_number"] == "91350100M000100Y43"
    assert sorted(one["number"] for one in part["documents"]) == ["INV-2026-000001", "RCP-2026-000001"]
    assert part["documents"][0]["gross"] == "199.00 CNY"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("UPDATE fiscal_document SET number = number + 1", "D1"),
        ("UPDATE document_series SET last_number = 9", "D1"),
        ("UPDATE fiscal_document_line SET gross_minor = gross_minor + 1, net_minor = net_minor + 1", "D2"),
        ("UPDATE fiscal_document SET entry_key = 'payment:other' WHERE kind = 'receipt'", "D3"),
        ("UPDATE fiscal_document SET tax_minor = 0, net_minor = gross_minor WHERE kind = 'invoice'", "D3"),
        ("UPDATE fiscal_document SET gross_minor = 99999, net_minor = 99999, tax_minor = 0 WHERE reason > ''", "D4"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(desk: Desk, broken: str, says: str) -> None:
    ann = desk.shop.person()
    desk.save_details(ann)
    facts = desk.facts(ann)
    desk.receive(facts)
    desk.give_back(facts, "1")
    desk.number()
    assert desk.faults() == []

    def work(session: object) -> None:
        for statement in (*_without_guards(desk), broken):
            session.execute(text(statement))  # type: ignore[attr-defined]

    desk.database.write(work)
    assert any(fault.startswith(says) for fault in desk.faults())


def _without_guards(desk: Desk) -> list[str]:
    if not desk.database.is_sqlite:
        return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("fiscal_document", "fiscal_document_line")]
    return ["DROP TRIGGER fiscal_document_is_frozen", "DROP TRIGGER fiscal_document_line_never_updates"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \t"),
        ("title", "a\nb"),
        ("title", "x" * 101),
        ("title", "\u202eevil"),
        ("title", "\ud800"),
        ("title", "a\x00"),
        ("address", "y" * 201),
        ("country", "CHN"),
        ("country", ""),
        ("country", "中国"),
        ("kind", "charity"),
        ("tax_number", ""),
        ("tax_number", "91350100M000100Y44"),
        ("tax_number", "123"),
        ("tax_number", "=cmd|' /C calc'!A0"),
        ("tax_number", "9" * 40000),
    ],
)
def test_details_that_cannot_stand_on_an_invoice_are_refused(desk: Desk, field: str, value: str) -> None:
    ann = desk.shop.person()
    with pytest.raises(Invalid) as refused:
        desk.save_details(ann, **{field: value})
    assert set(refused.value.fields) == {field}
    assert desk.database.read(lambda session: documents.billing(session, ann, vault=desk.shop.platform.vault)) is None


def test_details_are_brought_into_form(desk: Desk) -> None:
    ann = desk.shop.person()
    desk.save_details(ann, tax_number=" ９１350100m000100y43 ", country="cn", title=" 杏坛 ")
    found = desk.database.read(lambda session: documents.billing(session, ann, vault=desk.shop.platform.vault))
    assert found == documents.BuyerDetails("company", "杏坛", "91350100M000100Y43", "福州", "CN")
    desk.save_details(ann, kind="person", tax_number="whatever")
    found = desk.database.read(lambda session: documents.billing(session, ann, vault=desk.shop.platform.vault))
    assert found is not None
    assert found.tax_number == ""
