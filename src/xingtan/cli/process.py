"""One of several web processes: everything opened from the environment."""

from starlette.types import ASGIApp

from xingtan.cli.serving import collect_from_now_on
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.infra.telemetry import configure_logging
from xingtan.web.app import create_app
from xingtan.wiring import wire
from xingtan.worker.loop import Worker


def make_app() -> ASGIApp:
    """Return the application of this process, with a worker of its own if the settings want one."""
    settings = Settings()
    configure_logging(log_format=settings.log_format, level=settings.log_level)
    platform, wiring = open_platform(settings), wire()
    app = create_app(platform, wiring, worker=Worker(platform, wiring) if settings.run_worker else None)
    collect_from_now_on()
    return app
