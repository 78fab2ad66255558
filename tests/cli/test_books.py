"""`xingtan books export`: to a file, to the terminal, in three formats; anything else is refused in one line."""

from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from xingtan.cli.main import app
from xingtan.core.clock import SystemClock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an academy that has sold one thing."""
    monkeypatch.setenv("XINGTAN_LOG_FORMAT", "json")
    monkeypatch.setenv("XINGTAN_LOG_LEVEL", "warning")
    if settings.database_url:
        monkeypatch.setenv("XINGTAN_DATABASE_URL", settings.database_url)
    lines = (
        books.Line(books.provider_account("sandbox"), Money(199, "JPY")),
        books.Line(books.SALES, Money(-199, "JPY")),
    )
    entry = books.Entry("payment:1", "sale", "order", UUID(int=1), lines)
    platform = open_platform(settings)
    platform.database.write(lambda session: books.post(session, entry, clock=SystemClock()))
    platform.close()
    return settings.home


@pytest.mark.parametrize(
    ("export_format", "says"),
    [
        ("beancount", "Assets:Provider:Sandbox  199 JPY"),
        ("hledger", "assets:provider:sandbox  199 JPY"),
        ("csv", "assets:provider:sandbox,199,,JPY"),
    ],
)
def test_the_journal_is_written(home: Path, export_format: str, says: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["books", "export", "--format", export_format, "--home", str(home)])
    assert told.exit_code == 0, told.output
    assert says in told.stdout
    target = tmp_path / "journal"
    words = ["books", "export", "--format", export_format, "-o", str(target), "--home", str(home)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert says in target.read_text(encoding="utf-8")


def test_another_format_is_refused(home: Path) -> None:
    told = CliRunner().invoke(app, ["books", "export", "--format", "xlsx", "--home", str(home)])
    assert told.exit_code == 2
    assert "not xlsx" in told.stderr
