"""Products live by their table, keep every version, and show strangers only what is published."""

from datetime import timedelta
from itertools import product as pairs

import pytest

from tests.domains.catalog.conftest import STAFF, Shop
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog


def test_a_draft_is_hidden_until_it_is_published(shop: Shop) -> None:
    made = shop.course()
    shop.lesson(made.id)
    with pytest.raises(NotFound):
        shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug))
    assert shop.read(lambda s: catalog.cards(s, STRANGER)).total == 0
    shop.publish(made.id)
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug))
    assert page.card.title == "Reading numbers"
    assert [line.title for line in page.contents.lessons] == ["One"]
    assert page.card.lesson_count == 1
    assert [topic.slug for topic in page.topics] == ["data"]


def test_saving_writes_a_version_only_when_something_changed(shop: Shop) -> None:
    made = shop.course()
    content = catalog.ProductContent(title="Reading numbers", summary="About numbers.")
    shop.write(catalog.save_product, catalog.SaveProduct(made.id, content))
    assert shop.read(lambda s: catalog.product_draft(s, STAFF, made.slug)).number == 1
    shop.write(catalog.save_product, catalog.SaveProduct(made.id, catalog.ProductContent(title="Numbers")))
    draft = shop.read(lambda s: catalog.product_draft(s, STAFF, made.slug))
    assert [version.number for version in draft.versions] == [2, 1]


def test_strangers_see_the_published_version_while_a_newer_one_is_written(shop: Shop) -> None:
    made = shop.course()
    shop.publish(made.id)
    shop.write(catalog.save_product, catalog.SaveProduct(made.id, catalog.ProductContent(title="Better")))
    assert shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug)).content.title == "Reading numbers"
    assert shop.read(lambda s: catalog.product_draft(s, STAFF, made.slug)).has_unpublished_changes
    shop.publish(made.id)
    assert shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug)).content.title == "Better"


def test_an_older_version_is_restored_as_a_new_one(shop: Shop) -> None:
    made = shop.course()
    shop.write(catalog.save_product, catalog.SaveProduct(made.id, catalog.ProductContent(title="Worse")))
    shop.write(catalog.restore_product_version, catalog.RestoreProductVersion(made.id, 1))
    draft = shop.read(lambda s: catalog.product_draft(s, STAFF, made.slug))
    assert (draft.number, draft.content.title, draft.card.title) == (3, "Reading numbers", "Reading numbers")
    with pytest.raises(NotFound):
        shop.write(catalog.restore_product_version, catalog.RestoreProductVersion(made.id, 99))


def test_a_scheduled_product_is_published_when_its_moment_comes(shop: Shop, clock: ManualClock) -> None:
    made = shop.course()
    moment = clock.now() + timedelta(days=2)
    with pytest.raises(Invalid):
        shop.write(catalog.schedule_product, catalog.ScheduleProduct(made.id, clock.now()))
    shop.write(catalog.schedule_product, catalog.ScheduleProduct(made.id, moment))
    clock.advance(days=1)
    assert shop.platform.database.write(lambda s: catalog.publish_due(s, clock=clock)) == 0
    clock.advance(days=1)
    assert shop.platform.database.write(lambda s: catalog.publish_due(s, clock=clock)) == 1
    assert shop.platform.database.write(lambda s: catalog.publish_due(s, clock=clock)) == 0
    assert shop.read(lambda s: catalog.product_by_slug(s, made.slug)).published_at == moment


def test_a_retired_product_leaves_the_lists_and_keeps_its_lessons(shop: Shop) -> None:
    made = shop.course()
    lesson = shop.lesson(made.id)
    shop.publish(made.id)
    shop.write(catalog.retire_product, made.id)
    assert shop.read(lambda s: catalog.cards(s, STRANGER)).total == 0
    with pytest.raises(NotFound):
        shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug))
    page = shop.read(lambda s: catalog.lesson_page(s, STRANGER, product_slug=made.slug, lesson_slug=lesson.slug))
    assert page.html == "<p>Hello.</p>\n"
    shop.publish(made.id)
    assert shop.read(lambda s: catalog.cards(s, STRANGER)).total == 1


@pytest.mark.parametrize(("state", "event"), sorted(pairs(catalog.PRODUCT.states, catalog.PRODUCT.events)))
def test_the_table_is_the_only_way(state: str, event: str) -> None:
    if catalog.PRODUCT.may(state, event):
        assert catalog.PRODUCT.after(state, event) in catalog.PRODUCT.states
    else:
        with pytest.raises(Conflict):
            catalog.PRODUCT.after(state, event)


def test_retiring_a_draft_is_refused(shop: Shop) -> None:
    with pytest.raises(Conflict):
        shop.write(catalog.retire_product, shop.course().id)


