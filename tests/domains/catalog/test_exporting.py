"""Exports: a folder that comes back as the same product elsewhere, and a book that any reader opens."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.domains.catalog.conftest import STAFF, Shop, png
from tests.domains.catalog.sources import OWN, take, told
from xingtan.core.errors import Conflict, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"


@pytest.fixture
def elsewhere(tmp_path: Path, shop: Shop) -> Iterator[Shop]:
    """Another academy."""
    platform = open_platform(Settings(home=tmp_path / "elsewhere", argon2_fast=True), clock=shop.platform.clock)
    yield Shop(platform)
    platform.close()


def carry(shop: Shop, elsewhere: Shop, slug: str, folder: Path) -> catalog.ImportReport:
    path = folder / f"{slug}.zip"
    with path.open("wb") as out:
        catalog.export_folder(shop.platform, slug, out, viewer=SYSTEM)
    with catalog.open_source(path) as tree:
        plan = catalog.plan_import(tree, catalog.ImportOptions("carried"))
        return catalog.apply_plan(elsewhere.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=100_000_000)


def test_an_exported_folder_is_the_same_product_elsewhere(shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
    take(shop, OWN)
    for slug in ("other", "small", "both"):
        report = carry(shop, elsewhere, slug, tmp_path)
        assert [problem.what for problem in report.problems] == (["gone.md"] if slug == "small" else [])
    assert told(elsewhere) == told(shop)


def test_what_was_made_in_the_studio_goes_out_and_comes_back(shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
    live = catalog.Live(shop.platform.clock.now(), 75, "https://meet.example.org/x", "replay")
    content = catalog.ProductContent(title="“Clinic”: ask, & learn", live=live, audience=("a: b",), summary="多\t行")
    product = shop.write(catalog.create_product, catalog.CreateProduct("live", "zh", content, topics=("茶",)))
    one = shop.picture(product.id, name="p.png")
    two = shop.picture(product.id, data=png(90, 90), name="p.png")
    body = f"![x](asset:{one.id}) ![y](asset:{two.id}) `![z](asset:x)` [b](lesson:b#c-d)\n\n    [b](lesson:b)"
    shop.lesson(product.id, "A", body_md=body)
    shop.lesson(product.id, "B", body_md="## c d\n\n---\n\ntitle: x", released_after_days=3, minutes=17)
    shop.publish(product.id)
    carry(shop, elsewhere, product.slug, tmp_path)
    assert told(elsewhere) == told(shop)


def test_a_draft_lesson_of_a_published_product_stays_home(shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
    product = shop.course()
    shop.lesson(product.id, "Out")
    shop.publish(product.id)
    shop.lesson(product.id, "Not yet")
    carry(shop, elsewhere, product.slug, tmp_path)
    assert [each[2] for each in told(elsewhere)[product.slug]["lessons"]] == ["Out"]


def test_a_folder_holds_what_the_archive_holds(shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
    take(shop, OWN)
    for slug in ("other", "small", "both"):
        catalog.export_into(shop.platform, slug, tmp_path / "out" / slug, viewer=SYSTEM)
    with pytest.raises(Conflict):
        catalog.export_into(shop.platform, "small", tmp_path / "out" / "small", viewer=SYSTEM)
    tree = catalog.open_source(tmp_path / "out")
    plan = catalog.plan_import(tree, catalog.ImportOptions("out"))
    catalog.apply_plan(elsewhere.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=100_000_000)
    assert told(elsewhere) == told(shop)


def test_the_same_product_is_the_same_archive(shop: Shop) -> None:
    take(shop, OWN)
    packed = []
    for _ in range(2):
        out = io.BytesIO()
        catalog.export_folder(shop.platform, "small", out, viewer=SYSTEM)
        packed.append(out.getvalue())
    assert packed[0] == packed[1]


@pytest.mark.parametrize("export", [catalog.export_folder, catalog.export_epub])
def test_only_who_may_write_exports(shop: Shop, export: object) -> None:
    take(shop, OWN)
    with pytest.raises(NotAllowed):
        export(shop.platform, "small", io.BytesIO(), viewer=STRANGER)
    with pytest.raises(NotFound):
        export(shop.platform, "nothing", io.BytesIO(), viewer=STAFF)


def exported(shop: Shop, slug: str) -> zipfile.ZipFile:
    out = io.BytesIO()
    catalog.export_epub(shop.platform, slug, out, viewer=SYSTEM)
    return zipfile.ZipFile(out)


def test_a_book_is_what_the_standard_says(shop: Shop) -> None:
    take(shop, OWN)
    book = exported(shop, "small")
    first = book.infolist()[0]
    assert (first.filename, first.compress_type, book.read(first)) == ("mimetype", 0, b"application/epub+zip")
    container = etree.fromstring(book.read("META-INF/container.xml"))
    assert container.xpath("//*/@full-path") == ["OEBPS/content.opf"]
    package = etree.fromstring(book.read("OEBPS/content.opf"))
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    in_archive = {name for name in book.namelist() if name.startswith("OEBPS/")} - {"OEBPS/content.opf"}
    assert {f"OEBPS/{item.get('href')}" for item in items.values()} == in_archive
    spine = [ref.get("idref") for ref in package.iter(f"{OPF}itemref")]
    assert spine == ["cover", "text-1", "text-2", "text-3", "answers"]
    assert [item.get("properties") for item in items.values()].count("nav") == 1
    assert [item.get("properties") for item in items.values()].count("cover-image") == 1
    assert items["text-2"].get("properties") == "mathml"
    words = {etree.QName(element).localname: element.text for element in package.find(f"{OPF}metadata")}
    assert (words["title"], words["language"], words["creator"]) == ("A Small Course", "en", "Lin Xing")
    assert words["meta"] == "2026-03-01T08:00:00Z"
    ids = set()
    for item in items.values():
        if item.get("media-type") == "application/xhtml+xml":
            ids |= check_page(book, f"OEBPS/{item.get('href')}")
    navigation = etree.fromstring(book.read("OEBPS/nav.xhtml"))
    assert [link.text for link in navigation.iter(f"{XHTML}a")] == ["Hello", "More", "Quiz", "Answers"]
    assert [each.text for each in navigation.iter(f"{XHTML}span")] == ["Part one: beginnings", "Part two"]
    answers = book.read("OEBPS/text/answers.xhtml").decode()
    assert "Count." in answers
    assert "is_right" not in answers


def check_page(book: zipfile.ZipFile, path: str) -> set[str]:
    """Check that a page is well-formed, and that all it names is there."""
    page = etree.fromstring(book.read(path))
    assert page.tag == f"{XHTML}html"
    assert not list(page.iter(f"{XHTML}script"))
    for name in ("src", "href"):
        for address in page.xpath(f"//@{name}"):
            if not address.startswith(("http:", "https:", "#")):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), address.partition("#")[0]))
                assert target in book.namelist(), (path, address)
    found = page.xpath("//@id")
    assert len(found) == len(set(found))
    return set(found)


def test_a_book_keeps_formulas_pictures_and_says_what_it_cannot_hold(shop: Shop) -> None:
    take(shop, OWN)
    book = exported(shop, "small")
    more = etree.fromstring(book.read("OEBPS/text/002.xhtml"))
    assert [element.tag for element in more.iter("{http://www.w3.org/1998/Math/MathML}msup")]
    assert "This lesson has a file" in "".join(more.itertext())
    hello = etree.fromstring(book.read("OEBPS/text/001.xhtml"))
    (pot,) = hello.iter(f"{XHTML}img")
    assert book.read(posixpath.normpath(f"OEBPS/text/{pot.get('src')}")) == OWN["small/media/pot.png"]
    assert "002.xhtml#c-why" in [link.get("href") for link in hello.iter(f"{XHTML}a")]


def test_a_book_comes_back_through_our_own_reader(shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
    take(shop, OWN)
    path = tmp_path / "small.epub"
    with path.open("wb") as out:
        catalog.export_epub(shop.platform, "small", out, viewer=SYSTEM)
    with catalog.open_source(path) as tree:
        plan = catalog.plan_import(tree, catalog.ImportOptions("small"))
    (product,) = plan.products
    assert (product.title, product.author, product.cover is not None) == ("A Small Course", "Lin Xing", True)
    assert [lesson.title for lesson in product.lessons] == ["Hello", "More", "Quiz", "Answers"]
    hello, more = product.lessons[:2]
    assert hello.body_md.startswith("See ![a pot](file:OEBPS/images/00")
    assert "[next](lesson:more#c-why)" in hello.body_md
    assert "```md\n![not](media/pot.png)\n```" in hello.body_md
    assert "<msup>" in more.body_md


@pytest.mark.parametrize(
    "body", ["&#x1; \x0b &nbsp; &bogus; <b>open", "<p><div><li>x", "$\\frac{$ ]]> <!-- -- -->", "| a |\n|-:|\n| b |"]
)
def test_any_body_makes_a_well_formed_page(shop: Shop, body: str) -> None:
    product = shop.course('Tags & <b> "quotes"')
    shop.lesson(product.id, "<i>&amp;", body_md=body)
    shop.publish(product.id)
    book = exported(shop, product.slug)
    pages = [name for name in book.namelist() if name.endswith((".xhtml", ".opf", ".xml"))]
    assert any(name.endswith(".opf") for name in pages)
    assert all(etree.fromstring(book.read(name)) is not None for name in pages)
