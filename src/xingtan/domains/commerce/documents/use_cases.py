"""Writing documents in the commit of the money, and numbering them in a commit of their own."""

import json
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Broken, Conflict, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.documents.billing import buyer_of, seller_now
from xingtan.domains.commerce.documents.facts import CreditFacts, DocumentFacts, DocumentLine, sum_of
from xingtan.domains.commerce.documents.models import SERIES, DocumentSeries, FiscalDocument, FiscalDocumentLine
from xingtan.domains.commerce.documents.queries import lines_of
from xingtan.domains.commerce.documents.rules import Buyer, day_in
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue
from xingtan.infra.vault import Forgotten, Vault

NUMBER_DOCUMENTS = "commerce.number_documents"
BUYER = "fiscal_document.buyer"
_AT_ONCE = 1000


def issue_receipt(session: Session, facts: DocumentFacts, *, vault: Vault, clock: Clock) -> UUID:
    """Write the receipt of a payment, and the invoice beside it when the buyer has given details; return its id.

    The same fact again changes nothing; with other lines it is `Broken`. A job gives the number: `number_documents`.
    """
    known = _known(session, "receipt", facts.entry_key)
    if known is not None:
        _must_equal(session, known, facts.lines)
        return known.id
    buyer = buyer_of(session, facts.person_id, vault=vault)
    receipt = _receipt(session, facts, at=clock.now())
    receipt.buyer_sealed = _sealed(session, facts.person_id, buyer.as_person, vault=vault)
    _add(session, receipt, facts.lines)
    if buyer.for_invoice is not None:
        _invoice(session, receipt, facts.lines, buyer.for_invoice, vault=vault, at=receipt.issued_at)
    _have_numbered(session, receipt)
    return receipt.id


def issue_credit_note(session: Session, facts: CreditFacts, *, clock: Clock) -> UUID:
    """Write the credit note of a refund and return its id; the same fact again changes nothing.

    It names the invoice of the payment that it `corrects`, or its receipt. `Broken` when there is neither, or when more
    would be credited than was received: write the receipt first, which may be asked for any number of times.
    """
    known = _known(session, "credit_note", facts.entry_key)
    if known is not None:
        _must_equal(session, known, facts.lines)
        return known.id
    receipt = _known(session, "receipt", facts.corrects)
    if receipt is None:
        msg = f"{facts.entry_key} corrects {facts.corrects}, which has no receipt"
        raise Broken(msg)
    corrected = _known(session, "invoice", facts.corrects) or receipt
    if credited(session, corrected) + sum_of(facts.lines).gross > Money(receipt.gross_minor, receipt.currency):
        msg = f"{facts.entry_key} credits more than {facts.corrects} brought"
        raise Broken(msg)
    note = _beside(session, corrected, "credit_note", at=clock.now())
    note.entry_key, note.reason, note.buyer_sealed = facts.entry_key, facts.reason, corrected.buyer_sealed
    _add(session, note, facts.lines)
    _have_numbered(session, note)
    return note.id


def request_invoice(session: Session, viewer: Viewer, receipt_id: UUID, *, vault: Vault, clock: Clock) -> UUID:
    """Write the invoice of one's own receipt, with the details as they are now; the one that exists, when one does.

    `Conflict` when something of it was given back, or the details are not there.
    """
    person_id = viewer.require_person()
    receipt = session.get(FiscalDocument, receipt_id)
    if receipt is None or receipt.person_id != person_id or receipt.kind != "receipt":
        raise NotFound(say("There is nothing here."))
    known = _known(session, "invoice", receipt.entry_key)
    if known is not None:
        return known.id
    if credited(session, receipt):
        raise Conflict(say("Some of this payment has been given back; its credit note stands for it."))
    buyer = buyer_of(session, person_id, vault=vault).for_invoice
    if buyer is None:
        raise Conflict(say("Please write down first what the invoice should say."))
    invoice = _invoice(session, receipt, lines_of(session, receipt), buyer, vault=vault, at=clock.now())
    _have_numbered(session, invoice)
    return invoice.id


def credited(session: Session, document: FiscalDocument) -> Money:
    """Return what credit notes have taken off a document so far."""
    notes = select(FiscalDocument.gross_minor).where(
        FiscalDocument.names_id == document.id, FiscalDocument.kind == "credit_note"
    )
    return Money(sum(session.scalars(notes)), document.currency)


def number_documents(session: Session) -> int:
    """Give the documents that wait their numbers, oldest first, a thousand at most; return how many there were."""
    waiting = select(FiscalDocument.series, FiscalDocument.year).where(FiscalDocument.number.is_(None)).distinct()
    found = sorted((series, year) for series, year in session.execute(waiting))
    return sum(_number(session, series, year) for series, year in found)


