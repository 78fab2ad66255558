"""The live preview: Markdown in, safe HTML out."""

from starlette.responses import JSONResponse, Response

from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import Typed, room, text
from xingtan.web.catalog.uploads import rendered
from xingtan.web.edge import EdgeDep

router = room()


@router.post("/preview")
def preview(here: EdgeDep, typed: Typed) -> Response:
    """Return ``{"html": …}`` of the field `markdown`, as readers of the product with the slug `product` will see it."""
    here.require(Permission.CATALOG_WRITE)
    with here.platform.database.reading() as session:
        product = catalog.product_by_slug(session, text(typed, "product"))
        html = rendered(here, session, text(typed, "markdown"), product=product)
    return JSONResponse({"html": html}, headers={"Cache-Control": "no-store"})
