"""One history of migrations, run on SQLite and on PostgreSQL alike."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from xingtan.infra.db.session import Database

_FOLDER = Path(__file__).parent / "migrations"


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["database"] = database
    return config


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision; nothing happens when it is there already."""
    if current(database) != newest(database):
        command.upgrade(_config(database), "head")


def current(database: Database) -> str | None:
    """Return the revision at which the database stands; None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest(database: Database) -> str | None:
    """Return the newest revision that this version of Xingtan knows."""
    return ScriptDirectory.from_config(_config(database)).get_current_head()
