"""The two foreign auditors of an export: Beancount and hledger. Each says what is wrong, and what the balances are."""

import csv
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

Balances = dict[tuple[str, str], Decimal]


def bean_check(path: Path) -> str:
    """Return what `bean-check` has to say; nothing when all is well."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def bean_balances(path: Path) -> Balances:
    """Return the balances as Beancount reckons them, in a process of its own, which is free to warn."""
    program = (
        "import sys; from beancount import loader; from beancount.core import realization\n"
        "entries, errors, _ = loader.load_file(sys.argv[1]); assert not errors, errors\n"
        "for real in realization.iter_children(realization.realize(entries)):\n"
        "    for held in real.balance:\n"
        "        print(real.account, held.units.currency, held.units.number, sep='\\t')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {(account, currency): Decimal(number) for account, currency, number in rows if Decimal(number)}


def hledger_check(path: Path) -> str:
    """Return what `hledger check` has to say, with its strict checks; nothing when all is well."""
    done = _hledger(path, "check", "--strict", "ordereddates", "accounts", "commodities")
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def hledger_balances(path: Path) -> Balances:
    """Return the balances as hledger reckons them."""
    done = _hledger(path, "balance", "--flat", "--no-total", "--layout=bare", "--output-format=csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    return {(row["account"], row["commodity"]): Decimal(row["balance"]) for row in rows if Decimal(row["balance"])}


def _hledger(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["hledger", "-f", str(path), *words], capture_output=True, text=True, check=False)
