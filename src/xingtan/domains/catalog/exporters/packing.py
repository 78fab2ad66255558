"""What a caller asks of export: a product at an address, as an archive or a book."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from xingtan.core.errors import Conflict, say
from xingtan.core.viewer import Viewer
from xingtan.domains.catalog.exporters.epub import write_epub
from xingtan.domains.catalog.exporters.folder import folder_files, write_folder
from xingtan.domains.catalog.exporters.reading import whole_product
from xingtan.infra.platform import Platform


def export_folder(
    platform: Platform, slug: str, out: IO[bytes], *, viewer: Viewer, price: Mapping[str, Any] | None = None
) -> None:
    """Write the product as a ZIP archive of a Markdown folder in our own format; needs `catalog.write`."""
    product = platform.database.read(lambda session: whole_product(session, viewer, slug))
    write_folder(product, out, files=platform.files, price=price)


def export_into(
    platform: Platform, slug: str, folder: Path, *, viewer: Viewer, price: Mapping[str, Any] | None = None
) -> None:
    """Write the product's folder into `folder`, which is made and must be empty (`Conflict`); needs `catalog.write`."""
    product = platform.database.read(lambda session: whole_product(session, viewer, slug))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(say("This folder is not empty."))
    for path, pieces in folder_files(product, files=platform.files, price=price):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            out.writelines(pieces)


def export_epub(platform: Platform, slug: str, out: IO[bytes], *, viewer: Viewer) -> None:
    """Write the product as EPUB 3; needs `catalog.write`."""
    product = platform.database.read(lambda session: whole_product(session, viewer, slug))
    write_epub(product, out, files=platform.files, clock=platform.clock)
