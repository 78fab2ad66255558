"""Addresses in content: public pictures have lasting ones; other files come through the API, asked each time."""

from collections.abc import Callable, Mapping
from uuid import UUID

from xingtan.domains.catalog import api as catalog
from xingtan.web.learning.addresses import lesson_path, picture_url

ROOT = "/api/v1"


def in_place(
    html: str, *, assets: Mapping[UUID, catalog.AssetView], product_slug: str, file_url: Callable[[UUID], str]
) -> str:
    """Return stored HTML with its addresses in place; `file_url` says where a file is that is not a public picture."""

    def asset_url(asset_id: UUID, width: int | None) -> str:
        asset = assets.get(asset_id)
        if asset is None:
            return ""
        if asset.is_public and asset.variants:
            return picture_url(asset_id, width=_nearest(asset, width)) or ""
        return file_url(asset_id)

    return catalog.place(html, asset_url=asset_url, lesson_url=lambda slug: lesson_path(product_slug, slug))


def _nearest(asset: catalog.AssetView, width: int | None) -> int:
    widths = sorted(int(one) for one in asset.variants)
    return next((one for one in widths if one >= (width or widths[-1])), widths[-1])
