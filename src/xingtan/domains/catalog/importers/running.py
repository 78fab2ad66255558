"""Imports from the studio: the source is kept in the file store, looked at in a dry run, then applied by a long job."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, Refused, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.errors import check_size
from xingtan.domains.catalog.importers.apply import ImportReport, Progress, apply_plan
from xingtan.domains.catalog.importers.detect import Unwrapped, open_source, plan_import
from xingtan.domains.catalog.importers.plan import ImportOptions, ImportPlan
from xingtan.infra.archives import Tree, ZipTree
from xingtan.infra.db import new_id
from xingtan.infra.files import FileStore
from xingtan.infra.jobs import enqueue
from xingtan.infra.platform import Platform

IMPORT = "catalog.import"
KEPT = timedelta(days=7)
_FOLDER = "imports"
_SUFFIXES = {".zip", ".epub", ".json", ".md"}
_MOST_PROBLEMS = 500
_STAMP_BITS = 80  # below the milliseconds of a UUIDv7


class ReportsProgress(Protocol):
    """How a long job says how far it is."""

    def __call__(self, **progress: object) -> None:
        """Store the progress."""


@dataclass(frozen=True, slots=True)
class StartImport:
    """Apply the source kept under `key`, as `options` say; `format` None: whatever it looks like."""

    key: str
    options: ImportOptions
    format: str | None = None


def keep_source(files: FileStore, name: str, data: Iterable[bytes], *, limit_bytes: int) -> str:
    """Keep an uploaded source and return its key. `TooLarge` beyond the limit, `Invalid` for an unknown suffix."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix not in _SUFFIXES:
        raise Invalid.of("file", say("Bring a ZIP archive, an EPUB book, a Ghost export (.json) or a Markdown file."))
    key = f"{_FOLDER}/{new_id()}{suffix}"
    try:
        files.put(key, _at_most(data, limit_bytes))
    except Refused:
        files.delete(key)
        raise
    return key


def _at_most(data: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in data:
        size += len(piece)
        check_size(size, limit_bytes=limit_bytes)
        yield piece


@contextmanager
def kept_source(files: FileStore, key: str) -> Iterator[Tree]:
    """Open a kept source as a tree. `NotFound` when it is gone, `Invalid` when it breaks a rule."""
    if not key.startswith(f"{_FOLDER}/"):
        raise Invalid.of("file", say("There is no such file."))
    with TemporaryDirectory(prefix="xingtan-import-") as folder:
        path = Path(folder) / f"source{PurePosixPath(key).suffix}"
        with path.open("wb") as out:
            out.writelines(files.read(key))
        tree = open_source(path)
        try:
            yield tree
        finally:
            if isinstance(tree, (ZipTree, Unwrapped)):
                tree.close()


def dry_run(files: FileStore, key: str, *, options: ImportOptions, format: str | None = None) -> ImportPlan:  # noqa: A002 - the word people use
    """Return what importing a kept source would make; nothing is written."""
    with kept_source(files, key) as tree:
        return plan_import(tree, options, format=format)


def start_import(session: Session, command: StartImport, *, viewer: Viewer, clock: Clock) -> UUID:
    """Enqueue the import, once per kept source, and return the job's id."""
    viewer.require(Permission.CATALOG_WRITE)
    person = str(viewer.person_id) if viewer.person_id else None
    args = {"key": command.key, "format": command.format, "person_id": person, "options": asdict(command.options)}
    return enqueue(session, IMPORT, args, key=f"{IMPORT}:{command.key}", at=clock.now())


def run_import(platform: Platform, args: Mapping[str, Any], report: ReportsProgress) -> None:
    """Apply a kept source; run again after a crash, it goes on where it was."""
    person = args.get("person_id")
    viewer = Viewer(UUID(person) if person else None, frozenset({Permission.CATALOG_READ, Permission.CATALOG_WRITE}))
    with kept_source(platform.files, args["key"]) as tree:
        plan = plan_import(tree, ImportOptions(**args["options"]), format=args.get("format"))
        report(done=0, total=plan.steps, title="")
        done = apply_plan(
            platform,
            plan,
            tree=tree,
            viewer=viewer,
            limit_bytes=platform.settings.upload_limit_mb * 10**6,
            progress=_telling(report),
        )
    report(done=plan.steps, total=plan.steps, title="", report=report_to_json(done))


def _telling(report: ReportsProgress) -> Progress:
    return lambda done, total, title: report(done=done, total=total, title=title)


def report_to_json(report: ImportReport) -> dict[str, Any]:
    """Return a report as plain data: its products, and its first problems as msgid and parameters."""
    return {
        "format": report.format,
        "products": [asdict(product) | {"product_id": str(product.product_id)} for product in report.products],
        "problem_count": len(report.problems),
        "problems": [
            {
                "path": problem.path,
                "what": problem.what,
                "msgid": problem.reason.msgid,
                "params": {name: str(value) for name, value in problem.reason.params.items()},
            }
            for problem in report.problems[:_MOST_PROBLEMS]
        ],
    }


def tidy_sources(files: FileStore, *, at: datetime) -> int:
    """Delete sources that were brought more than a week ago; return how many."""
    old = [key for key in files.keys(_FOLDER) if _brought_at(key) < at - KEPT]
    for key in old:
        files.delete(key)
    return len(old)


def _brought_at(key: str) -> datetime:
    try:
        stamp = UUID(PurePosixPath(key).stem).int >> _STAMP_BITS
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(stamp / 1000, tz=UTC)
