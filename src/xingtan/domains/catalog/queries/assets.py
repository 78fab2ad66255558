"""Files of the catalogue, by id."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.domains.catalog.models import Asset
from xingtan.domains.catalog.views import AssetView


def asset(session: Session, asset_id: UUID) -> AssetView:
    """Return the file; `NotFound` when there is none. Who may fetch its bytes is for the caller to decide."""
    row = session.get(Asset, asset_id)
    if row is None:
        raise NotFound(say("There is no such file."))
    return asset_view(row)


def find_assets(session: Session, ids: Iterable[UUID]) -> dict[UUID, AssetView]:
    """Return those of the files that exist, for one query."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {row.id: asset_view(row) for row in session.scalars(select(Asset).where(Asset.id.in_(wanted)))}


def asset_of(session: Session, product_id: UUID, data: bytes) -> AssetView | None:
    """Return the product's file with exactly these bytes, if it is stored already."""
    wanted = select(Asset).where(Asset.sha256 == sha256(data).hexdigest(), Asset.product_id == product_id)
    row = session.scalars(wanted.order_by(Asset.id)).first()
    return asset_view(row) if row else None


def asset_view(row: Asset) -> AssetView:
    """Return the frozen view of a file's row."""
    return AssetView(
        row.id, row.key, row.sha256, row.size, row.media_type, row.name, row.is_public, row.product_id, row.width,
        row.height, row.variants,
    )  # fmt: skip
