"""The checkout as the rules see it: files, syntax trees, lines."""

import ast
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "xingtan"
LEFT_OUT = {".git", ".venv", "node_modules", "var", "build", "dist", "reports", "test-results", "__pycache__"}


@cache
def python_files(folder: Path = SOURCE) -> tuple[Path, ...]:
    """Return every Python file under `folder`."""
    return tuple(sorted(path for path in folder.rglob("*.py") if not LEFT_OUT & set(path.relative_to(folder).parts)))


def none(faults: Iterable[str]) -> None:
    """Fail with one line for each fault."""
    if lines := list(faults):
        pytest.fail("\n".join(lines), pytrace=False)


@cache
def syntax(path: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path: Path) -> str:
    """Return the path as a reader of the repository writes it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def own_files() -> Iterator[Path]:
    """Give every file that belongs to the project: what git tracks or would add, or all files where git is absent."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout  # fmt: skip
        paths = [ROOT / line for line in listed.split("\0") if line]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in ROOT.rglob("*") if not LEFT_OUT & set(path.relative_to(ROOT).parts)]
    yield from (path for path in paths if path.is_file())
