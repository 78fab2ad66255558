"""The reference names every setting, command and error code."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.tree import ROOT, none

REFERENCE = ROOT / "docs" / "reference"


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def reference() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(REFERENCE.rglob("*.md")))


def unnamed(names: Iterable[str], text: str) -> list[str]:
    """Return the names that do not stand in the text as code."""
    return sorted(f"`{name}` is not named in docs/reference" for name in set(names) if f"`{name}`" not in text)


def settings() -> Iterator[str]:
    module = importlib.import_module("xingtan.infra.settings")
    prefix = module.Settings.model_config.get("env_prefix", "")
    yield from (f"{prefix}{field}".upper() for field in module.Settings.model_fields)


def commands() -> Iterator[str]:
    import typer.main

    def walk(command: object, words: tuple[str, ...]) -> Iterator[str]:
        below = getattr(command, "commands", {})
        if not below:
            yield " ".join(words)
        for word, one in below.items():
            if not one.hidden:
                yield from walk(one, (*words, word))

    yield from walk(typer.main.get_command(importlib.import_module("xingtan.cli.main").app), ("xingtan",))


def codes() -> Iterator[str]:
    import xingtan
    from xingtan.core.errors import XingtanError

    for module in pkgutil.walk_packages(xingtan.__path__, "xingtan."):
        if not {"migrations", "__main__"} & set(module.name.split(".")):
            importlib.import_module(module.name)

    def walk(error: type[XingtanError]) -> Iterator[str]:
        yield error.code
        for below in error.__subclasses__():
            yield from walk(below)

    for kind in XingtanError.__subclasses__():
        yield from (code for code in walk(kind) if not kind.__module__.startswith("tests"))


@pytest.mark.skipif(not _exists("xingtan.infra.settings"), reason="there are no settings yet")
def test_every_setting_is_named() -> None:
    none(unnamed(settings(), reference()))


@pytest.mark.skipif(not _exists("xingtan.cli.main"), reason="there are no commands yet")
def test_every_command_is_named() -> None:
    none(unnamed(commands(), reference()))


@pytest.mark.skipif(not _exists("xingtan.infra.settings"), reason="there are no settings yet")
def test_every_error_code_is_named() -> None:
    none(unnamed(codes(), reference()))


def test_a_planted_omission_is_found() -> None:
    assert unnamed(["XINGTAN_HOME", "refused"], "| `XINGTAN_HOME` | refused |") == [
        "`refused` is not named in docs/reference"
    ]


def test_error_codes_are_collected() -> None:
    assert {"refused", "not-found", "unavailable", "broken"} <= set(codes())
