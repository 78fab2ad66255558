"""Publishing, at once or later; taking off sale; going back to an older version."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import errors_of, instant, room, zone_of
from xingtan.web.catalog.pages import ConfirmPage
from xingtan.web.catalog.products import show
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = room()
Text = Annotated[str, Form()]


@router.post("/products/{slug}/publish")
def publish(here: EdgeDep, slug: str) -> Response:
    """Show the newest version, and every lesson that was never out, to all."""
    return _act(
        here, slug, "published",
        lambda session, card: catalog.publish_product(
            session, catalog.PublishProduct(card.id), viewer=here.viewer, clock=here.platform.clock
        ),
    )  # fmt: skip


@router.post("/products/{slug}/schedule")
def schedule(here: EdgeDep, slug: str, publish_at: Text = "") -> Response:
    """Publish at an instant, written in the academy's own time."""
    faults: dict[str, Sentence] = {}
    at = instant(publish_at, "publish_at", faults, zone=zone_of(here))

    def act(session: Session, card: catalog.ProductCard) -> None:
        if at is None:
            raise Invalid(faults or {"publish_at": say("Choose a day and a time.")})
        command = catalog.ScheduleProduct(card.id, at)
        catalog.schedule_product(session, command, viewer=here.viewer, clock=here.platform.clock)

    return _act(here, slug, "scheduled", act, publish_at=publish_at)


@router.post("/products/{slug}/unschedule")
def unschedule(here: EdgeDep, slug: str) -> Response:
    """Make a scheduled product a draft again."""
    return _act(
        here, slug, "unscheduled",
        lambda session, card: catalog.unschedule_product(
            session, card.id, viewer=here.viewer, clock=here.platform.clock
        ),
    )  # fmt: skip


@router.get("/products/{slug}/retire")
def ask_retire(here: EdgeDep, slug: str) -> Response:
    """Say what taking off sale means, and ask."""
    here.require(Permission.CATALOG_WRITE)
    card = here.read(lambda session: catalog.product_by_slug(session, slug))
    action, back = f"/studio/products/{slug}/retire", f"/studio/products/{slug}"
    return render(here, ConfirmPage("retire", card.title, card, action, back))


@router.post("/products/{slug}/retire")
def retire(here: EdgeDep, slug: str) -> Response:
    """Stop offering a product; who has it keeps it."""
    return _act(
        here, slug, "retired",
        lambda session, card: catalog.retire_product(session, card.id, viewer=here.viewer, clock=here.platform.clock),
    )  # fmt: skip


@router.post("/products/{slug}/versions/{number}/restore")
def restore(here: EdgeDep, slug: str, number: int) -> Response:
    """Save what an older version of this product says as its newest version."""
    return _act(
        here, slug, "restored",
        lambda session, card: catalog.restore_product_version(
            session, catalog.RestoreProductVersion(card.id, number), viewer=here.viewer, clock=here.platform.clock
        ),
    )  # fmt: skip


def _act(
    here: Edge,
    slug: str,
    said: str,
    act: Callable[[Session, catalog.ProductCard], object],
    *,
    publish_at: str = "",
) -> Response:
    """Do something to a product and go back to its page, which says so; a refusal is said there too."""
    here.require(Permission.CATALOG_WRITE)
    try:
        here.write(lambda session: act(session, catalog.product_by_slug(session, slug)))
    except (Invalid, Conflict) as error:
        return show(here, slug, errors=errors_of(here, error), publish_at=publish_at, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/products/{slug}?said={said}"), status_code=303)
