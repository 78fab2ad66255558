"""What a caller asks of export: a product at an address, as an archive or a book."""

from collections.abc import Mapping
from typing import IO, Any

from xingtan.core.viewer import Viewer
from xingtan.domains.catalog.exporters.epub import write_epub
from xingtan.domains.catalog.exporters.folder import write_folder
from xingtan.domains.catalog.exporters.reading import whole_product
from xingtan.infra.platform import Platform


def export_folder(
    platform: Platform, slug: str, out: IO[bytes], *, viewer: Viewer, price: Mapping[str, Any] | None = None
) -> None:
    """Write the product as a ZIP archive of a Markdown folder in our own format; needs `catalog.write`."""
    product = platform.database.read(lambda session: whole_product(session, viewer, slug))
    write_folder(product, out, files=platform.files, price=price)


def export_epub(platform: Platform, slug: str, out: IO[bytes], *, viewer: Viewer) -> None:
    """Write the product as EPUB 3; needs `catalog.write`."""
    product = platform.database.read(lambda session: whole_product(session, viewer, slug))
    write_epub(product, out, files=platform.files, clock=platform.clock)
