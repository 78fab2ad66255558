"""What the catalogue's tests share: a course with two sections, a picture, a staff viewer."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.infra.platform import Platform

T = TypeVar("T")
STAFF = Viewer(permissions=frozenset({Permission.CATALOG_READ, Permission.CATALOG_WRITE}))


def png(width: int = 600, height: int = 300, colour: str = "#c63") -> bytes:
    """Return a picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


@dataclass
class Shop:
    """A catalogue to act on."""

    platform: Platform
    viewer: Viewer = STAFF

    def write(self, use_case: Callable[..., T], command: object, **more: object) -> T:
        """Run a use case in a transaction of its own."""
        return self.platform.database.write(
            lambda session: use_case(session, command, viewer=self.viewer, clock=self.platform.clock, **more)
        )

    def read(self, work: Callable[[Session], T]) -> T:
        """Ask something."""
        return self.platform.database.read(work)

    def course(self, title: str = "Reading numbers", **more: object) -> catalog.ProductCard:
        """Make a draft course."""
        content = catalog.ProductContent(title=title, summary="About numbers.", **more)
        return self.write(catalog.create_product, catalog.CreateProduct("course", "en", content, topics=("data",)))

    def section(self, product_id: UUID) -> UUID:
        """Return the first section of a product."""
        return self.read(lambda session: catalog.contents(session, STAFF, product_id)).sections[0].id

    def lesson(self, product_id: UUID, title: str = "One", **more: object) -> catalog.SavedLesson:
        """Add a lesson to the first section."""
        section = self.section(product_id)
        return self.write(catalog.add_lesson, catalog.AddLesson(section, title, **{"body_md": "Hello.", **more}))

    def publish(self, product_id: UUID) -> catalog.ProductCard:
        """Publish now."""
        return self.write(catalog.publish_product, catalog.PublishProduct(product_id))

    def picture(
        self, product_id: UUID | None = None, data: bytes | None = None, name: str = "a.png"
    ) -> catalog.AssetView:
        """Store a picture."""
        upload = catalog.Upload(name, data or png(), product_id)
        return self.write(catalog.store_asset, upload, files=self.platform.files, limit_bytes=100_000_000)


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)
