"""Kill -9 in the middle of an import, at every write, every commit and every file that is stored.

A real process is really killed; then the same import is run again on the same home, or another worker takes the job up
when the dead one's lease has run out. In the end everything is as if nothing had happened: each thing once, the search
index true, no file and no row that belongs to nothing.
"""

import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.domains.catalog.conftest import Shop
from tests.domains.catalog.sources import OWN, TABLES, told
from tests.faults.import_run import WIRING, do_jobs, import_folder, take
from tests.faults.killing import open_home, passed, was_killed
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.catalog.models import Asset, LessonVersion, ProductVersion
from xingtan.infra import jobs
from xingtan.infra.outbox import has_waiting
from xingtan.infra.platform import Platform
from xingtan.worker.loop import Worker

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

TEA: dict[str, str | bytes] = {
    "product.yaml": "key: tea\nkind: course\nlanguage: en\ntitle: Tea\nsummary: On tea.\ncover: cover.png\n"
    "topics: [tea]\nstate: published\n",
    "cover.png": OWN["small/cover.png"],
    "pot.png": OWN["small/media/pot.png"],
    "01-pots.md": "---\ntitle: Pots\npreview: true\n---\n"
    "A teapot ![pot](pot.png), [the quiz](02-quiz.md), [no](gone.md).\n",
    "02-quiz.md": "---\ntitle: Quiz\nkind: quiz\nquestions:\n  - {ask: '2+2?', kind: number, answer: 4}\n---\n"
    "One question.\n",
}
SAMPLE = 9


@dataclass(frozen=True)
class Source:
    """Something to import: its folder, a home folder to start in, and what the academy is like in the end."""

    folder: Path
    home: Path
    end: dict[str, Any]
    counts: dict[str, int]


def _write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def _state(platform: Platform) -> dict[str, Any]:
    """Return what an academy is like, without ids and moments."""
    with platform.database.reading() as session:
        entries = session.execute(text("SELECT kind, url_key, title_text, body_text, is_public FROM search_entry"))
        counted = text(" UNION ALL ".join(f"SELECT '{table}', COUNT(*) FROM {table}" for table in TABLES))  # noqa: S608 - our own names
        return {
            "told": told(Shop(platform)),
            "index": sorted(map(tuple, entries)),
            "found": {query: _found(session, platform, query) for query in ("teapot", "quiz", "hello", "你好")},
            "rows": dict(session.execute(counted).all()),
            "files": _files(platform),
        }


def _found(session: Session, platform: Platform, query: str) -> list[tuple[str, str | None]]:
    page = catalog.search(session, SYSTEM, query, index=platform.search)
    return [(hit.product.slug, hit.lesson_slug) for hit in page.hits]


def _files(platform: Platform) -> list[str]:
    return sorted(key for key in platform.files.keys() if not key.startswith("imports/"))  # noqa: SIM118 - not a mapping


def _must_belong_together(platform: Platform) -> None:
    """Every file is that of an asset, every asset is shown somewhere, all news is told and all work done."""
    with platform.database.reading() as session:
        lessons = session.scalars(select(LessonVersion)).all()
        contents = session.scalars(select(ProductVersion.content)).all()
        shown = "".join([*(one.body_md for one in lessons), *(repr(content) for content in contents)])
        shown += repr([str(one.media_asset_id) for one in lessons])
        assets = session.scalars(select(Asset)).all()
        assert [one.name for one in assets if str(one.id) not in shown] == []
        assert _files(platform) == sorted({key for one in assets for key in (one.key, *one.variants.values())})
        assert not has_waiting(session)
        assert {state for state, count in jobs.counts(session).items() if count} == {"done"}


