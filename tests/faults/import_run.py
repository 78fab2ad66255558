"""One process that imports, by hand or as the studio's job, and is killed on the way."""

from dataclasses import replace
from pathlib import Path

from tests.faults.killing import Killer, open_home
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.platform import Platform
from xingtan.wiring import wire
from xingtan.worker.loop import Worker

WIRING = replace(wire(), periodic=())
"""All that follows an import, and nothing that only the clock asks for."""


def take(platform: Platform, source: Path) -> catalog.ImportReport:
    """Import the folder and do the work that follows, as the command line and a worker do."""
    tree = catalog.open_source(source)
    plan = catalog.plan_import(tree, catalog.ImportOptions(source.name))
    report = catalog.apply_plan(platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=10**8)
    Worker(platform, WIRING).drain()
    return report


def import_folder(home: Path, clock: ManualClock, source: Path, *, place: str, at: int) -> None:
    """Import `source` and die when the process comes past `place` for the `at`-th time."""
    platform = open_home(home, clock)
    killer = Killer(platform, place, at)
    take(platform, source)
    killer.survived(home)
    platform.close()


def do_jobs(home: Path, clock: ManualClock, *, place: str, at: int) -> None:
    """Do the work that waits in `home`, and die when the process comes past `place` for the `at`-th time."""
    platform = open_home(home, clock)
    killer = Killer(platform, place, at)
    Worker(platform, WIRING).drain()
    killer.survived(home)
    platform.close()
