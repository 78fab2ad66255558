"""Reading documents: one's own, an order's, a series with its gaps."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.documents.facts import DocumentLine
from xingtan.domains.commerce.documents.models import DocumentSeries, FiscalDocument, FiscalDocumentLine
from xingtan.domains.commerce.documents.rules import Buyer, gaps, label_of, read_label
from xingtan.domains.commerce.documents.views import (
    DocumentFilter,
    DocumentPage,
    DocumentRow,
    DocumentView,
    Seller,
    SeriesView,
)
from xingtan.domains.commerce.rules.tax import Rate, Taxed, TaxMode
from xingtan.infra.vault import Forgotten, Vault

_BUYER = "fiscal_document.buyer"
_ALL = DocumentFilter()
_NOTHING = say("There is nothing here.")


def lines_of(session: Session, document: FiscalDocument) -> tuple[DocumentLine, ...]:
    """Return the lines of a document, in order."""
    wanted = select(FiscalDocumentLine).where(FiscalDocumentLine.document_id == document.id)
    rows = session.scalars(wanted.order_by(FiscalDocumentLine.position))
    return tuple(
        DocumentLine(
            row.title, _amounts(row, document.currency), Rate(row.rate_bp, cast("TaxMode", row.mode))
        )
        for row in rows
    )  # fmt: skip


def my_documents(session: Session, viewer: Viewer) -> tuple[DocumentRow, ...]:
    """Return one's own documents, newest first."""
    return _rows(session, _newest().where(FiscalDocument.person_id == viewer.require_person()))


def documents_of(session: Session, viewer: Viewer, order_id: UUID) -> tuple[DocumentRow, ...]:
    """Return the documents of one's own order, or of any for staff who read orders, newest first."""
    wanted = _newest().where(FiscalDocument.order_id == order_id)
    if not viewer.may(Permission.ORDERS_READ):
        wanted = wanted.where(FiscalDocument.person_id == viewer.require_person())
    return _rows(session, wanted)


def documents(
    session: Session, viewer: Viewer, *, only: DocumentFilter = _ALL, before: UUID | None = None,
    limit: int = 50,
) -> DocumentPage:  # fmt: skip
    """Return everybody's documents, newest first, `limit` at most."""
    viewer.require(Permission.ORDERS_READ)
    wanted = _newest().limit(limit + 1)
    if only.series is not None:
        wanted = wanted.where(FiscalDocument.series == only.series)
    if only.year is not None:
        wanted = wanted.where(FiscalDocument.year == only.year)
    if before is not None:
        mark = session.get(FiscalDocument, before)
        if mark is None:
            raise NotFound(_NOTHING)
        wanted = wanted.where(tuple_(FiscalDocument.issued_at, FiscalDocument.id) < tuple_(mark.issued_at, mark.id))
    found = _rows(session, wanted)
    return DocumentPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def document(session: Session, viewer: Viewer, label: str, *, vault: Vault) -> DocumentView:
    """Return a numbered document: one's own, or any for staff who may read orders and names; else `NotFound`."""
    read = read_label(label)
    if read is None:
        raise NotFound(_NOTHING)
    series, year, number = read
    wanted = select(FiscalDocument).where(
        FiscalDocument.series == series, FiscalDocument.year == year, FiscalDocument.number == number
    )
    row = session.scalars(wanted).first()
    if row is None or not _may_see(viewer, row):
        raise NotFound(_NOTHING)
    return _view(session, row, vault=vault)


def _may_see(viewer: Viewer, row: FiscalDocument) -> bool:
    is_staff = viewer.may(Permission.ORDERS_READ) and viewer.may(Permission.PEOPLE_READ)
    return is_staff or (viewer.person_id is not None and viewer.person_id == row.person_id)


def whole_documents(session: Session, person_id: UUID, *, vault: Vault) -> tuple[DocumentView, ...]:
    """Return all of a person's documents with what stands in them, oldest first, for her own data."""
    mine = select(FiscalDocument).where(FiscalDocument.person_id == person_id)
    rows = session.scalars(mine.order_by(FiscalDocument.issued_at, FiscalDocument.id)).all()
    return tuple(_view(session, row, vault=vault) for row in rows)


