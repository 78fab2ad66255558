"""Storing files: looked at before they are believed, stored once by their content.

The bytes go to the file store before the transaction that names them (`prepare_asset`): a roll-back leaves bytes that
nobody names, never a name without bytes.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, say
from xingtan.domains.catalog.models import Asset
from xingtan.domains.catalog.queries.assets import asset_view
from xingtan.domains.catalog.rules.checks import tidy
from xingtan.domains.catalog.views import AssetView
from xingtan.infra.db import new_id
from xingtan.infra.files import FileStore


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
