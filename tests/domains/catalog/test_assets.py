"""Files are looked at before they are kept; pictures get smaller copies; what is public is so for a reason."""

import pytest

from tests.domains.catalog.conftest import Shop, png
from xingtan.core.errors import Invalid, NotFound
from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog

LIMIT = 1_000_000


def store(shop: Shop, name: str, data: bytes, **more: object) -> catalog.AssetView:
    return shop.write(
        catalog.store_asset, catalog.Upload(name, data, **more), files=shop.platform.files, limit_bytes=LIMIT
    )


def test_a_picture_is_kept_with_smaller_copies(shop: Shop) -> None:
    kept = store(shop, "C:\\my pictures\\pot.png", png(1000, 500))
    assert (kept.name, kept.media_type, kept.width, kept.height) == ("pot.png", "image/png", 1000, 500)
    assert sorted(map(int, kept.variants)) == [480, 960, 1000]
    assert shop.platform.files.read_bytes(kept.key) == png(1000, 500)
    assert all(shop.platform.files.read_bytes(key)[8:12] == b"WEBP" for key in kept.variants.values())
    assert shop.read(lambda s: catalog.asset(s, kept.id)) == kept


def test_the_same_file_of_the_same_product_is_named_once(shop: Shop) -> None:
    product = shop.course()
    one, two = (store(shop, name, png(), product_id=product.id) for name in ("a.png", "b.png"))
    assert one.id == two.id
    assert store(shop, "a.png", png()).id != one.id


def test_a_picture_with_a_wrong_name_is_known_by_its_bytes(shop: Shop) -> None:
    assert store(shop, "photo.jpg", png()).media_type == "image/png"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cover.png", b"<html><script>alert(1)</script>"),
        ("cover.png", b"\x89PNG\r\n\x1a\n" + b"rubbish" * 20),
        ("cover.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("notes.pdf", b"<html>"),
        ("run.exe", b"MZ\x90\x00"),
        ("empty.txt", b""),
        ("film.mp4", png()[:4] + b"not a film"),
    ],
)
def test_what_is_not_what_it_says_is_refused(shop: Shop, name: str, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        store(shop, name, data)
    assert list(refused.value.fields) == ["file"]


def test_too_large_a_file_is_refused(shop: Shop) -> None:
    with pytest.raises(catalog.TooLarge, match="at most 1 MB"):
        store(shop, "big.txt", b"x" * (LIMIT + 1))


def test_what_stands_on_a_free_page_is_public_and_what_is_sold_is_not(shop: Shop) -> None:
    product = shop.course()
    cover, free, paid = (
        store(shop, f"{colour}.png", png(colour=f"#{colour}"), product_id=product.id)
        for colour in ("111", "222", "333")
    )
    shop.lesson(product.id, "Free", body_md=f"![x](asset:{free.id})", is_preview=True)
    paid_lesson = shop.lesson(product.id, "Paid", body_md=f"![x](asset:{paid.id})")
    content = catalog.ProductContent(title="Reading numbers", cover_asset_id=cover.id)
    shop.write(catalog.save_product, catalog.SaveProduct(product.id, content))
    shop.publish(product.id)

    def public() -> list[bool]:
        found = shop.read(lambda s: catalog.find_assets(s, [cover.id, free.id, paid.id]))
        return [found[each.id].is_public for each in (cover, free, paid)]

    assert public() == [True, True, False]
    command = catalog.SaveLesson(paid_lesson.lesson_id, "Paid", f"![x](asset:{paid.id})", is_preview=True)
    shop.write(catalog.save_lesson, command)
    assert public() == [True, True, True]


def test_a_lesson_shows_its_pictures_by_id(shop: Shop) -> None:
    product = shop.course()
    kept = store(shop, "a.png", png(1000, 500), product_id=product.id)
    lesson = shop.lesson(product.id, body_md=f"![pot](asset:{kept.id})\n\n![gone](asset:{product.id})", is_preview=True)
    shop.publish(product.id)
    page = shop.read(lambda s: catalog.lesson_page(s, STRANGER, product_slug=product.slug, lesson_slug=lesson.slug))
    assert f'src="asset:{kept.id}" srcset="asset:{kept.id}@480 480w' in page.html
    assert 'class="missing-image"' in page.html


def test_a_file_that_is_not_there_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.read(lambda s: catalog.asset(s, shop.course().id))
    with pytest.raises(Invalid):
        shop.lesson(shop.course().id, media_asset_id=shop.course().id)
