"""The database: one engine per process, transactions as functions, one history of migrations."""

from xingtan.infra.db.base import Base, Json, UtcDateTime, new_id
from xingtan.infra.db.session import Database

__all__ = ["Base", "Database", "Json", "UtcDateTime", "new_id"]
