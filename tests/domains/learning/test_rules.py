"""The pure rules of learning."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid
from xingtan.domains.learning.rules.access import access
from xingtan.domains.learning.rules.anchors import anchored, flattened, prefix_hash, reanchored, text_of
from xingtan.domains.learning.rules.answers import given_answer
from xingtan.domains.learning.rules.export import notes_markdown
from xingtan.domains.learning.rules.items import Answered, item_statistics
from xingtan.domains.learning.rules.positions import Progress, fraction_of, merged, position_of, quarters, stored
from xingtan.domains.learning.rules.resume import next_lesson
from xingtan.domains.learning.views import Anchor, NoteOfLesson, NoteView, Position

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def opened(
    *, preview: bool = False, days: int = 0, held: datetime | None = NOON, staff: bool = False, at: datetime = NOON
) -> str:
    return access(is_preview=preview, released_after_days=days, held_since=held, is_staff=staff, at=at).reason


def test_access_by_preview_staff_holding_and_day() -> None:
    assert opened(held=None) == "none"
    assert opened(held=None, preview=True) == "preview"
    assert opened(held=None, staff=True) == "staff"
    assert opened() == "held"
    assert opened(days=7, at=NOON + timedelta(days=7, seconds=-1)) == "later"
    assert opened(days=7, at=NOON + timedelta(days=7)) == "held"


def test_a_lesson_that_opens_later_says_when() -> None:
    found = access(is_preview=False, released_after_days=3, held_since=NOON, is_staff=False, at=NOON)
    assert found.opens_at == NOON + timedelta(days=3)
    assert not found.is_open


instants = st.integers(0, 10_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
reports = st.builds(
    Progress,
    position=st.builds(Position, seconds=st.floats(0, 9_000)),
    position_at=instants,
    fraction=st.floats(0, 1),
    completed_at=st.none() | instants,
)


@given(reports, reports)
def test_merging_keeps_the_furthest_the_newest_and_what_is_done(known: Progress, report: Progress) -> None:
    after = merged(known, report)
    assert after.fraction == max(known.fraction, report.fraction)
    assert after.position_at == max(known.position_at, report.position_at)
    assert (after.completed_at is None) == (known.completed_at is None and report.completed_at is None)


@given(reports, reports)
def test_merging_twice_is_merging_once(known: Progress, report: Progress) -> None:
    once = merged(known, report)
    assert merged(once, report) == once


@given(st.lists(reports, min_size=1, max_size=6, unique_by=lambda one: one.position_at), st.randoms())
def test_reports_in_any_order_end_alike(given_reports: list[Progress], random: object) -> None:
    shuffled = list(given_reports)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def all_of(some: list[Progress]) -> Progress:
        known, *others = some
        for one in others:
            known = merged(known, one)
        return known

    assert all_of(shuffled) == all_of(given_reports)


@pytest.mark.parametrize(
    "odd",
    [
        {"seconds": "3"},
        {"seconds": True},
        {"seconds": float("nan")},
        {"seconds": -1},
        {"scroll": 1.1},
        {"anchor": "two words"},
        {"anchor": ""},
        {"block": 10**9},
        {"elsewhere": 1},
    ],
    ids=str,
)
def test_odd_places_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        position_of(odd)


@given(st.builds(Position, seconds=st.none() | st.floats(0, 100), scroll=st.none() | st.floats(0, 1)))
def test_a_place_survives_storing(position: Position) -> None:
    assert position_of(stored(position)) == position


@pytest.mark.parametrize("odd", [None, "1", True, -0.1, 1.1, float("inf")], ids=str)
def test_odd_fractions_are_refused(odd: object) -> None:
    with pytest.raises(Invalid):
        fraction_of(odd)


def test_quarters() -> None:
    assert [quarters(one) for one in (0, 0.24, 0.25, 0.5, 0.76, 1)] == [0, 0, 1, 2, 3, 3]


TEXT = flattened("甲说：天要下雨。乙说：天要下雨。丙没有说话。")
QUOTE = "天要下雨"


def test_a_quote_that_stands_twice_keeps_to_its_own_place() -> None:
    second = anchored(TEXT, QUOTE, near=10)
    assert second is not None
    assert TEXT[second.start : second.end] == QUOTE
    assert second.start > TEXT.index(QUOTE)
    longer = flattened("序。" * 30 + TEXT)
    moved = reanchored(longer, QUOTE, Anchor(second.start, second.end, prefix_hash(TEXT, second.start)))
    assert moved is not None
    assert longer[moved.start : moved.end] == QUOTE


def test_a_quote_whose_words_are_gone_has_no_place() -> None:
    assert reanchored("别的话", QUOTE, Anchor(3, 7, "x")) is None
    assert anchored(TEXT, "") is None


words = st.text(st.sampled_from("abc 天地\n"), min_size=1, max_size=40)


@given(words, words, st.data())
def test_whatever_is_marked_is_found_again_behind_new_words(text: str, before: str, data: st.DataObject) -> None:
    flat = flattened(text)
    if not flat:
        return
    start = data.draw(st.integers(0, len(flat) - 1))
    quote = flattened(flat[start : start + data.draw(st.integers(1, 10))])
    if not quote:
        return
    anchor = anchored(flat, quote, near=start)
    assert anchor is not None
    assert reanchored(flat, quote, anchor) == anchor
    longer = flattened(before + "|" + flat)
    again = reanchored(longer, quote, anchor)
    assert again is not None
    assert longer[again.start : again.end] == quote


def test_the_text_of_html_is_what_a_browser_shows() -> None:
    html = "<h2 id='a'>One &amp; two</h2>\n<p>A <em>b</em><br>c&nbsp;d</p>"
    assert text_of(html) == "One & two A bc d"


def test_next_is_where_she_was_then_what_is_not_done_then_the_beginning() -> None:
    a, b, c = (UUID(int=number) for number in (1, 2, 3))
    order = [a, b, c]
    assert next_lesson([], done=set(), seen={}) is None
    assert next_lesson(order, done=set(), seen={}) == a
    assert next_lesson(order, done=set(), seen={b: NOON}) == b
    assert next_lesson(order, done={b}, seen={b: NOON}) == c
    assert next_lesson(order, done={c}, seen={c: NOON}) == a
    assert next_lesson(order, done={a, b, c}, seen={a: NOON, b: NOON + timedelta(1), c: NOON}) == b
    assert next_lesson(order, done=set(), seen={uuid4(): NOON}) == a


def answers(table: list[list[bool]]) -> list[Answered]:
    return [
        Answered(attempt, f"q{number}", is_right, ("a" if is_right else "b",))
        for attempt, row in enumerate(table)
        for number, is_right in enumerate(row, 1)
    ]


def test_items_against_a_hand_reckoning() -> None:
    """Four people. For q1: right (1, 1, 0, 0), the rest (2, 1, 1, 0); 1 / √(1 · 2) by hand."""
    found = item_statistics(
        answers([[True, True, True], [True, True, False], [False, True, False], [False, False, False]]),
        question_keys=["q1", "q2", "q3", "q4"],
    )
    q1, q2, _, q4 = found
    assert (q1.attempts, q1.p_value) == (4, 0.5)
    assert q1.discrimination == pytest.approx(0.7071067811865476)
    assert q2.p_value == 0.75
    assert q1.choice_counts == {"a": 2, "b": 2}
    assert (q4.attempts, q4.p_value, q4.discrimination) == (0, None, None)


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), max_size=12), st.randoms())
def test_items_do_not_care_for_order_and_stay_in_bounds(table: list[list[bool]], random: object) -> None:
    rows = answers(table)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = item_statistics(rows, question_keys=["q1", "q2", "q3"])
    second = item_statistics(shuffled, question_keys=["q1", "q2", "q3"])
    for one, other in zip(first, second, strict=True):
        assert (one.p_value, dict(one.choice_counts)) == (other.p_value, dict(other.choice_counts))
        assert one.discrimination is None or -1 <= one.discrimination <= 1
        assert one.discrimination == pytest.approx(other.discrimination) if one.discrimination is not None else True


def test_a_question_that_everybody_gets_right_does_not_discriminate() -> None:
    assert item_statistics(answers([[True], [True]]), question_keys=["q1"])[0].discrimination is None


def test_answers_of_every_shape() -> None:
    single, typed = {"id": "q1", "kind": "single"}, {"id": "q2", "kind": "number"}
    assert given_answer(single, None).answer == ()
    assert given_answer(single, "a").choices == ("a",)
    assert given_answer(single, ["a", "a", ""]).choices == ("a",)
    assert given_answer(typed, 12).text == "12"
    for question, odd in (
        (single, {"a": 1}),
        (single, [1]),
        (single, ["a"] * 51),
        (typed, ["x"]),
        (typed, True),
        (typed, "1" * 2001),
    ):
        with pytest.raises(Invalid):
            given_answer(question, odd)


def test_notes_as_markdown() -> None:
    def item(product: str, lesson: str, quote: str, text: str) -> NoteOfLesson:
        kind = "note" if text else "highlight" if quote else "bookmark"
        view = NoteView(
            uuid4(), uuid4(), uuid4(), kind, quote, text, None, is_orphan=False, created_at=NOON, updated_at=NOON
        )
        return NoteOfLesson(view, product.lower(), product, lesson.lower(), lesson)

    text = notes_markdown(
        [item("P", "L1", "a\nb", "mine"), item("P", "L2", "", ""), item("Q\n# x", "L1", "", "z")], title="Notes"
    )
    assert text.startswith("# Notes\n\n## P\n\n### L1\n\n> a\n> b\n\nmine\n")
    assert "## Q # x\n" in text
    assert "🔖" in text
