"""Topics: their names in both languages."""

from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Invalid
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import Errors, Typed, errors_of, room, text
from xingtan.web.catalog.pages import TopicsPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.render import render

router = room()


@router.get("/topics")
def topics(here: EdgeDep, said: str = "") -> Response:
    """List the topics."""
    here.require(Permission.CATALOG_READ)
    return _show(here, said=said if said == "saved" else "")


@router.post("/topics")
def save(here: EdgeDep, typed: Typed) -> Response:
    """Name a topic anew, or make one: its address comes from its name unless it is given."""
    here.require(Permission.CATALOG_WRITE)
    values = {name: text(typed, name) for name in ("slug", "zh", "en", "known")}
    names = {language: values[language] for language in catalog.LANGUAGES}
    slug = values["known"] or values["slug"].strip() or catalog.slug_of(names["en"].strip() or names["zh"])
    command = catalog.SaveTopic(slug, names)
    try:
        here.write(lambda session: catalog.save_topic(session, command, viewer=here.viewer))
    except Invalid as error:
        return _show(here, typed=values, errors=errors_of(here, error))
    return RedirectResponse(here.url("/studio/topics?said=saved"), status_code=303)


def _show(here: Edge, *, typed: dict[str, str] | None = None, errors: Errors | None = None, said: str = "") -> Response:
    page = TopicsPage(
        topics=here.read(lambda session: catalog.topics(session, here.viewer)),
        typed=typed or {"slug": "", "zh": "", "en": "", "known": ""},
        may_write=here.viewer.may(Permission.CATALOG_WRITE),
        said=said,
        errors=errors or {},
    )
    return render(here, page, status=422 if errors else 200)
