"""Storing files: looked at before they are believed, stored once by their content.

The bytes go to the file store before the transaction that names them (`prepare_asset`): a roll-back leaves bytes that
nobody names, never a name without bytes.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.errors import check_size
from xingtan.domains.catalog.models import Asset
from xingtan.domains.catalog.queries.assets import asset_view
from xingtan.domains.catalog.rules.checks import tidy
from xingtan.domains.catalog.views import AssetView
from xingtan.infra.db import new_id
from xingtan.infra.files import FileStore
from xingtan.infra.images import make_variants, read_image
from xingtan.infra.sniff import HEAD_BYTES, sniff

_LONGEST_NAME = 200
_PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|....ftypavi[fs]", re.DOTALL)
_PICTURE_NAMES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".bmp", ".tif", ".tiff", ".heic", ".ico"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name, its bytes, whose it is, and whether anyone may see it."""

    name: str
    data: bytes
    product_id: UUID | None = None
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class PreparedAsset:
    """A file whose bytes are in the store already, with what was found out about it."""

    upload_name: str
    key: str
    sha256: str
    size: int
    media_type: str
    width: int | None = None
    height: int | None = None
    variants: dict[str, str] = field(default_factory=dict)


def prepare_asset(upload: Upload, *, files: FileStore, limit_bytes: int) -> PreparedAsset:
    """Look at a file and put its bytes, and smaller copies of a picture, into the store.

    `TooLarge` beyond `limit_bytes`; `Invalid` for an empty file, a damaged picture, or a kind that is not taken.
    Pictures are known by their bytes alone: many are called .jpg and are something else.
    """
    check_size(len(upload.data), limit_bytes=limit_bytes)
    if not upload.data:
        raise Invalid.of("file", say("This file is empty."))
    name = _file_name(upload.name)
    if _PICTURE.match(upload.data) or PurePosixPath(name.lower()).suffix in _PICTURE_NAMES:
        return _picture(name, upload.data, files=files)
    media_type = sniff(upload.data[:HEAD_BYTES], name)
    stored = files.put_content(upload.data, PurePosixPath(name).suffix.lower())
    return PreparedAsset(name, stored.key, stored.sha256, stored.size, media_type)


def _picture(name: str, data: bytes, *, files: FileStore) -> PreparedAsset:
    """Keep the original for export, and WebP copies without hidden data for pages."""
    info = read_image(data)
    variants = {str(width): files.put_content(copy, ".webp").key for width, copy in make_variants(data).items()}
    stored = files.put_content(data, f".{info.media_type.removeprefix('image/')}")
    return PreparedAsset(
        name, stored.key, stored.sha256, stored.size, info.media_type, info.width, info.height, variants
    )


def _file_name(name: str) -> str:
    bare = tidy(name.replace("\\", "/").rsplit("/", 1)[-1])
    return bare[-_LONGEST_NAME:] or "file"


def keep_asset(
    session: Session, prepared: PreparedAsset, *, product_id: UUID | None, is_public: bool, clock: Clock
) -> AssetView:
    """Name a prepared file in the database and return it; the same file of the same product is named once."""
    owner = Asset.product_id == product_id if product_id else Asset.product_id.is_(None)
    row = session.scalars(select(Asset).where(Asset.sha256 == prepared.sha256, owner).order_by(Asset.id)).first()
    if row is None:
        row = Asset(
            id=new_id(), key=prepared.key, sha256=prepared.sha256, size=prepared.size,
            media_type=prepared.media_type, name=prepared.upload_name, is_public=is_public, product_id=product_id,
            width=prepared.width, height=prepared.height, variants=dict(prepared.variants), created_at=clock.now(),
        )  # fmt: skip
        session.add(row)
    row.is_public = row.is_public or is_public
    session.flush()
    return asset_view(row)


def store_asset(
    session: Session, upload: Upload, *, viewer: Viewer, files: FileStore, clock: Clock, limit_bytes: int
) -> AssetView:
    """Store a file and return it: `prepare_asset` and `keep_asset` in one, where the caller writes anyway."""
    viewer.require(Permission.CATALOG_WRITE)
    prepared = prepare_asset(upload, files=files, limit_bytes=limit_bytes)
    return keep_asset(session, prepared, product_id=upload.product_id, is_public=upload.is_public, clock=clock)
