"""Full text on PostgreSQL: weighted tsvectors made of our own terms, ranked by cover density (Clarke et al. 1999).

1. PostgreSQL's parser and dictionaries are never asked: vectors and queries are written from terms.
2. A tsvector keeps no place beyond 16383 and at most 256 places of a term, so a long body is cut into parts that
   overlap by a phrase's length. A query must be met by the entry, not by one part.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Subquery,
    Table,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from xingtan.infra.search.analysis import Phrase
from xingtan.infra.search.tables import IN_TITLE, METADATA, SUMMARY_TERMS, TITLE_TERMS, Terms

_BODY, _SUMMARY, _TITLE = 0.1, 0.4, 1.0
_WEIGHTS = [0.05, _BODY, _SUMMARY, _TITLE]  # of the labels D, C, B, A
_BY_LENGTH = 1  # divide by 1 + log(length)
_PART_TERMS, _OVERLAP, _GAP = 2000, 16, 32

PART = Table(
    "search_part",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("entry", BigInteger, ForeignKey("search_entry.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("vector", TSVECTOR, nullable=False),
    Index("ix_search_part_vector", "vector", postgresql_using="gin"),
)


class PostgresText:
    """`FullText` for PostgreSQL."""

    def create(self, connection: Connection) -> None:
        """Make the table of vectors."""
        PART.create(connection)

    def drop(self, connection: Connection) -> None:
        """Drop the table of vectors."""
        PART.drop(connection, checkfirst=True)

    def insert(self, session: Session, number: int, terms: Terms) -> None:
        """Add the terms of a new entry."""
        for vector in _vectors(terms):
            session.execute(insert(PART).values(entry=number, vector=cast(vector, TSVECTOR)))

    def delete(self, session: Session, number: int) -> None:
        """Take an entry's terms away."""
        session.execute(delete(PART).where(PART.c.entry == number))

    def ranked(self, phrases: Sequence[Phrase]) -> Subquery:
        """Return (number, score) of the entries that hold all `phrases`, each in any part."""
        any_of_them = cast(" | ".join(_phrase(phrase) for phrase in phrases), TSQUERY)
        all_in_title = cast(" & ".join(_phrase(phrase, label="A") for phrase in phrases), TSQUERY)
        rank = func.max(func.ts_rank_cd(cast(_WEIGHTS, ARRAY(REAL)), PART.c.vector, any_of_them, _BY_LENGTH))
        is_in_title = func.bool_or(_matches(all_in_title))
        return (
            select(PART.c.entry.label("number"), (rank + case((is_in_title, IN_TITLE), else_=0.0)).label("score"))
            .where(_matches(any_of_them))
            .group_by(PART.c.entry)
            .having(and_(*(func.bool_or(_matches(cast(_phrase(phrase), TSQUERY))) for phrase in phrases)))
            .subquery()
        )


def _matches(query: ColumnElement[str]) -> ColumnElement[bool]:
    return PART.c.vector.bool_op("@@")(query)


def _vectors(terms: Terms) -> Iterator[str]:
    """Yield one vector for each part of the body; the title and the summary are in the first."""
    head = [*zip(terms.title, count(1), "A" * TITLE_TERMS, strict=False)]
    head += zip(terms.summary, count(TITLE_TERMS + _GAP), "B" * SUMMARY_TERMS, strict=False)
    step = _PART_TERMS - _OVERLAP
    for start in range(0, max(len(terms.body) - _OVERLAP, 1), step):
        body = zip(terms.body[start : start + _PART_TERMS], count(TITLE_TERMS + SUMMARY_TERMS + 2 * _GAP), strict=False)
        places = [*(head if start == 0 else []), *((term, at, "C") for term, at in body)]
        yield " ".join(f"{_quoted(term)}:{at}{label}" for term, at, label in places)


def _phrase(phrase: Phrase, *, label: str = "") -> str:
    mark = f":{label}" if label else ""
    words = " <-> ".join(_quoted(term) + mark for term in phrase.terms)
    return f"({words} | {_quoted(phrase.prefix)}:*{label})" if phrase.prefix else f"({words})"


def _quoted(term: str) -> str:
    """Return `term` as a quoted lexeme. Terms hold letters and digits only; the doubling is a second lock."""
    doubled = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
