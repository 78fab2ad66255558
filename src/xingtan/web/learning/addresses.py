"""Addresses of files: for everyone and for ever, or signed for one reader and a few hours."""

from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from xingtan.core.ids import public_id
from xingtan.infra.platform import Platform

LIFE = timedelta(hours=6)
FEED_LIFE = timedelta(days=7)
PUBLIC = "public"
_GRID_S = 3600


class Named(Protocol):
    """A file's id and name."""

    @property
    def id(self) -> UUID:
        """Return the file's id."""

    @property
    def name(self) -> str:
        """Return the name under which it is offered."""


def media_url(platform: Platform, file: Named, *, audience: str) -> str:
    """Return an address of `file` that opens for `audience` alone (a person's id, or `PUBLIC`), five to six hours long.

    The end falls on a full hour, so that the address stays the same for an hour and a browser can keep the file.
    """
    return _signed(platform, file, audience, _on_the_hour(platform.clock.now()) + LIFE)


def feed_media_url(platform: Platform, file: Named, *, audience: str, token: str) -> str:
    """Return an address of `file` for the feed with the secret `token`, a week long; it ends sooner with the feed."""
    expires_at = _on_the_hour(platform.clock.now()) + FEED_LIFE
    return f"{_signed(platform, file, audience, expires_at)}?feed={quote(token, safe='')}"


def _signed(platform: Platform, file: Named, audience: str, expires_at: datetime) -> str:
    token = platform.media.sign(file.id, audience, expires_at=expires_at)
    return f"/media/{token}/{quote(file.name or 'file', safe='')}"


def _on_the_hour(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % _GRID_S)


def picture_url(asset_id: UUID | None, *, width: int = 800) -> str | None:
    """Return the lasting address of a public picture, `width` pixels wide; None for no picture."""
    return None if asset_id is None else f"/assets/{public_id('asset', asset_id)}/{width}.webp"


def product_path(slug: str) -> str:
    """Return the path of a product's page in the storefront."""
    return f"/works/{slug}"


def lesson_path(product_slug: str, lesson_slug: str) -> str:
    """Return the path of a lesson in the reading room."""
    return f"/learn/{product_slug}/{lesson_slug}"


def feed_path(slug: str) -> str:
    """Return the path of the page with a member's own feed address."""
    return f"/works/{slug}/feed"
