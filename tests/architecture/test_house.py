"""The rules of the house that no linter knows. Each rule gives what breaks it, and each is tried on a planted fault."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE, name, none, own_files, python_files, syntax

MODULE_LINES = 500
FUNCTION_LINES = 60

# Longer than the limit: `module` or `module:function` → lines. An entry only ever shrinks, then goes.
LONGER: dict[str, int] = {}

# Revisions are generated, one statement for each table; tests of the rule above would only split them by number.
GENERATED = ("src/xingtan/infra/db/migrations/versions/",)

SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base_service"}
FLOATING = re.compile(r"\b(float|Float|Numeric)\b")
CLOCK = "src/xingtan/core/clock.py"
STDLIB_ONLY = ("core", "ledger")

# Assembled, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.:~/-])/(?:(?:home|Users)/[a-z]\w*|root|work|workspace|opt/(?!xingtan))/")
REGISTRY = re.compile("|".join(map(re.escape, (
    "pypi" + ".org/simple", "files.python" + "hosted.org", "registry." + "npmjs.org", "registry." + "yarnpkg.com",
    "npm" + "mirror.com", "pypi." + "tuna",
))))  # fmt: skip


def folders_without_init(source: Path) -> Iterator[str]:
    files = list(source.rglob("*.py"))
    for folder in sorted({source, *(parent for path in files for parent in path.parents if source in parent.parents)}):
        if not (folder / "__init__.py").exists():
            yield f"{name(folder)} has Python files and no __init__.py: import-linter cannot see it"


def lengths(path: Path) -> Iterator[tuple[str, int, int]]:
    """Give (what, lines, limit) for the module and each of its functions."""
    yield name(path), len(path.read_text(encoding="utf-8").splitlines()), MODULE_LINES
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, FUNCTION_LINES


def too_long(path: Path) -> Iterator[str]:
    if name(path).startswith(GENERATED):
        return
    for what, lines, limit in lengths(path):
        if lines > LONGER.get(what, limit):
            yield f"{what} has {lines} lines; the limit is {LONGER.get(what, limit)}"


def names_that_say_nothing(path: Path) -> Iterator[str]:
    for part in (*path.relative_to(SOURCE).parts[:-1], path.stem) if path.is_relative_to(SOURCE) else (path.stem,):
        if part in SAYS_NOTHING or set(part.split("_")) & SAYS_NOTHING or re.search(r"_v\d+$", part):
            yield f"{name(path)}: {part} says nothing; name the noun"


def floating_money(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax(path)):
        match node:
            case ast.AnnAssign(target=ast.Name(id=called) | ast.Attribute(attr=called), annotation=annotation):
                types = [annotation, *filter(None, [node.value])]
            case ast.arg(arg=called, annotation=ast.expr() as annotation):
                types = [annotation]
            case ast.FunctionDef(name=called, returns=ast.expr() as annotation):
                types = [annotation]
            case _:
                continue
        if called.endswith("_minor") and any(FLOATING.search(ast.unparse(one)) for one in types):
            yield f"{name(path)}:{node.lineno}: {called} is money and is counted in integers"


def own_clock(path: Path) -> Iterator[str]:
    if name(path) == CLOCK:
        return
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Attribute(value=ast.expr() as value, attr="now" | "utcnow" | "today" as attr):
                asked = ast.unparse(value).rpartition(".")[2] in ("datetime", "date")
            case ast.Attribute(value=ast.Name(id="time"), attr="time" | "time_ns" as attr):
                asked = True
            case ast.ImportFrom(module="time", names=names):
                attr = "from time import"
                asked = any(one.name in ("time", "time_ns") for one in names)
            case _:
                continue
        if asked:
            yield f"{name(path)}:{node.lineno}: {attr} asks the machine for the time; take a Clock"


def beyond_the_standard_library(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Import(names=names):
                modules = [one.name for one in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for module in modules:
            if (root := module.partition(".")[0]) not in sys.stdlib_module_names and root != "xingtan":
                yield f"{name(path)}:{node.lineno}: {module} is not in the standard library"


def of_one_machine(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, 1):
        for found in (MACHINE_PATH.search(line), REGISTRY.search(line)):
            if found:
                yield f"{name(path)}:{number}: {found[0]} holds on one machine only"


def over(rule: Callable[[Path], Iterator[str]], files: Iterable[Path]) -> None:
    none(line for path in files for line in rule(path))


def test_every_folder_is_a_package() -> None:
    none(folders_without_init(SOURCE))


@pytest.mark.parametrize("rule", [too_long, names_that_say_nothing, floating_money, own_clock])
def test_source(rule: Callable[[Path], Iterator[str]]) -> None:
    assert len(python_files()) > 10
    over(rule, python_files())


def test_an_exception_is_still_needed() -> None:
    measured = {what: (lines, limit) for path in python_files() for what, lines, limit in lengths(path)}
    changed = {what for what, lines in LONGER.items() if measured.get(what, (0, 0))[0] != lines}
    needless = {what for what in LONGER.keys() & measured.keys() if measured[what][0] <= measured[what][1]}
    assert not changed | needless, "shrink or delete these entries of LONGER"


@pytest.mark.parametrize("package", STDLIB_ONLY)
def test_stands_on_the_standard_library_alone(package: str) -> None:
    over(beyond_the_standard_library, python_files(SOURCE / package))


def test_no_file_knows_this_machine() -> None:
    files = list(own_files())
    assert ROOT / "pyproject.toml" in files
    over(of_one_machine, files)


FAULTS = [
    (too_long, "x = 1\n" * (MODULE_LINES + 1), "x = 1\n" * MODULE_LINES),
    (too_long, "def f():\n" + "    x = 1\n" * FUNCTION_LINES, "def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)),
    (floating_money, "price_minor: float = 1", "price_minor: int = 1"),
    (floating_money, "class Row:\n    price_minor: Mapped[int] = mapped_column(Numeric)", "price: float = 1"),
    (floating_money, "def f(tip_minor: float | None): ...", "def f(p_buy: float): ..."),
    (floating_money, "def fee_minor() -> float: ...", "def fee_minor() -> int: ..."),
    (own_clock, "at = datetime.now(UTC)", "at = clock.now()"),
    (own_clock, "on = datetime.date.today()", "on = clock.today()"),
    (own_clock, "at = dt.datetime.utcnow()", "started = time.monotonic()"),
    (own_clock, "at = time.time()", "took = time.perf_counter()"),
    (own_clock, "from time import time", "from time import sleep"),
    (beyond_the_standard_library, "import sqlalchemy.orm", "import sqlite3"),
    (beyond_the_standard_library, "from numpy import array", "from xingtan.core import money"),
    (of_one_machine, "cd /ro" + "ot/shop", "see /roots/shop and https://example.com/root/shop"),
    (of_one_machine, "at /home" + "/ann/x", "GET /home/"),
    (of_one_machine, "https://registry." + "npmjs.org/x", "https://docs.npmjs.com/x"),
]


@pytest.mark.parametrize(("rule", "fault", "fine"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_a_planted_fault_is_found(rule: Callable[[Path], Iterator[str]], fault: str, fine: str, tmp_path: Path) -> None:
    (tmp_path / "fault.py").write_text(fault)
    (tmp_path / "fine.py").write_text(fine)
    assert list(rule(tmp_path / "fault.py"))
    assert not list(rule(tmp_path / "fine.py"))


@pytest.mark.parametrize("called", ["utils.py", "string_utils.py", "manager.py", "orders_v2.py"])
def test_a_planted_name_is_found(called: str, tmp_path: Path) -> None:
    assert list(names_that_say_nothing(tmp_path / called))
    assert not list(names_that_say_nothing(tmp_path / "refunds.py"))


def test_a_planted_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.py").touch()
    (tmp_path / "a" / "b" / "__init__.py").touch()
    (tmp_path / "__init__.py").touch()
    assert len(list(folders_without_init(tmp_path))) == 1
