"""What is brought, opened as a tree: a folder in an archive is what is in the folder."""

import zipfile
from pathlib import Path

from xingtan.domains.catalog import api as catalog

COURSE = {
    "README.md": "# Tea\n\nAll about it.\n",
    "1-leaf/1-green.md": "# Green\n\nLeaf.\n",
    "2-pot/1-clay.md": "# Clay\n",
}


def packed(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def plan(path: Path) -> catalog.ImportPlan:
    return catalog.plan_import(catalog.open_source(path), catalog.ImportOptions(name="tea"))


def test_an_archive_of_one_folder_is_what_is_in_it(tmp_path: Path) -> None:
    flat = plan(packed(tmp_path / "flat.zip", COURSE))
    wrapped = plan(packed(tmp_path / "wrapped.zip", {f"tea-main/{name}": text for name, text in COURSE.items()}))
    assert wrapped == flat
    assert [section.title for section in wrapped.products[0].sections] == ["Leaf", "Pot"]


def test_a_product_of_ours_keeps_its_folders_name(tmp_path: Path) -> None:
    own = {"green-tea/product.yaml": "{kind: course, title: Green Tea}", "green-tea/01-leaf.md": "Leaf."}
    found = plan(packed(tmp_path / "own.zip", own)).products
    assert [one.source_key for one in found] == ["xingtan:green-tea"]


def test_a_single_text_is_no_folder(tmp_path: Path) -> None:
    found = plan(packed(tmp_path / "one.zip", {"leaf.md": "# Leaf\n\nWords."})).products
    assert [lesson.title for lesson in found[0].lessons] == ["Leaf"]
