import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.infra.search import Phrase, Token, highlight, query_terms, tokens

MIXED = st.text(alphabet=st.sampled_from("传感器数据云的 IoTsensors。，.\n!é\u0301½①ﬁ⼀𰻝😀がß'\""), max_size=120)


def terms(text: str) -> list[str]:
    return [token.term for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("传感器", ["传", "感", "器"]),
        ("sensor sensors SENSOR Ｓｅｎｓｏｒｓ", ["sensor"] * 4),
        ("IoT传感器v2", ["iot", "传", "感", "器", "v2"]),
        ("2026年3月", ["2026", "年", "3", "月"]),
        ("Café cafe\u0301 CAFÉ", ["cafe"] * 3),
        ("Straße", ["strass"]),
        ("don't", ["don", "t"]),
        ("⼀人々", ["一", "人", "々"]),
        ("𰻝面", ["𰻝", "面"]),
        ("①½", ["112"]),
        ("😀 — … ''", []),
        ("a_b", ["a", "b"]),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_places_are_those_of_the_text_as_given() -> None:
    assert tokens("ＩｏＴ，云") == [Token("iot", 0, 3), Token("云", 4, 5)]


@given(st.text(max_size=200) | MIXED)
def test_terms_hold_letters_and_digits_in_order(text: str) -> None:
    found = tokens(text)
    assert all(token.term.isalnum() and len(token.term) <= 64 for token in found)
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(MIXED)
def test_writing_it_otherwise_changes_no_term(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("传感器", [Phrase(("传", "感", "器"))]),
        ("云", [Phrase(("云",))]),
        ("传感器数据", [Phrase(("传", "感", "器")), Phrase(("数", "据"))]),
        ("IoT 传感器", [Phrase(("iot",)), Phrase(("传", "感", "器"))]),
        ("「IoT 传感器」", [Phrase(("iot",)), Phrase(("传", "感", "器"))]),
        ("iot sens", [Phrase(("iot",)), Phrase(("sen",), "sens")]),
        ("sensors iot!", [Phrase(("sensor",)), Phrase(("iot",))]),
        ("C", [Phrase(("c",))]),
        ("什么是传感器", [Phrase(("传", "感", "器"))]),
        ("how to use the sensors", [Phrase(("use",)), Phrase(("sensor",), "sensors")]),
        ("的", [Phrase(("的",))]),
        ("云 云 云", [Phrase(("云",))]),
        ("数 据", [Phrase(("数",)), Phrase(("据",))]),
        ("😀", []),
        ("\0", []),
        ("\ud800", []),
        ('"; DROP TABLE --', [Phrase(("drop",)), Phrase(("tabl",))]),
    ],
)
def test_what_a_query_asks_for(query: str, expected: list[Phrase]) -> None:
    assert query_terms(query) == expected


@given(st.text(max_size=400) | MIXED)
def test_a_query_is_short_whatever_is_typed(query: str) -> None:
    phrases = query_terms(query)
    assert len(phrases) <= 12
    assert all(1 <= len(phrase.terms) <= 16 for phrase in phrases)
    assert all(term.isalnum() for phrase in phrases for term in phrase.terms)


@given(MIXED | st.text(max_size=300), MIXED, st.integers(1, 80))
def test_the_pieces_joined_are_a_part_of_the_text(text: str, query: str, limit: int) -> None:
    pieces = highlight(text, query, limit=limit)
    passage = "".join(piece for piece, _ in pieces)
    assert passage in text
    assert len(passage) == min(limit, len(text))
    assert all(piece for piece, _ in pieces)


@given(MIXED, st.data())
def test_what_is_marked_is_what_was_asked_for(text: str, data: st.DataObject) -> None:
    found = tokens(text)
    if found:
        word = data.draw(st.sampled_from(found))
        marked = [piece for piece, is_match in highlight(text, text[word.start : word.end], limit=200) if is_match]
        assert marked
        assert all(set(terms(piece)) & {word.term} or terms(piece)[0].startswith(word.term) for piece in marked)


def test_the_best_passage_is_shown() -> None:
    text = "云。" * 200 + "一个传感器把数据送到云上。" + "数据。" * 200
    pieces = highlight(text, "传感器 数据 云", limit=40)
    assert {piece for piece, is_match in pieces if is_match} == {"传感器", "数据", "云"}


def test_a_text_without_the_query_shows_its_beginning() -> None:
    assert highlight("传感器" * 50, "nothing", limit=6) == [("传感器传感器", False)]
    assert highlight("", "nothing", limit=6) == []
    assert highlight("传感器", "", limit=6) == [("传感器", False)]


def test_a_word_not_typed_to_its_end_and_one_that_is_are_both_marked() -> None:
    for query in ("studies", "study", "studi", "stu"):
        assert ("studying", True) in highlight("I am studying", query, limit=40)
    assert highlight("senior", "sens", limit=40) == [("senior", False)]


def test_a_prefix_marks_the_whole_word_and_html_stays_text() -> None:
    assert highlight("<b>Sensors</b>", "sens", limit=40) == [("<b>", False), ("Sensors", True), ("</b>", False)]
