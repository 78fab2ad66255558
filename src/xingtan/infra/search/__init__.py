"""Full text in the academy's own database: one analysis in Python, the same hits on SQLite and on PostgreSQL."""

from xingtan.infra.search.analysis import Phrase, Token, highlight, query_terms, tokens
from xingtan.infra.search.index import Document, Hit, SearchIndex, SearchResult

__all__ = [
    "Document",
    "Hit",
    "Phrase",
    "SearchIndex",
    "SearchResult",
    "Token",
    "highlight",
    "query_terms",
    "tokens",
]
