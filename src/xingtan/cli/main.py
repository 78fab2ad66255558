"""`xingtan`: open an academy, serve it, bring things in, take things out.

Heavy parts are imported inside the commands that need them, so that `xingtan --help` answers at once.
"""

import gc
from pathlib import Path
from typing import Annotated

import typer

from xingtan import __version__

app = typer.Typer(
    help="Xingtan 杏坛: a paid-knowledge business in a box.", no_args_is_help=True, pretty_exceptions_enable=False
)

Home = Annotated[Path | None, typer.Option("--home", help="The academy's folder. Default: XINGTAN_HOME, else ./var.")]
Port = Annotated[int | None, typer.Option("--port", help="The port to listen on. Default: XINGTAN_PORT, else 8000.")]
Host = Annotated[str | None, typer.Option("--host", help="The address to listen on. Default: 127.0.0.1.")]


@app.command()
def serve(home: Home = None, host: Host = None, port: Port = None) -> None:
    """Open the academy in its folder: an empty one asks for its owner first."""
    gc.disable()  # until everything that stays is there, see `serving.collect_from_now_on`
    from xingtan.cli.serving import serve_academy, settings_of

    serve_academy(settings_of(home=home, host=host, port=port))


@app.command()
def demo(
    home: Home = None,
    host: Host = None,
    port: Port = None,
    learners: Annotated[int, typer.Option(help="How many simulated learners a fresh demo gets.")] = 2000,
) -> None:
    """Open an academy with sample products and simulated learners; a second run starts in seconds."""
    from xingtan.cli.serving import serve_demo, settings_of

    serve_demo(settings_of(home=home or Path("var/demo"), host=host, port=port), learners=learners)


@app.command()
def worker(home: Home = None) -> None:
    """Run background jobs in a process of their own, beside `xingtan serve` with run_worker = false."""
    from xingtan.cli.serving import run_worker, settings_of

    run_worker(settings_of(home=home))


@app.command("import")
def import_(  # noqa: PLR0917 - Typer reads options from parameters
    kind: Annotated[str, typer.Argument(help="markdown, epub or ghost.")],
    source: Annotated[Path, typer.Argument(help="The folder or file to read.", exists=True)],
    home: Home = None,
    name: Annotated[str, typer.Option(help="What the source is called; a second run under this name updates.")] = "",
    language: Annotated[str, typer.Option(help="zh or en, where the source does not say.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish what was imported.")] = False,
) -> None:
    """Bring in a Markdown folder, an EPUB or a Ghost export; a second run changes only what has changed."""
    from xingtan.cli.content import import_content
    from xingtan.cli.serving import settings_of
    from xingtan.domains.catalog import api as catalog

    options = catalog.ImportOptions(name=name or source.resolve().stem, language=language or None, is_published=publish)
    import_content(settings_of(home=home), kind, source, options=options, is_dry=dry_run)


@app.command()
def export(
    product: Annotated[str, typer.Argument(help="The product's slug.")],
    target: Annotated[Path, typer.Argument(help="A folder for Markdown, a file ending in .epub for EPUB 3.")],
    home: Home = None,
) -> None:
    """Write a product as a Markdown folder or as an EPUB 3 file."""
    from xingtan.cli.content import export_content
    from xingtan.cli.serving import settings_of

    export_content(settings_of(home=home), product, target)


@app.command()
def check(home: Home = None) -> None:
    """Recompute what must hold (books balance, orders and entitlements agree) and say what does not."""
    from xingtan.cli.serving import check_academy, settings_of

    check_academy(settings_of(home=home))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


if __name__ == "__main__":
    app()
