"""A lesson's versions: what changed between two of them, and going back to one."""

from starlette.responses import RedirectResponse, Response

from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.identity import api as identity
from xingtan.web.catalog.changes import changes
from xingtan.web.catalog.forms import room
from xingtan.web.catalog.pages import LessonVersionsPage
from xingtan.web.edge import EdgeDep
from xingtan.web.render import render

router = room()


@router.get("/products/{slug}/lessons/{lesson}/versions")
def versions(here: EdgeDep, slug: str, lesson: str, older: int = 0, newer: int = 0) -> Response:
    """List the versions of a lesson and show what changed from `older` to `newer` (by default: with the newest)."""
    here.require(Permission.CATALOG_READ)
    with here.platform.database.reading() as session:
        draft = catalog.lesson_draft(session, here.viewer, product_slug=slug, lesson_slug=lesson)
        newer = newer or draft.number
        older = older or max(1, newer - 1)
        before, after = catalog.lesson_version_texts(session, here.viewer, lesson_id=draft.id, numbers=(older, newer))
        savers = {one.saved_by_id for one in draft.versions if one.saved_by_id is not None}
        names = identity.names_of(session, list(savers), vault=here.platform.vault)
    page = LessonVersionsPage(
        draft=draft, names=names, older=older, newer=newer, lines=changes(before, after),
        may_write=here.viewer.may(Permission.CATALOG_WRITE),
    )  # fmt: skip
    return render(here, page)


@router.post("/products/{slug}/lessons/{lesson}/versions/{number}/restore")
def restore(here: EdgeDep, slug: str, lesson: str, number: int) -> Response:
    """Save what an older version of this lesson says as its newest version; `NotFound` for a version of another one."""
    here.require(Permission.CATALOG_WRITE)
    draft = here.read(lambda session: catalog.lesson_draft(session, here.viewer, product_slug=slug, lesson_slug=lesson))
    here.write(
        lambda session: catalog.restore_lesson_version(
            session, draft.id, number=number, viewer=here.viewer, clock=here.platform.clock
        )
    )
    return RedirectResponse(here.url(f"/studio/products/{slug}/lessons/{lesson}?said=restored"), status_code=303)
