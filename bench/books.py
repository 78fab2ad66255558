"""The journal of 20,000 transactions, taken along: seconds and memory of each format, and what foreign programs need.

Every file is checked by its program where that is installed; a file that it refuses ends the run.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.infra.db import Database
from xingtan.infra.db.migrate import upgrade

ZONE = ZoneInfo("Asia/Shanghai")
BATCH = 2000
CHECKS = {
    "beancount": [str(Path(sys.executable).with_name("bean-check")), "--no-cache"],
    "hledger": ["hledger", "check", "--strict", "-f"],
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--transactions", type=int, default=20_000)
    arguments, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'academy.sqlite3'}")
        upgrade(database)
        fill(database, arguments.transactions)
        print(f"The journal of {arguments.transactions:,} transactions, taken along")
        print(f"{'format':<12}{'MB':>8}{'s':>8}{'peak MB':>10}   checked by")
        for export_format in books.EXPORT_FORMATS:
            path = Path(folder) / f"journal.{export_format}"
            took = written(database, export_format, path)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            size = path.stat().st_size / 1e6
            print(f"{export_format:<12}{size:>8.1f}{took:>8.2f}{peak:>10.0f}   {checked(export_format, path)}")
        database.close()


def fill(database: Database, count: int) -> None:
    """Post sales of three lines, with a refund for each tenth, over two years."""
    begin, step = datetime(2025, 1, 1, tzinfo=UTC), timedelta(days=730) / count
    for start in range(0, count, BATCH):
        found = [one(number, begin + number * step) for number in range(start, min(start + BATCH, count))]
        database.write(lambda session, found=found: books.post_past(session, found))


def one(number: int, at: datetime) -> books.DatedEntry:
    """Return the entry of one sale or refund."""
    gross, tax = Money(19_900 + number % 977, "CNY"), Money(1_126, "CNY")
    paid = books.Line(books.provider_account("sandbox"), gross)
    lines = (paid, books.Line(books.SALES, tax - gross), books.Line(books.TAX, -tax))
    if number % 10 == 0:
        lines = tuple(
            books.Line(books.REFUNDS if line.account == books.SALES else line.account, -line.amount) for line in lines
        )
    return books.DatedEntry(at, books.Entry(f"fact:{number}", "sale", "order", UUID(int=number), lines))


def written(database: Database, export_format: books.ExportFormat, path: Path) -> float:
    """Write the file and return the seconds that it took."""
    began = time.perf_counter()
    with database.reading() as session, path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(books.export(session, SYSTEM, export_format, zone=ZONE))
    return time.perf_counter() - began


def checked(export_format: str, path: Path) -> str:
    """Return how long the foreign program needed to find no error."""
    command = CHECKS.get(export_format)
    if command is None:
        return "–"
    if shutil.which(command[0]) is None:
        return f"{Path(command[0]).name} is not installed"
    began = time.perf_counter()
    subprocess.run([*command, str(path)], check=True, stdout=subprocess.DEVNULL)
    return f"{Path(command[0]).name}, {time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    main()
