"""The whole journal, oldest entry first, streamed in the words of another program."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books.formats import beancount, hledger, spreadsheet
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.books.views import EntryView, PostingView

ExportFormat = Literal["beancount", "hledger", "csv"]
_AT_ONCE = 1000
_WRITERS: Mapping[ExportFormat, Callable[..., Iterator[str]]] = {
    "beancount": beancount.lines,
    "hledger": hledger.lines,
    "csv": spreadsheet.lines,
}
EXPORT_FORMATS: tuple[ExportFormat, ...] = tuple(_WRITERS)


def export(session: Session, viewer: Viewer, export_format: ExportFormat, *, zone: ZoneInfo) -> Iterator[str]:
    """Return the journal as text, piece by piece, from one look at the database; days are those of `zone`.

    The session must stay open until the last piece is read.
    """
    viewer.require(Permission.NUMBERS_READ)
    return _WRITERS[export_format](journal(session), zone=zone)


def journal(session: Session) -> Iterator[EntryView]:
    """Return every entry, oldest first, a thousand postings in memory at a time."""
    wanted = (
        select(JournalEntry, Posting.account, Posting.amount_minor, Posting.currency)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .order_by(JournalEntry.at, JournalEntry.id, Posting.amount_minor.desc(), Posting.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for entry, rows in groupby(session.execute(wanted), key=lambda row: row[0]):
        yield _view(entry, rows)


def _view(entry: JournalEntry, rows: Iterable[Row[JournalEntry, str, int, str]]) -> EntryView:
    postings = tuple(PostingView(account, Money(minor, currency)) for _, account, minor, currency in rows)
    return EntryView(
        entry.id, entry.key, entry.at, entry.memo, entry.reference_kind, entry.reference_id, postings
    )  # fmt: skip
