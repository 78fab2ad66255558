"""The search index: what can be found, and by whom.

1. Putting a document twice is putting it once; entry and full text change in the caller's transaction.
2. A document that is not public (a paid lesson) is found only by a search that names its product as open.
3. No query is an error: whatever is typed becomes terms or nothing, and every value is bound.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from xingtan.infra.db import Database
from xingtan.infra.search.analysis import highlight, query_terms, tokens
from xingtan.infra.search.postgres import PostgresText
from xingtan.infra.search.sqlite import SqliteText
from xingtan.infra.search.tables import ENTRY, SUMMARY_TERMS, TITLE_TERMS, FullText, Terms

_SNIPPET = 160
_LONGEST_TITLE = 300

Marked = tuple[tuple[str, bool], ...]
"""Pieces of plain text and whether each matched."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something to be found. Its texts are plain, without markup, and never personal."""

    id: UUID
    kind: str
    language: str
    url_key: str
    title: str
    summary: str = ""
    body: str = ""
    product_id: UUID | None = None
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A found document; scores compare within one answer only."""

    id: UUID
    kind: str
    product_id: UUID | None
    language: str
    url_key: str
    score: float
    title_highlight: Marked
    snippet: Marked


@dataclass(frozen=True, slots=True)
class SearchResult:
    """How many were found, and the asked-for page of them, best first."""

    total: int
    hits: tuple[Hit, ...]


def create_search(connection: Connection) -> None:
    """Make the tables of the index. Called by a revision."""
    ENTRY.create(connection)
    _full_text(connection.dialect.name).create(connection)


def drop_search(connection: Connection) -> None:
    """Drop the tables of the index. Called by a revision."""
    _full_text(connection.dialect.name).drop(connection)
    ENTRY.drop(connection, checkfirst=True)


class SearchIndex:
    """The index of one database; sessions are the caller's."""

    def __init__(self, database: Database) -> None:
        self._text = _full_text(database.dialect)

    @staticmethod
    def create(connection: Connection) -> None:
        """Make the tables of the index."""
        create_search(connection)

    def put(self, session: Session, document: Document) -> None:
        """Make `document` findable, in place of what was there under its id."""
        self.remove(session, document.id)
        title, summary, body = map(_storable, (document.title, document.summary, document.body))
        number = session.execute(
            insert(ENTRY)
            .values(
                id=document.id,
                kind=document.kind,
                product_id=document.product_id,
                language=document.language,
                url_key=document.url_key,
                title_text=title,
                body_text=f"{summary}\n{body}".strip(),
                is_public=document.is_public,
            )
            .returning(ENTRY.c.number)
        ).scalar_one()
        self._text.insert(session, number, _terms(title, summary, body))

    def remove(self, session: Session, document_id: UUID) -> None:
        """Forget the document; nothing happens when it is not there."""
        number = session.scalar(select(ENTRY.c.number).where(ENTRY.c.id == document_id))
        if number is not None:
            self._text.delete(session, number)
            session.execute(delete(ENTRY).where(ENTRY.c.number == number))

    def search(
        self,
        session: Session,
        query: str,
        *,
        language: str | None = None,
        kinds: Collection[str] | None = None,
        open_products: Collection[UUID] | None = (),
        without: Collection[UUID] = (),
        limit: int = 20,
        offset: int = 0,
    ) -> SearchResult:
        """Return the documents that hold all of `query`: those with all of it in the title first, then by rank.

        `open_products` are the products whose private documents this reader may see; None opens all of them (staff).
        `without` are documents that stay unfound all the same.
        """
        phrases = query_terms(query)
        if not phrases:
            return SearchResult(0, ())
        ranked = self._text.ranked(phrases)
        found = ENTRY.join(ranked, ranked.c.number == ENTRY.c.number)
        wanted = _filters(language=language, kinds=kinds, open_products=open_products)
        if without:
            wanted.append(ENTRY.c.id.not_in(sorted(without)))
        total = session.scalar(select(func.count()).select_from(found).where(*wanted)) or 0
        page = (
            select(ENTRY, ranked.c.score)
            .select_from(found)
            .where(*wanted)
            .order_by(ranked.c.score.desc(), ENTRY.c.id)
            .limit(limit)
            .offset(offset)
        )
        return SearchResult(total, tuple(_hit(row, query) for row in session.execute(page)))


def _full_text(dialect: str) -> FullText:
    return SqliteText() if dialect == "sqlite" else PostgresText()


def _filters(
    *, language: str | None, kinds: Collection[str] | None, open_products: Collection[UUID] | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if language is not None:
        wanted.append(ENTRY.c.language == language)
    if kinds is not None:
        wanted.append(ENTRY.c.kind.in_(sorted(kinds)))
    if open_products is not None:
        wanted.append(or_(ENTRY.c.is_public, ENTRY.c.product_id.in_(sorted(open_products))))
    return wanted


def _hit(row: Row[tuple[Any, ...]], query: str) -> Hit:
    return Hit(
        id=row.id,
        kind=row.kind,
        product_id=row.product_id,
        language=row.language,
        url_key=row.url_key,
        score=float(row.score),
        title_highlight=tuple(highlight(row.title_text, query, limit=_LONGEST_TITLE)),
        snippet=tuple(highlight(row.body_text, query, limit=_SNIPPET)),
    )


def _terms(title: str, summary: str, body: str) -> Terms:
    in_title, in_summary, in_body = ([token.term for token in tokens(text)] for text in (title, summary, body))
    return Terms(in_title[:TITLE_TERMS], in_summary[:SUMMARY_TERMS], in_body)


def _storable(text: str) -> str:
    """Return `text` without what a database cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", " ").encode(errors="replace").decode()
