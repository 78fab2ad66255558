"""What changed between two texts."""

from hypothesis import given
from hypothesis import strategies as st

from xingtan.web.catalog.changes import changes

LINES = st.lists(st.sampled_from(["one", "two", "three", "四", "", "one two"]), max_size=30)


def test_a_changed_word_is_marked_in_its_line() -> None:
    found = changes("Same\nA secret apricot here", "Same\nA secret pear here")
    assert [line.kind for line in found] == ["same", "gone", "new"]
    assert "".join(words for words, is_changed in found[1].pieces if not is_changed).startswith("A secret ")
    assert any(is_changed for _, is_changed in found[2].pieces)


def test_far_lines_are_left_out() -> None:
    lines = [f"line {number}" for number in range(100)]
    found = changes("\n".join(lines), "\n".join(["new", *lines[:-1], "other"]))
    assert "gap" in {line.kind for line in found}
    assert len(found) < 20


@given(LINES, LINES)
def test_nothing_is_invented_and_nothing_lost(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    found = changes(before, after)
    gone = [text(line.pieces) for line in found if line.kind == "gone"]
    come = [text(line.pieces) for line in found if line.kind == "new"]
    assert (found == ()) == (before.splitlines() == after.splitlines())
    assert all(line in before.splitlines() for line in gone)
    assert all(line in after.splitlines() for line in come)
    assert len(after.splitlines()) - len(before.splitlines()) == len(come) - len(gone)


def text(pieces: tuple[tuple[str, bool], ...]) -> str:
    return "".join(words for words, _ in pieces)
