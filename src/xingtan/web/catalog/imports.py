"""Bringing content in: choose, look at what would happen, start, watch; nothing is written before the start."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import Invalid, NotFound, Refused, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.infra import jobs
from xingtan.web.catalog.forms import Typed, errors_of, room, text
from xingtan.web.catalog.import_pages import Imported, ImportPage, ImportProgressPage, ImportReportPage, Trouble
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.storefront.cards import Visit
from xingtan.web.translations import in_words

router = room()

_JOB = "catalog.import"
_FOLDER = "imports"
_SOURCE = re.compile(r"[0-9a-f-]{36}\.(zip|epub|json|md)")
_FIELDS = ("format", "language", "shape", "is_published", "name")
_PIECE = 1 << 20
_MOST_FILES, _LONGEST_NAME = 200, 120
_MOST_TROUBLES = 500


@router.get("/import")
def choose(here: EdgeDep) -> Response:
    """Ask what to bring."""
    here.require(Permission.CATALOG_WRITE)
    return _choose(here, dict.fromkeys(_FIELDS, "") | {"shape": "articles"})


@router.post("/import")
def bring(here: EdgeDep, typed: Typed) -> Response:
    """Keep what was brought, look at it, and say what importing it would do."""
    here.require(Permission.CATALOG_WRITE)
    values = _values(typed)
    files = [one for one in typed.getlist("file") if isinstance(one, UploadFile) and one.filename]
    try:
        if not files:
            raise Invalid.of("file", say("Choose a file."))
        values["name"] = values["name"] or PurePosixPath(files[0].filename or "import").stem[:_LONGEST_NAME]
        return _look_or_drop(here, _keep(here, files), values)
    except (Invalid, catalog.TooLarge) as error:
        return _choose(here, values, errors=errors_of(here, error), status=status_of(error))


def _values(typed: FormData) -> dict[str, str]:
    values = {name: text(typed, name) for name in _FIELDS}
    values["name"] = values["name"].strip()[:_LONGEST_NAME]
    values["shape"] = values["shape"] if values["shape"] in {"articles", "column"} else "articles"
    values["language"] = values["language"] if values["language"] in catalog.LANGUAGES else ""
    return values


def _choose(
    here: Edge, values: Mapping[str, str], *, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    limit = here.platform.settings.upload_limit_mb
    return render(here, ImportPage(tuple(catalog.IMPORTERS), values, limit, errors or {}), status=status)


def _keep(here: Edge, files: Sequence[UploadFile]) -> str:
    """Keep the file, or Markdown files as one archive, and return the name by which it can be asked for.

    A Markdown file is called by its name when it has no heading; in an archive it keeps that name.
    """
    limit = here.platform.settings.upload_limit_mb * 10**6
    store = here.platform.files
    if len(files) == 1 and not (files[0].filename or "").lower().endswith(".md"):
        key = catalog.keep_source(store, files[0].filename or "", _pieces(files[0].file), limit_bytes=limit)
        return PurePosixPath(key).name
    with TemporaryFile() as archive:
        _pack(files, archive)
        archive.seek(0)
        return PurePosixPath(catalog.keep_source(store, "import.zip", _pieces(archive), limit_bytes=limit)).name


def _pack(files: Sequence[UploadFile], archive: IO[bytes]) -> None:
    names = [PurePosixPath((one.filename or "").replace("\\", "/")).name for one in files]
    if len(files) > _MOST_FILES or any(not name.lower().endswith(".md") for name in names):
        raise Invalid.of(
            "file", say("Several files at once are at most %(limit)s Markdown files (.md).", limit=_MOST_FILES)
        )
    if len(set(names)) < len(names):
        raise Invalid.of("file", say("Two of these files have the same name."))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, one in zip(names, files, strict=True):
            with packed.open(name, "w") as inside:
                for piece in _pieces(one.file):
                    inside.write(piece)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE), b"")


def _look_or_drop(here: Edge, source: str, values: Mapping[str, str]) -> Response:
    """Look at what was kept; what is refused is not kept any longer."""
    try:
        return _look(here, source, values)
    except Refused:
        here.platform.files.delete(f"{_FOLDER}/{source}")
        raise


def _look(here: Edge, source: str, values: Mapping[str, str]) -> Response:
    plan = catalog.dry_run(
        here.platform.files, f"{_FOLDER}/{source}", options=_options(values), format=values["format"] or None
    )
    foretold = here.read(lambda session: catalog.forecast(session, here.viewer, plan))
    troubles = [
        Trouble(one.path, one.what, in_words(one.reason, here.language)) for one in plan.problems[:_MOST_TROUBLES]
    ]
    page = ImportReportPage(source, values, plan.format, foretold, troubles, len(plan.problems))
    return render(here, page)


def _options(values: Mapping[str, str]) -> catalog.ImportOptions:
    return catalog.ImportOptions(
        name=values["name"] or "import",
        language=values["language"] or None,
        is_published=bool(values["is_published"]),
        shape=values["shape"],
    )


@router.post("/import/start")
def start(here: EdgeDep, typed: Typed) -> Response:
    """Do the import that was looked at, in the background; asking twice starts it once."""
    here.require(Permission.CATALOG_WRITE)
    values, source = _values(typed), text(typed, "source")
    key = f"{_FOLDER}/{source}"
    if _SOURCE.fullmatch(source) is None or not here.platform.files.has(key):
        raise NotFound(say("There is no such file."))
    if values["format"] and values["format"] not in catalog.IMPORTERS:
        raise Invalid.of("format", say("This format is not known."))
    command = catalog.StartImport(key, _options(values), values["format"] or None)
    job_id = here.write(
        lambda session: catalog.start_import(session, command, viewer=here.viewer, clock=here.platform.clock)
    )
    return RedirectResponse(here.url(f"/studio/import/{public_id('job', job_id)}"), status_code=303)


@router.get("/import/{job}")
def watch(here: EdgeDep, job: str) -> Response:
    """Show how far an import is, as a page or as JSON for the page's own script; at its end, the report."""
    here.require(Permission.CATALOG_WRITE)
    page = here.read(lambda session: _progress(here, session, job))
    if "application/json" in here.request.headers.get("accept", ""):
        body = {
            "state": page.state, "done": page.done, "total": page.total, "title": page.title, "is_over": page.is_over,
        }  # fmt: skip
        return JSONResponse(body, headers={"Cache-Control": "no-store"})
    return render(here, page)


