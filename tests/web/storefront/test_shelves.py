"""What everyone sees is kept between readers, and never longer than it is true."""

from collections.abc import Callable
from typing import Any, cast

from starlette.types import ASGIApp

from tests.fixtures.web import Browser
from tests.web.storefront.conftest import Shop
from tests.web.storefront.test_pages import page
from xingtan.infra.cache import PageCache
from xingtan.web.edge import Edge
from xingtan.web.storefront import shelves


def test_a_reader_sees_a_new_work_at_once(learner: Browser, shop: Shop) -> None:
    assert "/works/new-leaf" not in page(learner, "/sitemap.xml")
    card = shop.academy.product("A new leaf", slug="new-leaf", kind="article")
    shop.academy.add(card.id, "A leaf", is_preview=True)
    shop.academy.publish(card.id)
    assert "/works/new-leaf" in page(learner, "/sitemap.xml")


def test_a_reader_s_second_look_asks_less(learner: Browser, shop: Shop, counting: Callable[[], Any]) -> None:
    shop.academy.price(shop["seeds"].id, 12_300)  # everything kept is dropped
    with counting() as first:
        page(learner, "/en/")
    with counting() as again:
        page(learner, "/en/")
    assert len(again) <= len(first) - 4, (len(first), len(again))


def test_what_was_read_before_a_change_is_not_believed_after_it(app: ASGIApp) -> None:
    state = cast("Any", app).state
    pages = cast("PageCache", state.pages)
    here = cast("Edge", type("Here", (), {"epoch": pages.epoch, "request": type("Asked", (), {"app": app})}))
    pages.bump()  # while this request reads
    assert shelves._known(here, "one", lambda: "old") == "old"
    assert shelves._known(here, "one", lambda: "new") == "new"
    assert shelves._known(here, "one", lambda: "newest") == "newest"
    here.epoch = pages.epoch
    assert shelves._known(here, "one", lambda: "kept") == "kept"
    assert shelves._known(here, "one", lambda: "never asked") == "kept"