def _source(folder: Path, files: Mapping[str, str | bytes]) -> Source:
    source, home, whole = _write(folder / "source", files), folder / "home", folder / "whole"
    open_home(home, ManualClock(OPENING_DAY)).close()
    shutil.copytree(home, whole)
    assert not was_killed(import_folder, whole, ManualClock(OPENING_DAY), source, place="none", at=0)
    platform = open_home(whole, ManualClock(OPENING_DAY))
    _must_belong_together(platform)
    end = _state(platform)
    platform.close()
    return Source(source, home, end, passed(whole))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """One product with a cover, a lesson with a picture, and a quiz."""
    return _source(tmp_path_factory.mktemp("small"), TEA)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Three products that need and contain one another."""
    return _source(tmp_path_factory.mktemp("large"), OWN)


def _killed_and_run_again(source: Source, folder: Path, place: str, times: range) -> None:
    for at in times:
        home = folder / f"{place}-{at}"
        shutil.copytree(source.home, home)
        clock = ManualClock(OPENING_DAY)
        assert was_killed(import_folder, home, clock, source.folder, place=place, at=at)
        platform = open_home(home, ManualClock(OPENING_DAY + jobs.LEASE * 1.1))
        take(platform, source.folder)
        _must_end_as(source.end, platform, f"killed at {place} {at}")
        platform.close()
        shutil.rmtree(home)


def _must_end_as(end: dict[str, Any], platform: Platform, where: str) -> None:
    try:
        _must_belong_together(platform)
        assert _state(platform) == end
    except AssertionError as error:
        error.add_note(where)
        raise


@pytest.mark.parametrize(
    ("place", "at_least"), [("write", 60), ("commit", 12), ("committed", 12), ("storing", 4), ("stored", 4)]
)
def test_an_import_killed_anywhere_and_run_again_ends_as_if_nothing_had_happened(
    small: Source, tmp_path: Path, place: str, at_least: int
) -> None:
    assert small.counts[place] >= at_least
    _killed_and_run_again(small, tmp_path, place, range(1, small.counts[place] + 1))


@pytest.mark.parametrize("place", ["write", "committed"])
def test_a_larger_import_killed_here_and_there_ends_the_same(large: Source, tmp_path: Path, place: str) -> None:
    step = max(1, large.counts[place] // SAMPLE)
    _killed_and_run_again(large, tmp_path, place, range(1 + step // 2, large.counts[place] + 1, step))


# The studio's job


@pytest.fixture(scope="module")
def asked_for(small: Source, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The small source, brought to the studio as an archive; its import is asked for and has not begun."""
    folder = tmp_path_factory.mktemp("asked-for")
    home, whole = folder / "home", folder / "whole"
    platform = open_home(home, ManualClock(OPENING_DAY))
    key = catalog.keep_source(platform.files, "source.zip", [_zipped(TEA)], limit_bytes=10**8)
    command = catalog.StartImport(key, catalog.ImportOptions("source"))
    platform.database.write(lambda s: catalog.start_import(s, command, viewer=SYSTEM, clock=platform.clock))
    platform.close()
    shutil.copytree(home, whole)
    assert not was_killed(do_jobs, whole, ManualClock(OPENING_DAY), place="none", at=0)
    return Source(small.folder, home, small.end, passed(whole))


def _zipped(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("place", ["write", "commit", "committed", "stored"])
def test_a_job_whose_worker_was_killed_is_brought_to_its_end_by_another(
    asked_for: Source, tmp_path: Path, place: str
) -> None:
    step = max(1, asked_for.counts[place] // SAMPLE)
    for at in range(1, asked_for.counts[place] + 1, step):
        home, where = tmp_path / f"{place}-{at}", f"killed at {place} {at}"
        shutil.copytree(asked_for.home, home)
        assert was_killed(do_jobs, home, ManualClock(OPENING_DAY), place=place, at=at), where
        clock = ManualClock(OPENING_DAY)
        platform = open_home(home, clock)
        held = _job(platform).state == "running"
        Worker(platform, WIRING).drain()
        assert (_job(platform).state == "running") == held, where  # its lease is kept while it may be alive
        clock.advance(seconds=jobs.LEASE.total_seconds() + 1)
        Worker(platform, WIRING).drain()
        job = _job(platform)
        assert (job.state, job.attempts, job.error) == ("done", 1 + held, None), where
        assert (job.progress["done"], len(job.progress["report"]["problems"])) == (3, 1), where
        _must_end_as(asked_for.end, platform, where)
        platform.close()
        shutil.rmtree(home)


def _job(platform: Platform) -> jobs.JobView:
    every = platform.database.read(jobs.newest_jobs)
    (found,) = (view for view in every if view.kind == "catalog.import")
    return found
