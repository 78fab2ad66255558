"""What an import would change, said before it does."""

import pytest

from tests.domains.catalog.conftest import STAFF, Shop
from tests.domains.catalog.sources import OWN, Texts, take
from xingtan.core.errors import NotAllowed
from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog


def foretold(shop: Shop, files: dict[str, str | bytes]) -> dict[str, catalog.ProductForecast]:
    plan = catalog.plan_import(Texts(files), catalog.ImportOptions())
    return {one.title: one for one in shop.read(lambda s: catalog.forecast(s, STAFF, plan))}


def test_everything_of_a_fresh_source_is_added(shop: Shop) -> None:
    small = foretold(shop, OWN)["A Small Course"]
    assert (small.slug, small.is_changed, small.sections) == (None, False, 2)
    assert (small.count("added"), small.count("unchanged")) == (3, 0)


def test_nothing_of_a_known_source_would_change(shop: Shop) -> None:
    take(shop, OWN)
    for one in foretold(shop, OWN).values():
        assert one.slug is not None
        assert not one.is_changed
        assert {lesson.what for lesson in one.lessons} <= {"unchanged"}


def test_a_changed_and_a_missing_file_are_foretold_as_they_happen(shop: Shop) -> None:
    take(shop, OWN)
    files = {name: data for name, data in OWN.items() if not name.endswith("01-hello.md")}
    files["small/01-first/02-more.md"] = "---\ntitle: More\n---\nNew words.\n"
    files["small/product.yaml"] = str(OWN["small/product.yaml"]).replace("Short.", "Shorter.")
    small = foretold(shop, files)["A Small Course"]
    assert small.is_changed
    report = take(shop, files)
    done = next(one for one in report.products if one.slug == "small")
    assert (small.count("changed"), small.count("removed"), small.count("unchanged"), small.count("added")) == (
        done.changed, done.removed, done.unchanged, done.added,
    )  # fmt: skip
    assert foretold(shop, OWN)["A Small Course"].count("added") == 1


def test_a_stranger_is_told_nothing(shop: Shop) -> None:
    plan = catalog.plan_import(Texts(OWN), catalog.ImportOptions())
    with pytest.raises(NotAllowed):
        shop.read(lambda s: catalog.forecast(s, STRANGER, plan))
