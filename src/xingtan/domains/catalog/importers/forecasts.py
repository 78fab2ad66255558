"""What an import would change: its plan beside what is there already, for two queries per product."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.importers.plan import ImportPlan, PlannedLesson, PlannedProduct
from xingtan.domains.catalog.models import Lesson, Product
from xingtan.domains.catalog.views import LessonForecast, ProductForecast

_Known = Mapping[str, tuple[str | None, bool, str]]
"""From a lesson's source key to its source hash, whether it is in the product, and its title."""


def forecast(session: Session, viewer: Viewer, plan: ImportPlan) -> tuple[ProductForecast, ...]:
    """Return what applying `plan` would do to each product and lesson; needs `catalog.write`."""
    viewer.require(Permission.CATALOG_WRITE)
    return tuple(_product(session, planned) for planned in plan.products)


def _product(session: Session, planned: PlannedProduct) -> ProductForecast:
    row = session.scalar(select(Product).where(Product.source_key == planned.source_key))
    known = _known(session, row) if row is not None else {}
    lessons = [LessonForecast(one.title, one.kind, _what(one, known)) for one in planned.lessons]
    kept = {one.source_key for one in planned.lessons}
    gone = [title for key, (_, is_live, title) in known.items() if is_live and key not in kept]
    lessons += [LessonForecast(title, "", "removed") for title in gone]
    return ProductForecast(
        title=planned.title,
        kind=planned.kind,
        language=planned.language,
        sections=len(planned.sections),
        slug=row.slug if row is not None else None,
        is_changed=row is not None and row.source_hash != planned.source_hash,
        lessons=tuple(lessons),
    )


def _known(session: Session, product: Product) -> _Known:
    wanted = select(Lesson.source_key, Lesson.source_hash, Lesson.removed_at, Lesson.title)
    rows = session.execute(wanted.where(Lesson.product_id == product.id, Lesson.source_key.is_not(None)))
    return {str(key): (mark, removed_at is None, title) for key, mark, removed_at, title in rows}


def _what(planned: PlannedLesson, known: _Known) -> str:
    mark, is_live, _ = known.get(planned.source_key, (None, False, ""))
    if not is_live:
        return "added"
    return "unchanged" if mark == planned.source_hash else "changed"
