"""What both databases share: the entries as they are shown, and what a database's full text has to do.

The tables are no part of `Base`: the full text behind them differs by database and is made by `create_search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, MetaData, String, Subquery, Table, Text, Uuid
from sqlalchemy.orm import Session

from xingtan.infra.search.analysis import Phrase

IN_TITLE = 1000.0
"""Added to the score of an entry whose title holds the whole query; ranks within an entry stay far below it."""

TITLE_TERMS, SUMMARY_TERMS = 200, 800
"""How much of a title and of a summary is searched."""

METADATA = MetaData()
ENTRY = Table(
    "search_entry",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("product_id", Uuid, nullable=True, index=True),
    Column("language", String(16), nullable=False),
    Column("url_key", String(200), nullable=False),
    Column("title_text", Text, nullable=False),
    Column("body_text", Text, nullable=False),
    Column("is_public", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a document, field by field, in order."""

    title: Sequence[str]
    summary: Sequence[str]
    body: Sequence[str]


class FullText(Protocol):
    """The full text of one kind of database, keyed by the number of an entry."""

    def create(self, connection: Connection) -> None:
        """Make the tables."""
        ...

    def drop(self, connection: Connection) -> None:
        """Drop the tables."""
        ...

    def insert(self, session: Session, number: int, terms: Terms) -> None:
        """Add the terms of a new entry."""
        ...

    def delete(self, session: Session, number: int) -> None:
        """Take an entry's terms away."""
        ...

    def ranked(self, phrases: Sequence[Phrase]) -> Subquery:
        """Return (number, score) of the entries that hold all `phrases`; the better, the higher."""
        ...