def _number(session: Session, series: str, year: int) -> int:
    counter = session.get(DocumentSeries, (series, year), with_for_update=True)
    if counter is None:
        counter = DocumentSeries(series=series, year=year, last_number=0)
        session.add(counter)
        session.flush()  # two that begin a year at once: the primary key stops the second, which runs again
    mine = (FiscalDocument.series == series, FiscalDocument.year == year, FiscalDocument.number.is_(None))
    oldest = select(FiscalDocument.id).where(*mine).order_by(FiscalDocument.issued_at, FiscalDocument.id)
    found = session.scalars(oldest.limit(_AT_ONCE)).all()
    numbered = [{"id": one, "number": counter.last_number + place} for place, one in enumerate(found, 1)]
    if numbered:
        session.execute(update(FiscalDocument), numbered)
    counter.last_number += len(numbered)
    session.flush()
    return len(numbered)


def _known(session: Session, kind: str, entry_key: str) -> FiscalDocument | None:
    wanted = select(FiscalDocument).where(FiscalDocument.kind == kind, FiscalDocument.entry_key == entry_key)
    return session.scalars(wanted).first()


def _must_equal(session: Session, known: FiscalDocument, lines: tuple[DocumentLine, ...]) -> None:
    if lines_of(session, known) != lines:
        msg = f"the {known.kind} of {known.entry_key} was written before, with other lines"
        raise Broken(msg)


def _receipt(session: Session, facts: DocumentFacts, *, at: datetime) -> FiscalDocument:
    academy = identity.academy(session)
    on = day_in(academy.time_zone if academy else "UTC", at)
    return FiscalDocument(
        id=new_id(), kind="receipt", series=SERIES["receipt"], year=on.year, number=None, order_id=facts.order_id,
        order_number=facts.order_number, person_id=facts.person_id, entry_key=facts.entry_key, names_id=None,
        reason=None, issued_at=at, issued_on=on, language=facts.language, paid_by=facts.paid_by,
        seller=asdict(seller_now(session, academy, facts.language)),
    )  # fmt: skip


def _beside(session: Session, named: FiscalDocument, kind: str, *, at: datetime) -> FiscalDocument:
    """Return a document of `kind` of today that names another one, about the same order."""
    academy = identity.academy(session)
    on = day_in(academy.time_zone if academy else "UTC", at)
    return FiscalDocument(
        id=new_id(), kind=kind, series=SERIES[kind], year=on.year, number=None, order_id=named.order_id,
        order_number=named.order_number, person_id=named.person_id, entry_key=named.entry_key, names_id=named.id,
        reason=None, issued_at=at, issued_on=on, language=named.language, paid_by=named.paid_by,
        seller=asdict(seller_now(session, academy, named.language)),
    )  # fmt: skip


def _invoice(
    session: Session, receipt: FiscalDocument, lines: tuple[DocumentLine, ...], buyer: Buyer, *, vault: Vault,
    at: datetime,
) -> FiscalDocument:  # fmt: skip
    invoice = _beside(session, receipt, "invoice", at=at)
    invoice.buyer_sealed = _sealed(session, receipt.person_id, buyer, vault=vault)
    _add(session, invoice, lines)
    return invoice


def _add(session: Session, document: FiscalDocument, lines: tuple[DocumentLine, ...]) -> None:
    if not lines:
        msg = f"a {document.kind} without lines"
        raise Broken(msg)
    whole = sum_of(lines)
    document.currency = whole.gross.currency
    document.net_minor, document.tax_minor, document.gross_minor = (one.minor for one in whole)
    session.add(document)
    session.flush()
    session.execute(insert(FiscalDocumentLine), [_line(document.id, place, one) for place, one in enumerate(lines)])


def _line(document_id: UUID, position: int, line: DocumentLine) -> dict[str, object]:
    net, tax, gross = line.amounts
    return {
        "document_id": document_id, "position": position, "title": line.title, "net_minor": net.minor,
        "tax_minor": tax.minor, "gross_minor": gross.minor, "rate_bp": line.rate.rate_bp, "mode": line.rate.mode,
    }  # fmt: skip


def _sealed(session: Session, person_id: UUID, buyer: Buyer, *, vault: Vault) -> bytes:
    try:
        return vault.seal(session, person_id, BUYER, json.dumps(asdict(buyer), ensure_ascii=False))
    except Forgotten:
        return b""  # money that came after the person was forgotten: the document names nobody


def _have_numbered(session: Session, document: FiscalDocument) -> None:
    enqueue(session, NUMBER_DOCUMENTS, {}, key=f"document:{document.id}", at=document.issued_at)
