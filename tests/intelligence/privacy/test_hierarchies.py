"""Labels are nested, costs grow, a label covers what it stands for, and what is unknown says nothing."""

from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intelligence.privacy.people import AGES, CITIES
from xingtan.core.errors import Invalid
from xingtan.intelligence.privacy.hierarchies import ANY, Hierarchy, Intervals, Taxonomy, Whole, prefixes

TREE = Taxonomy(CITIES)
HIERARCHIES: list[tuple[Hierarchy, st.SearchStrategy[Hashable]]] = [
    (AGES, st.one_of(st.none(), st.integers(-50, 200), st.floats(0, 100), st.just("unseen"), st.just(float("inf")))),
    (TREE, st.one_of(st.none(), st.sampled_from(sorted(CITIES)), st.just("unseen"))),
    (Whole(), st.one_of(st.none(), st.sampled_from("abc"))),
]


@pytest.mark.parametrize(("hierarchy", "values"), HIERARCHIES, ids=["intervals", "taxonomy", "whole"])
def test_each_level_is_coarser_and_still_covers(hierarchy: Hierarchy, values: st.SearchStrategy[Hashable]) -> None:
    @given(values, values)
    def law(a: Hashable, b: Hashable) -> None:
        assert hierarchy.label(a, 0) == a
        assert hierarchy.label(a, hierarchy.height) == ANY
        alike = False
        for level in range(hierarchy.height + 1):
            assert hierarchy.covers(hierarchy.label(a, level), a)
            assert 0 <= hierarchy.cost(a, level) <= 1
            assert level == 0 or hierarchy.cost(a, level - 1) <= hierarchy.cost(a, level)
            assert not alike or hierarchy.label(a, level) == hierarchy.label(b, level)
            alike = hierarchy.label(a, level) == hierarchy.label(b, level)

    law()


@pytest.mark.parametrize(("hierarchy", "values"), HIERARCHIES, ids=["intervals", "taxonomy", "whole"])
def test_a_span_covers_all_its_values_in_any_order(hierarchy: Hierarchy, values: st.SearchStrategy[Hashable]) -> None:
    @given(st.lists(values, min_size=1, max_size=6), st.randoms())
    def law(some: list[Hashable], random: object) -> None:
        label, cost = hierarchy.span(some)
        assert all(hierarchy.covers(label, value) for value in some)
        assert 0 <= cost <= 1
        random.shuffle(some)  # type: ignore[attr-defined]
        assert hierarchy.span(some) == (label, cost)

    law()


def test_labels_read_as_the_page_says() -> None:
    assert [AGES.label(23, level) for level in range(5)] == [23, "[20, 25)", "[20, 30)", "[20, 40)", "*"]
    assert [TREE.label("杭州", level) for level in range(4)] == ["杭州", "浙江", "华东", "*"]
    assert AGES.span([21, 34, 30]) == ("[21, 34]", 0.13)
    assert TREE.span(["杭州", "宁波"])[0] == "浙江"
    assert TREE.span(["杭州", "广州", "深圳"])[0] == "*"
    assert TREE.span(["杭州", "南京", "苏州"])[0] == "华东"
    assert prefixes(["310013", "310027", "200001"], kept=(4, 2)).label("310013", 1) == "3100…"


def test_a_label_covers_no_stranger() -> None:
    assert not AGES.covers("[20, 30)", 30)
    assert AGES.covers("[20, 30]", 30)
    assert not AGES.covers("[20, 30)", None)
    assert not TREE.covers("浙江", "广州")
    assert TREE.covers("杭州 | 宁波", "宁波")
    assert not TREE.covers("杭州 | 宁波", "南京")


def test_what_is_no_hierarchy_is_refused() -> None:
    for widths, low, high in [((5, 7), 0, 100), ((5, 5), 0, 100), ((0,), 0, 100), ((5,), 3, 3)]:
        with pytest.raises(Invalid):
            Intervals(widths, low=low, high=high)
    for paths in [{}, {"a": ("x",), "b": ()}, {"a": ("x", "y"), "b": ("x", "z")}, {"a": ("*",)}]:
        with pytest.raises(Invalid):
            Taxonomy(paths)  # type: ignore[arg-type]
