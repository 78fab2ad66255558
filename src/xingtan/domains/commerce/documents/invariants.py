"""What must hold of documents at any moment, recomputed from the rows. An empty list: all of it holds."""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.documents.models import FiscalDocument, FiscalDocumentLine
from xingtan.domains.commerce.documents.queries import series

SOLD = (
    books.SALES, books.REFUNDS, books.DEFERRED, books.WALLET, books.CREDITS, books.GIFTS, books.BREAKAGE, books.ESCROW,
    books.TAX,
)  # fmt: skip
"""What an entry moves here is what its document says."""


def check(session: Session) -> list[str]:
    """Return what does not hold: D1 no gaps, D2 lines add up, D3 the books say the same, D4 not more back than came."""
    rows = {one.id: one for one in session.scalars(select(FiscalDocument))}
    return [
        *_gaps(session), *_lines_miss(session, rows), *_books_differ(session, rows), *_invoices_differ(rows),
        *_credited_too_much(rows),
    ]  # fmt: skip


def _gaps(session: Session) -> Iterator[str]:
    for one in series(session, SYSTEM):
        if one.gaps:
            yield f"D1: {one.series}-{one.year} has no {', '.join(map(str, one.gaps[:10]))}"
    highest = select(FiscalDocument.series, FiscalDocument.year, func.max(FiscalDocument.number))
    given = {
        (name, year): last or 0
        for name, year, last in session.execute(highest.group_by(FiscalDocument.series, FiscalDocument.year))
    }
    for one in series(session, SYSTEM):
        if one.last_number != given.get((one.series, one.year), 0):
            yield f"D1: {one.series}-{one.year} remembers {one.last_number}, the last is {given[one.series, one.year]}"


def _lines_miss(session: Session, rows: dict[UUID, FiscalDocument]) -> Iterator[str]:
    lines = FiscalDocumentLine
    summed = select(lines.document_id, *map(func.sum, (lines.net_minor, lines.tax_minor, lines.gross_minor)))
    found = {key: tuple(map(int, sums)) for key, *sums in session.execute(summed.group_by(lines.document_id))}
    for row in rows.values():
        says = (row.net_minor, row.tax_minor, row.gross_minor)
        if found.get(row.id) != says:
            yield f"D2: {row.kind} {row.id} says {says}, its lines {found.get(row.id)}"


def _books_differ(session: Session, rows: dict[UUID, FiscalDocument]) -> Iterator[str]:
    sold = books.moved_by_entry(session, SYSTEM, accounts=SOLD)
    tax = books.moved_by_entry(session, SYSTEM, accounts=(books.TAX,))
    for row in rows.values():
        if row.kind == "invoice":
            continue
        key = (row.entry_key, row.currency)
        moved = [found.get(key, books.Moved(0, 0)) for found in (sold, tax)]
        booked = [one.credits_minor if row.kind == "receipt" else one.debits_minor for one in moved]
        if booked != [row.gross_minor, row.tax_minor]:
            yield f"D3: {row.kind} of {row.entry_key} says {[row.gross_minor, row.tax_minor]}, the books {booked}"


def _invoices_differ(rows: dict[UUID, FiscalDocument]) -> Iterator[str]:
    for row in rows.values():
        if row.kind == "invoice" and row.names_id is not None:
            receipt = rows[row.names_id]
            ours, theirs = ((one.net_minor, one.tax_minor, one.gross_minor) for one in (row, receipt))
            if ours != theirs or row.currency != receipt.currency:
                yield f"D3: invoice of {row.entry_key} says {ours}, its receipt {theirs}"


def _credited_too_much(rows: dict[UUID, FiscalDocument]) -> Iterator[str]:
    back: dict[UUID, int] = defaultdict(int)
    for row in rows.values():
        if row.kind == "credit_note" and row.names_id is not None:
            back[row.names_id] += row.gross_minor
    for named, minor in back.items():
        if minor > rows[named].gross_minor:
            yield f"D4: {minor} is credited of {rows[named].kind} {named}, which says {rows[named].gross_minor}"