def _view(session: Session, row: FiscalDocument, *, vault: Vault) -> DocumentView:
    return DocumentView(
        _views(session, [row])[0], lines_of(session, row), Seller(**row.seller), _buyer(session, row, vault=vault),
        row.language, row.paid_by, row.reason,
    )  # fmt: skip


def _buyer(session: Session, row: FiscalDocument, *, vault: Vault) -> Buyer | None:
    if not row.buyer_sealed:
        return None
    try:
        return Buyer(**json.loads(vault.open(session, row.person_id, _BUYER, row.buyer_sealed)))
    except Forgotten:
        return None


def series(session: Session, viewer: Viewer) -> tuple[SeriesView, ...]:
    """Return every series of every year, the newest year first, with the numbers that are missing: there are none."""
    viewer.require(Permission.ORDERS_READ)
    numbers: dict[tuple[str, int], list[int]] = defaultdict(list)
    waiting: dict[tuple[str, int], int] = defaultdict(int)
    for its_series, year, number in session.execute(
        select(FiscalDocument.series, FiscalDocument.year, FiscalDocument.number)
    ):
        if number is None:
            waiting[its_series, year] += 1
        else:
            numbers[its_series, year].append(number)
    last = {(one.series, one.year): one.last_number for one in session.scalars(select(DocumentSeries))}
    totals = _totals(session)
    keys = sorted(last.keys() | numbers.keys() | waiting.keys(), key=lambda key: (-key[1], key[0]))
    return tuple(
        SeriesView(
            *key, last.get(key, 0), waiting[key],
            gaps(numbers[key], last=max(last.get(key, 0), max(numbers[key], default=0))), tuple(totals[key]),
        )
        for key in keys
    )  # fmt: skip


def _totals(session: Session) -> dict[tuple[str, int], list[Taxed]]:
    found: dict[tuple[str, int], list[Taxed]] = defaultdict(list)
    row = FiscalDocument
    sums = select(
        row.series, row.year, row.currency, func.sum(row.net_minor), func.sum(row.tax_minor), func.sum(row.gross_minor)
    ).group_by(row.series, row.year, row.currency)
    for its_series, year, currency, *minors in session.execute(sums.order_by(row.currency)):
        net, tax, gross = (Money(int(one), currency) for one in minors)
        found[its_series, year].append(Taxed(net, tax, gross))
    return found


def _newest() -> Select[FiscalDocument]:
    return select(FiscalDocument).order_by(FiscalDocument.issued_at.desc(), FiscalDocument.id.desc())


def _rows(session: Session, wanted: Select[FiscalDocument]) -> tuple[DocumentRow, ...]:
    return _views(session, session.scalars(wanted).all())


def _views(session: Session, rows: Sequence[FiscalDocument]) -> tuple[DocumentRow, ...]:
    named = _labels(session, {row.names_id for row in rows if row.names_id is not None})
    return tuple(
        DocumentRow(
            row.id, row.kind, _label(row), named.get(row.names_id) if row.names_id else None, row.order_number,
            row.person_id, row.entry_key, row.issued_on, row.issued_at, _amounts(row, row.currency),
        )
        for row in rows
    )  # fmt: skip


def _labels(session: Session, ids: Iterable[UUID]) -> dict[UUID, str | None]:
    wanted = list(ids)
    if not wanted:
        return {}
    return {row.id: _label(row) for row in session.scalars(select(FiscalDocument).where(FiscalDocument.id.in_(wanted)))}


def _label(row: FiscalDocument) -> str | None:
    return None if row.number is None else label_of(row.series, row.year, row.number)


def _amounts(row: FiscalDocument | FiscalDocumentLine, currency: str) -> Taxed:
    return Taxed(Money(row.net_minor, currency), Money(row.tax_minor, currency), Money(row.gross_minor, currency))
