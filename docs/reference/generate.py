"""Write the reference from the code: settings, commands, errors, events, lifecycles, operations. `make docs` runs it.

A test runs it too, and fails when a page on disk is not what the code says today.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer.main
from fastapi import FastAPI
from pydantic_core import PydanticUndefined

import xingtan
from xingtan.core.errors import XingtanError
from xingtan.core.event import Event
from xingtan.core.machine import Machine
from xingtan.infra.settings import Settings

FOLDER = Path(__file__).parent
_NOTE = "*Written by `make docs` from the code; do not edit it here.*\n"


def settings() -> str:
    """Return the page of settings."""
    lines = ["# Settings", "", _NOTE]
    lines += ["Set them as environment variables, or without the prefix in `xingtan.toml` in the home folder.", ""]
    lines += ["| variable | default | what it decides |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is PydanticUndefined else str(field.default).strip("*")
        lines.append(f"| `XINGTAN_{name.upper()}` | {f'`{default}`' if default else '—'} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Return the page of commands."""
    program = typer.main.get_command(importlib.import_module("xingtan.cli.main").app)
    lines = ["# Commands", "", _NOTE]
    for name, command in sorted(getattr(program, "commands", {}).items()):
        lines += [f"## `xingtan {name}`", "", command.help or "", ""]
        for parameter in command.params:
            shown = " / ".join(f"`{option}`" for option in parameter.opts)
            lines.append(f"- {shown}: {getattr(parameter, 'help', '') or ''}")
        lines.append("")
    return "\n".join(lines)


def errors() -> str:
    """Return the page of error codes."""
    _import_everything()
    lines = ["# Errors", "", _NOTE]
    lines += [
        "Every refusal has a stable `code`. The API answers with problem details (RFC 9457) that carry it;",
        "pages say the same in the reader's language.",
        "",
        "| code | what it means |",
        "| --- | --- |",
    ]
    found = {kind.code: kind for kind in sorted(_below(XingtanError), key=lambda kind: kind.__qualname__)}
    for code in sorted(found):
        meaning = (found[code].__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{code}` | {' '.join(meaning.split())} |")
    return "\n".join(lines) + "\n"


def events() -> str:
    """Return the page of events."""
    _import_everything()
    lines = ["# Events", "", _NOTE, "| event | what happened | carries |", "| --- | --- | --- |"]
    # a dataclass with slots is made twice, so each kind is taken once
    kinds = {kind.kind: kind for kind in _below(Event)}
    for kind in (kinds[name] for name in sorted(kinds)):
        carries = ", ".join(f"`{name}`" for name in kind.__dataclass_fields__)
        lines.append(f"| `{kind.kind}` | {(kind.__doc__ or '').strip().splitlines()[0]} | {carries} |")
    return "\n".join(lines) + "\n"


def lifecycles() -> str:
    """Return the page of lifecycles, each drawn from the table that the code moves by."""
    _import_everything()
    lines = ["# Lifecycles", "", _NOTE]
    for machine in sorted(_machines(), key=lambda it: it.name):
        lines += [f"## {machine.name}", "", "```mermaid", machine.mermaid(), "```", ""]
    return "\n".join(lines)


def operations() -> str:
    """Return the page of the API's operations."""
    app = FastAPI()
    app.include_router(importlib.import_module("xingtan.web.api.routes").router)
    paths = importlib.import_module("xingtan.web.api.description").description_of(app)["paths"]
    groups: dict[str, list[str]] = {}
    for path, methods in paths.items():
        for method, one in methods.items():
            scopes = [scope for way in one["security"] for scope in way.get("token", ())]
            token = "a token is not needed" if {} in one["security"] else ", ".join(f"`{scope}`" for scope in scopes)
            is_token_good = any("token" in way for way in one["security"])
            needs = [token or ("any token" if is_token_good else "no token will do")]
            needs += [" or ".join(f"`{it}`" for it in one.get("x-permissions", ()))]
            address = f"`{method.upper()} {path.removeprefix('/api/v1')}`"
            line = f"| {address} | `{one['operationId']}` | {one['summary']} | {'; '.join(filter(None, needs))} |"
            groups.setdefault(one["tags"][0], []).append(line)
    lines = [
        "# Operations of the API",
        "",
        _NOTE,
        "All paths are under `/api/v1`. How to call them: [The API](api.md).",
        "",
    ]
    for tag, found in groups.items():
        lines += [
            f"## {tag.capitalize()}",
            "",
            "| call | name | what it does | needs |",
            "| --- | --- | --- | --- |",
            *found,
            "",
        ]
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "errors.md": errors,
    "events.md": events,
    "lifecycles.md": lifecycles,
    "operations.md": operations,
}


def _import_everything() -> None:
    for module in pkgutil.walk_packages(xingtan.__path__, "xingtan."):
        if not {"migrations", "__main__"} & set(module.name.split(".")):
            importlib.import_module(module.name)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("xingtan."):
            yield one
        yield from _below(one)


def _machines() -> Iterator[Machine]:
    seen: set[int] = set()
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("xingtan."):
            for value in vars(module).values():
                if isinstance(value, Machine) and id(value) not in seen:
                    seen.add(id(value))
                    yield value


if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write(), encoding="utf-8")