def test_a_stranger_changes_nothing(shop: Shop) -> None:
    made = shop.course()
    shop.viewer = STRANGER
    for use_case, command in (
        (catalog.create_product, catalog.CreateProduct("course", "en", catalog.ProductContent(title="X"))),
        (catalog.save_product, catalog.SaveProduct(made.id, catalog.ProductContent(title="X"))),
        (catalog.publish_product, catalog.PublishProduct(made.id)),
        (catalog.retire_product, made.id),
    ):
        with pytest.raises(NotAllowed):
            shop.write(use_case, command)
    with pytest.raises(NotAllowed):
        shop.read(lambda s: catalog.product_draft(s, STRANGER, made.slug))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (catalog.ProductContent(title="  \x00 "), "title"),
        (catalog.ProductContent(title="x" * 201), "title"),
        (catalog.ProductContent(title="x", summary="y" * 2001), "summary"),
        (catalog.ProductContent(title="x", difficulty="cruel"), "difficulty"),
        (catalog.ProductContent(title="x", audience=("z",) * 31), "audience"),
    ],
)
def test_bad_fields_are_named(shop: Shop, content: catalog.ProductContent, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        shop.write(catalog.create_product, catalog.CreateProduct("course", "en", content))
    assert list(refused.value.fields) == [field]
    assert shop.read(lambda s: catalog.cards(s, STAFF)).total == 0


def test_a_lecture_needs_a_date_and_keeps_its_link_from_strangers(shop: Shop, clock: ManualClock) -> None:
    bare = catalog.CreateProduct("live", "en", catalog.ProductContent(title="Clinic"))
    with pytest.raises(Invalid):
        shop.write(catalog.create_product, bare)
    live = catalog.Live(clock.now() + timedelta(days=3), 75, "https://meet.example.org/x")
    made = shop.write(
        catalog.create_product, catalog.CreateProduct("live", "en", catalog.ProductContent(title="Clinic", live=live))
    )
    shop.publish(made.id)
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug))
    assert page.content.live is not None
    assert page.content.live.link == ""
    assert page.card.starts_at == live.starts_at
    assert page.card.minutes == 75
    assert shop.read(lambda s: catalog.live_details(s, made.id)) == live


def test_a_bundle_holds_others_and_is_found_from_them(shop: Shop) -> None:
    one, two = shop.course("One"), shop.course("Two")
    for each in (one, two):
        shop.lesson(each.id)
        shop.publish(each.id)
    command = catalog.CreateProduct("bundle", "en", catalog.ProductContent(title="Both"), contains=(two.id, one.id))
    bundle = shop.write(catalog.create_product, command)
    shop.publish(bundle.id)
    assert [c.title for c in shop.read(lambda s: catalog.bundle_contents(s, bundle.id))] == ["Two", "One"]
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, one.slug))
    assert [c.title for c in page.bundles] == ["Both"]
    with pytest.raises(Invalid):
        shop.write(
            catalog.create_product,
            catalog.CreateProduct("bundle", "en", catalog.ProductContent(title="All"), contains=(bundle.id,)),
        )


def test_editions_of_a_work_find_each_other(shop: Shop) -> None:
    for language, title in (("en", "Ten strips"), ("zh", "十条干肉")):
        made = shop.write(
            catalog.create_product,
            catalog.CreateProduct("article", language, catalog.ProductContent(title=title), work_key="ten-strips"),
        )
        shop.publish(made.id)
    assert made.slug == "shi-tiao-gan-rou"
    page = shop.read(lambda s: catalog.product_page(s, STRANGER, made.slug))
    assert [card.title for card in page.editions] == ["Ten strips"]


def test_two_products_of_one_title_get_two_addresses(shop: Shop) -> None:
    assert [shop.course("Same").slug, shop.course("Same").slug] == ["same", "same-2"]


def test_a_cover_must_be_a_picture(shop: Shop) -> None:
    made = shop.course()
    text = shop.write(
        catalog.store_asset,
        catalog.Upload("notes.txt", b"words", made.id),
        files=shop.platform.files,
        limit_bytes=1000,
    )
    content = catalog.ProductContent(title="Reading numbers", cover_asset_id=text.id)
    with pytest.raises(Invalid) as refused:
        shop.write(catalog.save_product, catalog.SaveProduct(made.id, content))
    assert list(refused.value.fields) == ["cover"]


@pytest.mark.parametrize("sort", catalog.SORTS)
def test_every_order_pages_through_everything_once(shop: Shop, sort: str, clock: ManualClock) -> None:
    for number in range(7):
        made = shop.course(f"Course {number % 3}")
        shop.publish(made.id)
        clock.advance(minutes=number % 2)
    seen, cursor = [], None
    while True:
        page = shop.read(lambda s, c=cursor: catalog.cards(s, STRANGER, sort=sort, after=c, limit=3))
        assert page.total == 7
        seen += [card.id for card in page.cards]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    whole = shop.read(lambda s: catalog.cards(s, STRANGER, sort=sort, limit=100))
    assert seen == [card.id for card in whole.cards]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyIxIiwgIngiXQ", "é", "A" * 5000, "bnVsbA"])
def test_a_cursor_that_is_not_ours_is_refused(shop: Shop, cursor: str) -> None:
    with pytest.raises(Invalid):
        shop.read(lambda s: catalog.cards(s, STRANGER, after=cursor))


def test_filters(shop: Shop) -> None:
    made = shop.course()
    shop.publish(made.id)
    for filters, total in (
        (catalog.CardFilters(kind="course", topic="data", language="en", difficulty="beginner"), 1),
        (catalog.CardFilters(kind="ebook"), 0),
        (catalog.CardFilters(topic="tea"), 0),
        (catalog.CardFilters(topic="' OR 1=1 --"), 0),
    ):
        assert shop.read(lambda s, f=filters: catalog.cards(s, STRANGER, filters=f)).total == total
    assert [t.products for t in shop.read(lambda s: catalog.topics(s, STRANGER))] == [1]