def _progress(here: Edge, session: Session, job: str) -> ImportProgressPage:
    found = _import_of(session, job)
    progress: dict[str, Any] = dict(found.progress)
    report: Mapping[str, Any] = progress.get("report") or {}
    tags = _tags(here, session, report)
    return ImportProgressPage(
        id=job,
        state=found.state,
        done=int(progress.get("done", 0)),
        total=int(progress.get("total", 0)),
        title=str(progress.get("title", "")),
        products=[_imported(one, tags) for one in report.get("products", ())],
        troubles=[
            Trouble(one["path"], one["what"], in_words(Sentence(one["msgid"], one["params"]), here.language))
            for one in report.get("problems", ())
        ],
        trouble_count=int(report.get("problem_count", 0)),
    )


def _tags(here: Edge, session: Session, report: Mapping[str, Any]) -> dict[UUID, Mapping[str, Any]]:
    """Return the price with which each product came, of those that have no price of their own."""
    tags = {UUID(one["product_id"]): one["price"] for one in report.get("products", ()) if one.get("price")}
    visit = Visit.of(here)
    priced = commerce.offers_for(session, list(tags), currency=visit.currency, at=visit.at) if tags else {}
    return {product_id: tag for product_id, tag in tags.items() if product_id not in priced}


@router.post("/import/{job}/prices")
def set_prices(here: EdgeDep, job: str) -> Response:
    """Give the products of an import the prices with which they came, where they have none."""
    here.require(Permission.CATALOG_WRITE)
    currency = Visit.of(here).currency

    def work(session: Session) -> None:
        found = _import_of(session, job)
        report: Mapping[str, Any] = found.progress.get("report") or {}
        for product_id, tag in _tags(here, session, report).items():
            for offer in commerce.read_price_tag(product_id, tag, currency=currency):
                commerce.make_offer(session, here.viewer, offer, clock=here.platform.clock)

    here.write(work)
    return RedirectResponse(here.url(f"/studio/import/{job}"), status_code=303)


def _import_of(session: Session, job: str) -> jobs.JobView:
    found = jobs.job_view(session, private_id("job", job))
    if found.kind != _JOB:
        raise NotFound(say("There is no such job."))
    return found


def _imported(one: Mapping[str, Any], tags: Mapping[UUID, object]) -> Imported:
    return Imported(
        slug=one["slug"], title=one["title"], is_new=one["is_new"], added=one["added"], changed=one["changed"],
        removed=one["removed"], unchanged=one["unchanged"], lacks_its_price=UUID(one["product_id"]) in tags,
    )  # fmt: skip
