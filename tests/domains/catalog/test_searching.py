"""What is published is found, in both languages; what is paid for is found by those who have it."""

import pytest

from tests.domains.catalog.conftest import Shop
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.infra.outbox import fan_out

SECRET = "The sensor hides in the pomegranate."


@pytest.fixture
def course(shop: Shop) -> catalog.ProductCard:
    product = shop.course("Sensors for beginners")
    shop.lesson(product.id, "What a sensor is", body_md="Sensors measure kettles.", is_preview=True)
    shop.lesson(product.id, "Where to put it", body_md=SECRET)
    shop.publish(product.id)
    index(shop, product)
    return product


def index(shop: Shop, product: catalog.ProductCard) -> None:
    shop.platform.database.write(lambda s: catalog.index_product(s, product.id, index=shop.platform.search))


def find(shop: Shop, query: str, **more: object) -> catalog.SearchPage:
    viewer = more.pop("viewer", STRANGER)
    return shop.read(lambda s: catalog.search(s, viewer, query, index=shop.platform.search, **more))


def test_a_stranger_finds_the_product_and_its_free_lesson(shop: Shop, course: catalog.ProductCard) -> None:
    page = find(shop, "sensor")
    assert {(hit.product.id, hit.lesson_slug) for hit in page.hits} == {
        (course.id, None),
        (course.id, "what-a-sensor-is"),
    }
    assert page.total == 2


def test_no_word_of_a_paid_lesson_is_found_or_shown(shop: Shop, course: catalog.ProductCard) -> None:
    assert find(shop, "pomegranate").total == 0
    assert SECRET not in repr(find(shop, "sensor"))
    assert [hit.lesson_slug for hit in find(shop, "pomegranate", open_products=[course.id]).hits] == ["where-to-put-it"]
    assert find(shop, "pomegranate", viewer=SYSTEM).total == 1
    assert [hit.lesson_slug for hit in find(shop, "where to put").hits] == [
        None
    ]  # the title stands on the product's page


def test_chinese_words_are_found(shop: Shop) -> None:
    content = catalog.ProductContent(title="传感器入门", summary="用传感器读懂一间茶铺。")
    product = shop.write(catalog.create_product, catalog.CreateProduct("course", "zh", content))
    shop.publish(product.id)
    index(shop, product)
    assert [hit.product.title for hit in find(shop, "传感器").hits] == ["传感器入门"]
    assert find(shop, "茶铺", language="zh").total == 1
    assert find(shop, "茶铺", language="en").total == 0


def test_what_is_retired_or_removed_is_found_no_more(shop: Shop, course: catalog.ProductCard) -> None:
    lesson = shop.read(lambda s: catalog.contents(s, STRANGER, course.id)).lessons[0]
    shop.write(catalog.remove_lesson, lesson.id)
    index(shop, course)
    assert [hit.lesson_slug for hit in find(shop, "kettles").hits] == []
    shop.write(catalog.retire_product, course.id)
    index(shop, course)
    assert find(shop, "sensor", viewer=SYSTEM).total == 0


@pytest.mark.parametrize("query", ["", "'", '"', "sensor' OR 1=1 --", "%", "NEAR(", "*", "\x00", "a" * 5000, "😀"])
def test_no_query_is_an_error(shop: Shop, course: catalog.ProductCard, query: str) -> None:
    assert find(shop, query).total >= 0


def test_every_change_that_can_be_seen_is_news(shop: Shop, course: catalog.ProductCard) -> None:

    def news() -> int:
        return shop.platform.database.write(lambda s: fan_out(s, catalog.HANDLERS, at=shop.platform.clock.now()))

    while news():
        pass
    section = shop.section(course.id)
    added = shop.write(catalog.add_lesson, catalog.AddLesson(section, "New", body_md="x"))
    assert news() == 1
    shop.write(catalog.publish_lesson, added.lesson_id)
    assert news() == 2
    shop.write(catalog.rename_section, section, title="Part")
    assert news() == 1
    shop.write(catalog.retire_product, course.id)
    assert news() == 1
