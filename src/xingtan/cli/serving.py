"""Serving: the web process with its worker, the demo, the worker alone."""

import gc
import os
from pathlib import Path
from typing import Any

import typer
import uvicorn
from pydantic import ValidationError

from xingtan.core.errors import Broken
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.infra.telemetry import configure_logging
from xingtan.web.app import create_app
from xingtan.wiring import wire
from xingtan.worker.loop import Worker

_GRACE_S = 10


def settings_of(*, home: Path | None = None, host: str | None = None, port: int | None = None) -> Settings:
    """Return the settings from the environment and the TOML file, with the command line's word over them."""
    given: dict[str, Any] = {"home": home, "host": host, "port": port}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors():
            typer.secho(f"setting {'.'.join(map(str, problem['loc']))}: {problem['msg']}", fg="red", err=True)
        raise typer.Exit(2) from None
    configure_logging(log_format=settings.log_format, level=settings.log_level)
    return settings


def open_or_exit(settings: Settings) -> Platform:
    """Open the home folder, or say in one line why it cannot be opened."""
    try:
        return open_platform(settings)
    except Broken as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None


def serve_academy(settings: Settings) -> None:
    """Serve the academy in the home folder until interrupted."""
    if settings.workers > 1:
        _serve_many(settings)
        return
    platform = open_or_exit(settings)
    from xingtan.domains.identity import api as identity

    with platform.database.reading() as session:
        is_new = identity.academy(session) is None
    lines = [f"Xingtan is open: {settings.effective_base_url}"]
    if is_new:
        code = identity.set_up_code(settings.home)
        lines += ["This academy has no owner yet. Open the page and enter this code:", f"    {code}"]
    _serve(platform, lines)


def serve_demo(settings: Settings, *, learners: int) -> None:
    """Serve an academy with sample products and simulated learners."""
    from xingtan.sample.demo import open_demo

    platform = open_or_exit(settings)
    try:
        links = open_demo(platform, learners=learners, say=typer.echo)
    except Broken as error:
        platform.close()
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
    _serve(
        platform,
        [
            f"The demo academy is open: {settings.effective_base_url}",
            f"  as its owner:   {links.owner}",
            f"  as a learner:   {links.learner}",
            "The links sign you in once; a new pair is printed at every start. Ctrl-C closes the academy.",
        ],
    )


def run_worker(settings: Settings) -> None:
    """Run background jobs until interrupted."""
    platform = open_or_exit(settings)
    worker = Worker(platform, wire())
    typer.echo("The worker is at work. Ctrl-C ends it.")
    worker.start()
    try:
        worker.join()
    except KeyboardInterrupt:
        worker.stop()
    finally:
        platform.close()


def check_academy(settings: Settings) -> None:
    """Print every promise that does not hold, and exit with 1 if there is any."""
    from xingtan.wiring import broken_promises

    platform = open_or_exit(settings)
    with platform.database.reading() as session:
        problems = broken_promises(session, at=platform.clock.now())
    for problem in problems:
        typer.secho(problem, fg="red")
    typer.echo("Everything holds." if not problems else f"{len(problems)} promises do not hold.")
    platform.close()
    raise typer.Exit(1 if problems else 0)


def _serve(platform: Platform, lines: list[str]) -> None:
    settings, wiring = platform.settings, wire()
    worker = Worker(platform, wiring) if settings.run_worker else None
    app = create_app(platform, wiring, worker=worker)
    server = uvicorn.Server(_config(app, settings))
    for line in lines:
        typer.echo(line)
    collect_from_now_on()
    server.run()
    platform.close()


def collect_from_now_on() -> None:
    """Leave what is there out of every collection: it stays to the end, and to look it through stops all requests."""
    gc.freeze()
    gc.enable()


def _config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=_GRACE_S, proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None, **more,
    )  # fmt: skip


def _serve_many(settings: Settings) -> None:
    if not settings.database_url:
        typer.secho("Several web processes need PostgreSQL: set database_url.", fg="red", err=True)
        raise typer.Exit(2)
    open_or_exit(settings).close()  # migrate once, before the processes start
    os.environ["XINGTAN_HOME"] = str(settings.home)
    typer.echo(f"Xingtan is open: {settings.effective_base_url} ({settings.workers} processes)")
    uvicorn.run(
        "xingtan.cli.process:make_app", factory=True, host=settings.host, port=settings.port,
        workers=settings.workers, log_config=None, access_log=False, server_header=False,
        proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies or None,
    )  # fmt: skip
