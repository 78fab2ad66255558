"""Files on their way in, and pictures of drafts on their way to those who edit them.

A file is read once; it is looked at and stored before the transaction that names it begins.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from fastapi import File, UploadFile
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile as FormFile
from starlette.responses import JSONResponse, Response

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import room
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.serving import serve, serve_key

router = room()

_KEPT_BY_ITS_READER = "private, max-age=86400, immutable"
_WEBP, _ORIGINAL = ".webp", "original"
_NOT_IN_A_LABEL = re.compile(r"[\[\]\\\r\n]")


@router.post("/assets")
def upload_asset(here: EdgeDep, file: Annotated[UploadFile, File()], product: str = "") -> Response:
    """Store a picture, recording or other file for the product with the slug `product`; say how to write it down."""
    here.require(Permission.CATALOG_WRITE)
    owner = here.read(lambda session: catalog.product_by_slug(session, product)).id if product else None
    kept = keep(here, file, product_id=owner)
    public = public_id("asset", kept.id)
    return JSONResponse(
        {
            "id": public,
            "name": kept.name,
            "size": kept.size,
            "media_type": kept.media_type,
            "markdown": markdown_of(kept),
            "url": here.url(original_path(kept.id)),
        },
        status_code=201,
        headers={"Cache-Control": "no-store"},
    )


def keep(here: Edge, file: FormFile, *, product_id: UUID | None) -> catalog.AssetView:
    """Store an uploaded file and return it. `TooLarge` or `Invalid` (field ``file``) for what is not taken."""
    platform = here.platform
    limit_bytes = platform.settings.upload_limit_mb * 10**6
    if file.size is not None and file.size > limit_bytes:
        raise catalog.TooLarge(
            say("This file is too large: at most %(limit)s MB, please.", limit=platform.settings.upload_limit_mb)
        )
    upload = catalog.Upload(file.filename or "file", file.file.read(), product_id)
    prepared = catalog.prepare_asset(upload, files=platform.files, limit_bytes=limit_bytes)
    return here.write(
        lambda session: catalog.keep_asset(
            session, prepared, product_id=product_id, is_public=False, clock=platform.clock
        )
    )


def keep_as(here: Edge, file: FormFile, field: str, *, product_id: UUID) -> catalog.AssetView:
    """Store an uploaded file as `keep` does; what is wrong with it is said at `field`."""
    try:
        return keep(here, file, product_id=product_id)
    except Invalid as error:
        raise Invalid({field: error.fields.get("file") or error.sentence}) from error


def markdown_of(asset: catalog.AssetView) -> str:
    """Return the Markdown that shows a picture or leads to a file."""
    words = _NOT_IN_A_LABEL.sub(" ", PurePosixPath(asset.name).stem if asset.is_image else asset.name)
    label = " ".join(words.split())
    if asset.is_image:
        return f"![{'' if label.lower() in {'image', 'file'} else label}](asset:{asset.id})"
    return f"[{label}](asset:{asset.id})"


def cover_path(asset_id: UUID | None) -> str:
    """Return the path of a small picture for staff; empty for none."""
    return f"/studio/assets/{public_id('asset', asset_id)}/480.webp" if asset_id else ""


def original_path(asset_id: UUID) -> str:
    """Return the path of a file for staff, as it was uploaded."""
    return f"/studio/assets/{public_id('asset', asset_id)}/{_ORIGINAL}"


@router.get("/assets/{asset}/{file}")
def staff_file(here: EdgeDep, asset: str, file: str) -> Response:
    """A file of the catalogue for those who edit it: ``480.webp`` for a picture at most that wide, or the original."""
    here.require(Permission.CATALOG_READ)
    found = here.read(lambda session: catalog.asset(session, private_id("asset", asset)))
    files = here.platform.files
    if file == _ORIGINAL:
        return serve(here.request, files, found, cache_control=_KEPT_BY_ITS_READER)
    key = _variant(found, file)
    return serve_key(
        here.request, files, key, size=files.size(key), etag=f'"{found.sha256[:32]}-{file}"',
        media_type="image/webp", name=file, cache_control=_KEPT_BY_ITS_READER,
    )  # fmt: skip


def _variant(found: catalog.AssetView, file: str) -> str:
    """Return the key of the widest copy that is not wider than asked, or of the narrowest one."""
    asked = file.removesuffix(_WEBP)
    if not file.endswith(_WEBP) or not asked.isdecimal() or len(asked) > 5 or not found.variants:  # noqa: PLR2004 - digits
        raise NotFound(say("There is no such file."))
    widths = sorted(map(int, found.variants))
    chosen = max((width for width in widths if width <= int(asked)), default=widths[0])
    return found.variants[str(chosen)]


def placed(here: Edge, html: str, *, product_slug: str) -> str:
    """Return safe HTML with its pictures, files and lessons where staff reach them."""

    def asset_url(asset_id: UUID, width: int | None) -> str:
        public = public_id("asset", asset_id)
        return here.url(f"/studio/assets/{public}/{f'{width}{_WEBP}' if width else _ORIGINAL}")

    return catalog.place(
        html,
        asset_url=asset_url,
        lesson_url=lambda slug: here.url(f"/studio/products/{product_slug}/lessons/{slug}"),
    )


def rendered(here: Edge, session: Session, markdown: str, *, product: catalog.ProductCard) -> str:
    """Return Markdown as safe HTML that staff can look at. `Invalid` when it is too long."""
    html = catalog.render_with_assets(session, markdown, language=product.language).html
    return placed(here, html, product_slug=product.slug)
