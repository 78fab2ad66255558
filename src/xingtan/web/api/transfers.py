"""Bringing content in and taking it out: looked at in a dry run first, then done in the background; out at any time."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, Literal
from uuid import UUID

from fastapi import File as FilePart
from fastapi import Form, UploadFile
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from xingtan.core.errors import NotFound, Sentence, say
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.infra import jobs
from xingtan.web.api.caller import Ask, AskDep, staff
from xingtan.web.api.fields import Flag, In, JobId, JobPath, Line, Name, Out, ProductId
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.product_schemas import Language
from xingtan.web.api.products import product_of
from xingtan.web.learning.serving import disposition
from xingtan.web.translations import in_words

router = operations("imports and exports")

_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_IMPORT = "catalog.import"
_PIECE = 1 << 20
_IN_MEMORY = 8 << 20
_MOST_PROBLEMS = 500
_MEDIA_TYPES = {"markdown": ("application/zip", ".zip"), "epub": ("application/epub+zip", ".epub")}
_Format = Literal["epub", "xingtan", "ghost", "markdown"]


class PlannedProduct(Out):
    """A product that an import would make."""

    title: str
    kind: str
    language: str
    sections: int
    lessons: int


class ImportProblem(Out):
    """Something that could not be read, in which file, and why."""

    path: str
    what: str
    why: str


class ImportPlan(Out):
    """What an import would make; nothing is written yet. `source` is how to ask for it, within a week."""

    source: str
    format: str
    products: list[PlannedProduct]
    problem_count: int
    problems: list[ImportProblem]


class ImportIn(In):
    """The import to do: what the dry run called `source`, and what the creator decides."""

    source: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}\.(zip|epub|json|md)$")]
    format: _Format | None = None
    name: Line = "import"
    language: Language | None = None
    is_published: Flag = False
    shape: Literal["articles", "column"] = "articles"


class ImportedProduct(Out):
    """What became of one product: how many of its lessons were added, changed, removed, and left as they were."""

    product_id: ProductId
    slug: str
    title: str
    is_new: bool
    added: int
    changed: int
    removed: int
    unchanged: int


class Import(Out):
    """An import and how far it is; at its end, what was made and what could not be read."""

    id: JobId
    state: str
    done: int
    total: int
    title: str
    error: str | None
    products: list[ImportedProduct]
    problem_count: int
    problems: list[ImportProblem]


@operation(router, "POST", "/imports/dry-run", _WRITES)
def plan_import(
    ask: AskDep,
    file: Annotated[UploadFile, FilePart(description="A ZIP of a folder, an EPUB, a Ghost export, a Markdown file.")],
    format: Annotated[_Format | None, Form(description="The format, where it is not to be guessed.")] = None,  # noqa: A002 - the word people use
    language: Annotated[Language | None, Form(description="The language, where the source does not say.")] = None,
    shape: Annotated[Literal["articles", "column"], Form(description="What a blog becomes.")] = "articles",
) -> ImportPlan:
    """Say what importing a file would make, and what in it cannot be read; nothing is written."""
    files, name = ask.platform.files, file.filename or "file"
    limit = ask.platform.settings.upload_limit_mb * 10**6
    key = catalog.keep_source(files, name, iter(lambda: file.file.read(_PIECE), b""), limit_bytes=limit)
    options = catalog.ImportOptions(name=PurePosixPath(name).stem or "import", language=language, shape=shape)
    plan = catalog.dry_run(files, key, options=options, format=format)
    return ImportPlan(
        source=key.rpartition("/")[2],
        format=plan.format,
        products=[
            PlannedProduct(title=one.title, kind=one.kind, language=one.language, sections=len(one.sections),
                           lessons=len(one.lessons))
            for one in plan.products
        ],
        problem_count=len(plan.problems),
        problems=[
            ImportProblem(path=one.path, what=one.what, why=in_words(one.reason, ask.here.language))
            for one in plan.problems[:_MOST_PROBLEMS]
        ],
    )  # fmt: skip


@operation(router, "POST", "/imports", _WRITES, status=202, also=(404,))
def start_import(ask: AskDep, body: ImportIn) -> Import:
    """Do the import that a dry run looked at, in the background. Doing it twice changes nothing."""
    key = f"imports/{body.source}"
    if not ask.platform.files.has(key):
        raise NotFound(say("There is no such file."))
    options = catalog.ImportOptions(
        name=body.name, language=body.language, is_published=body.is_published, shape=body.shape
    )
    command = catalog.StartImport(key, options, body.format)

    def work(session: Session) -> Import:
        job_id = catalog.start_import(session, command, viewer=ask.viewer, clock=ask.clock)
        session.flush()
        return _import(session, ask, job_id)

    return ask.write(work)


@operation(router, "GET", "/imports/{job}", _WRITES)
def get_import(ask: AskDep, job: JobPath) -> Import:
    """How far an import is; at its end, its report."""
    return ask.read(lambda session: _import(session, ask, job))


def _import(session: Session, ask: Ask, job_id: UUID) -> Import:
    job = jobs.job_view(session, job_id)
    if job.kind != _IMPORT:
        raise NotFound(say("There is no such job."))
    progress: dict[str, Any] = dict(job.progress)
    report = progress.get("report") or {}
    return Import(
        id=job.id,
        state=job.state,
        done=int(progress.get("done", 0)),
        total=int(progress.get("total", 0)),
        title=str(progress.get("title", "")),
        error=job.error,
        products=[_imported(one) for one in report.get("products", ())],
        problem_count=int(report.get("problem_count", 0)),
        problems=[
            ImportProblem(path=one["path"], what=one["what"],
                          why=in_words(Sentence(one["msgid"], one["params"]), ask.here.language))
            for one in report.get("problems", ())
        ],
    )  # fmt: skip


def _imported(product: dict[str, Any]) -> ImportedProduct:
    known = {name: product[name] for name in ImportedProduct.model_fields if name != "product_id"}
    return ImportedProduct(product_id=UUID(product["product_id"]), **known)


@operation(router, "GET", "/products/{product}/export", _WRITES)
def export_product(ask: AskDep, product: Name, format: Literal["markdown", "epub"] = "markdown") -> Response:  # noqa: A002 - the word people use
    """Take a product out: as a ZIP of Markdown that can be imported again, or as an EPUB book."""
    card = ask.read(lambda session: product_of(session, ask, product))
    media_type, suffix = _MEDIA_TYPES[format]
    out: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - `_pieces` closes it
    try:
        export = catalog.export_epub if format == "epub" else catalog.export_folder
        export(ask.platform, card.slug, out, viewer=ask.viewer)
    except BaseException:
        out.close()
        raise
    size = out.tell()
    headers = {
        "Content-Disposition": disposition(f"{card.slug}{suffix}", media_type),
        "Content-Length": str(size),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_pieces(out), media_type=media_type, headers=headers)


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(_PIECE):
            yield piece
