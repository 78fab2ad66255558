"""One history of migrations, run on SQLite and on PostgreSQL alike."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from xingtan.infra.db.session import Database

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
_REVISION = re.compile(r"^(?P<number>[0-9]{4})_\w+\.py$")


def _config(database: Database) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see upgrade

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["database"] = database
    return config


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision; nothing happens when it is there already."""
    if current(database) != newest():
        from alembic import command  # noqa: PLC0415 - a start that has nothing to migrate does without Alembic's 12 MB

        command.upgrade(_config(database), "head")


def current(database: Database) -> str | None:
    """Return the revision at which the database stands; None when it is empty."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def newest() -> str:
    """Return the newest revision that this version of Xingtan knows: revisions are numbered, and never branch."""
    names = (file.name for file in (_FOLDER / "versions").iterdir())
    return max(found["number"] for found in map(_REVISION.match, names) if found)
