"""Full text on SQLite: an FTS5 table of terms, ranked by bm25 (Robertson & Zaragoza 2009, as FTS5 computes it)."""

from collections.abc import Sequence

from sqlalchemy import Connection, Subquery, case, column, delete, func, insert, select, table, text
from sqlalchemy.orm import Session

from xingtan.infra.search.analysis import Phrase
from xingtan.infra.search.tables import IN_TITLE, Terms

_TITLE, _SUMMARY, _BODY = 10.0, 4.0, 1.0
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fa5"
_DOCUMENT = table(
    "search_document",
    column("rowid"),
    column("title"),
    column("summary"),
    column("body"),
    column("search_document"),  # FTS5's hidden column: the row as a whole
)


class SqliteText:
    """`FullText` for SQLite."""

    def create(self, connection: Connection) -> None:
        """Make the virtual table; its words come separated by spaces, so its tokenizer has nothing to decide."""
        connection.execute(
            text(
                "CREATE VIRTUAL TABLE search_document USING fts5("
                'title, summary, body, tokenize = "unicode61 remove_diacritics 2")'
            )
        )

    def drop(self, connection: Connection) -> None:
        """Drop the virtual table and what FTS5 keeps behind it."""
        connection.execute(text("DROP TABLE IF EXISTS search_document"))

    def insert(self, session: Session, number: int, terms: Terms) -> None:
        """Add the terms of a new entry."""
        fields = {"title": terms.title, "summary": terms.summary, "body": terms.body}
        words = {name: " ".join(map(_word, field)) for name, field in fields.items()}
        session.execute(insert(_DOCUMENT).values(rowid=number, **words))

    def delete(self, session: Session, number: int) -> None:
        """Take an entry's terms away."""
        session.execute(delete(_DOCUMENT).where(_DOCUMENT.c.rowid == number))

    def ranked(self, phrases: Sequence[Phrase]) -> Subquery:
        """Return (number, score) of the entries that hold all `phrases`."""
        wanted, titles = " AND ".join(map(_phrase, phrases)), _DOCUMENT.alias()
        in_title = select(titles.c.rowid).where(titles.c.search_document.op("MATCH")(f"{{title}} : ({wanted})"))
        rank = -func.bm25(_DOCUMENT.c.search_document, _TITLE, _SUMMARY, _BODY)
        score = rank + case((_DOCUMENT.c.rowid.in_(in_title), IN_TITLE), else_=0.0)
        matching = _DOCUMENT.c.search_document.op("MATCH")(wanted)
        return select(_DOCUMENT.c.rowid.label("number"), score.label("score")).where(matching).subquery()


def _phrase(phrase: Phrase) -> str:
    words = '"' + " ".join(map(_word, phrase.terms)) + '"'
    return f'({words} OR "{_word(phrase.prefix)}" *)' if phrase.prefix else words


def _word(term: str) -> str:
    """Return `term` in letters that every SQLite knows as letters; prefixes stay prefixes."""
    if term.isascii() or all(_FIRST_HAN <= letter <= _LAST_HAN for letter in term):
        return term
    return "x" + term.encode().hex()
