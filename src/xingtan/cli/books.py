"""`xingtan books`: the journal in the words of other programs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The books: take the journal along.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="The academy's folder. Default: XINGTAN_HOME, else ./var.")]
Format = Annotated[str, typer.Option("--format", help="beancount, hledger or csv.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file to write. Default: standard output.")]


@app.callback()
def books() -> None:
    """Keep `export` a word of its own while it is the only one."""


@app.command()
def export(export_format: Format = "beancount", output: Output = None, home: Home = None) -> None:
    """Write the whole journal, oldest entry first, as Beancount, hledger or CSV text."""
    from zoneinfo import ZoneInfo

    from xingtan.cli.serving import open_or_exit, settings_of
    from xingtan.core.viewer import SYSTEM
    from xingtan.domains.books import api as books
    from xingtan.domains.identity import api as identity

    if export_format not in books.EXPORT_FORMATS:
        typer.secho(f"The format is beancount, hledger or csv, not {export_format}.", fg="red", err=True)
        raise typer.Exit(2)
    platform = open_or_exit(settings_of(home=home))
    try:
        with platform.database.reading() as session:
            academy = identity.academy(session)
            zone = ZoneInfo(academy.time_zone if academy else "UTC")
            pieces = books.export(session, SYSTEM, export_format, zone=zone)
            if output is None:
                sys.stdout.writelines(pieces)
            else:
                with output.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(pieces)
    finally:
        platform.close()
