"""What the catalogue does in the background: keeping the search index true, publishing on time, importing."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.catalog.events import (
    ProductChanged,
    ProductIndexed,
    ProductPublished,
    ProductRetired,
)
from xingtan.domains.catalog.importers.running import IMPORT, run_import, tidy_sources
from xingtan.domains.catalog.indexing import index_product
from xingtan.domains.catalog.use_cases.publishing import publish_due
from xingtan.infra.jobs import Periodic
from xingtan.infra.outbox import emit
from xingtan.infra.platform import Platform

INDEX_PRODUCT = "catalog.index_product"
PUBLISH_DUE = "catalog.publish_due"
TIDY_IMPORTS = "catalog.tidy_imports"


def _index(session: Session, platform: Platform, args: Mapping[str, Any]) -> None:
    product_id = UUID(args["event"]["product_id"])
    index_product(session, product_id, index=platform.search)
    # what was found meanwhile, and kept for strangers, is old now
    emit(session, ProductIndexed(product_id), at=platform.clock.now())


def _publish_due(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    publish_due(session, clock=platform.clock)


def _tidy(platform: Platform, _args: Mapping[str, Any], _report: object) -> None:
    tidy_sources(platform.files, at=platform.clock.now())


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    INDEX_PRODUCT: _index,
    PUBLISH_DUE: _publish_due,
}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {IMPORT: run_import, TIDY_IMPORTS: _tidy}
"""Jobs that manage their own transactions."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic(PUBLISH_DUE, timedelta(minutes=1)),
    Periodic(TIDY_IMPORTS, timedelta(days=1)),
)

HANDLERS: Mapping[str, tuple[str, ...]] = {
    event.kind: (INDEX_PRODUCT,) for event in (ProductPublished, ProductRetired, ProductChanged)
}
"""A lesson's own news comes with one of these, in the same commit; hearing both would index everything twice."""
