"""What is inside a product: sections and lessons, added, named, moved, removed; each button is a form of its own."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import errors_of, room
from xingtan.web.catalog.pages import ConfirmPage
from xingtan.web.catalog.products import show
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = room()
Text = Annotated[str, Form()]


@router.post("/products/{slug}/sections")
def add_section(here: EdgeDep, slug: str, title: Text = "") -> Response:
    """Add a section at the end."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        owner = catalog.product_by_slug(session, slug)
        catalog.add_section(session, owner.id, title=title, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


@router.post("/products/{slug}/sections/{section}/rename")
def rename_section(here: EdgeDep, slug: str, section: UUID, title: Text = "") -> Response:
    """Give a section another title."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        _section(here, session, slug, section)
        catalog.rename_section(session, section, title=title, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


@router.post("/products/{slug}/sections/{section}/move")
def move_section(here: EdgeDep, slug: str, section: UUID, by: Annotated[int, Form(ge=-1, le=1)] = 0) -> Response:
    """Move a section one place up or down."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        place, _ = _section(here, session, slug, section)
        target = max(0, place + by)
        catalog.move_section(session, section, to=target, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


@router.get("/products/{slug}/sections/{section}/remove")
def ask_remove_section(here: EdgeDep, slug: str, section: UUID) -> Response:
    """Ask whether an empty section shall go."""
    here.require(Permission.CATALOG_WRITE)
    with here.platform.database.reading() as session:
        product = catalog.product_by_slug(session, slug)
        _, found = _section(here, session, slug, section)
    action = f"/studio/products/{slug}/sections/{section}/remove"
    return render(here, ConfirmPage("section", found.title, product, action, f"/studio/products/{slug}#contents"))


@router.post("/products/{slug}/sections/{section}/remove")
def remove_section(here: EdgeDep, slug: str, section: UUID) -> Response:
    """Remove an empty section."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        _section(here, session, slug, section)
        catalog.remove_section(session, section, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


@router.post("/products/{slug}/lessons")
def add_lesson(here: EdgeDep, slug: str, section: Text = "", title: Text = "", kind: Text = "text") -> Response:
    """Add a lesson to a section (by default the last one) and open its editor."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> catalog.SavedLesson:
        home = _home(here, session, slug, section)
        command = catalog.AddLesson(home, title, kind)
        return catalog.add_lesson(session, command, viewer=here.viewer, clock=here.platform.clock)

    try:
        made = here.write(work)
    except (Invalid, Conflict) as error:
        errors = {f"lesson-{name}": sentence for name, sentence in errors_of(here, error).items()}
        typed = {"section": section, "title": title, "kind": kind}
        return show(here, slug, errors=errors, new_lesson=typed, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/products/{slug}/lessons/{made.slug}"), status_code=303)


@router.post("/products/{slug}/lessons/{lesson}/move")
def move_lesson(here: EdgeDep, slug: str, lesson: str, by: Annotated[int, Form(ge=-1, le=1)] = 0) -> Response:
    """Move a lesson one place up or down, over the edge of its section into the next one."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        found = _lesson(here, session, slug, lesson)
        if by:
            catalog.shift_lesson(session, found.id, by=by, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


@router.get("/products/{slug}/lessons/{lesson}/remove")
def ask_remove_lesson(here: EdgeDep, slug: str, lesson: str) -> Response:
    """Ask whether a lesson shall go."""
    here.require(Permission.CATALOG_WRITE)
    with here.platform.database.reading() as session:
        product = catalog.product_by_slug(session, slug)
        found = _lesson(here, session, slug, lesson)
    action = f"/studio/products/{slug}/lessons/{lesson}/remove"
    return render(here, ConfirmPage("lesson", found.title, product, action, f"/studio/products/{slug}#contents"))


@router.post("/products/{slug}/lessons/{lesson}/remove")
def remove_lesson(here: EdgeDep, slug: str, lesson: str) -> Response:
    """Take a lesson out of its product."""
    here.require(Permission.CATALOG_WRITE)

    def work(session: Session) -> None:
        found = _lesson(here, session, slug, lesson)
        catalog.remove_lesson(session, found.id, viewer=here.viewer, clock=here.platform.clock)

    return _done(here, slug, work)


def _done(here: Edge, slug: str, work: Callable[[Session], object]) -> Response:
    """Run `work` and go back to the contents; what is wrong is said above them."""
    try:
        here.write(work)
    except (Invalid, Conflict) as error:
        errors = {"contents": next(iter(errors_of(here, error).values()))}
        return show(here, slug, errors=errors, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/products/{slug}#contents"), status_code=303)


def _contents(here: Edge, session: Session, slug: str) -> catalog.Contents:
    return catalog.contents(session, here.viewer, catalog.product_by_slug(session, slug).id)


def _section(here: Edge, session: Session, slug: str, section: UUID) -> tuple[int, catalog.SectionLine]:
    """Return a section of this product and its place; `NotFound` for another product's."""
    for place, found in enumerate(_contents(here, session, slug).sections):
        if found.id == section:
            return place, found
    raise NotFound(say("There is no such section."))


def _lesson(here: Edge, session: Session, slug: str, lesson: str) -> catalog.LessonLine:
    """Return a lesson of this product; `NotFound` for another product's."""
    for found in _contents(here, session, slug).lessons:
        if found.slug == lesson:
            return found
    raise NotFound(say("There is no such lesson."))


def _home(here: Edge, session: Session, slug: str, section: str) -> UUID:
    """Return the section for a new lesson: the one named, else the last one, made when there is none."""
    whole = _contents(here, session, slug)
    if section:
        wanted = next((one.id for one in whole.sections if str(one.id) == section), None)
        if wanted is None:
            raise NotFound(say("There is no such section."))
        return wanted
    if whole.sections:
        return whole.sections[-1].id
    return catalog.add_section(session, whole.product_id, title="", viewer=here.viewer, clock=here.platform.clock)
