"""Questions are checked when they are written, shown without answers, and graded by the server."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid, NotFound
from xingtan.domains.catalog.rules.quizzes import (
    grade,
    parse_questions,
    public_questions,
    question_of,
    to_number,
)


def single(**more: Any) -> dict[str, Any]:
    choices = [
        {"text": "Rent", "right": False, "because": "It is owed *every* day."},
        {"text": "Leaves", "right": True, "because": "One for each cup."},
    ]
    return {
        "ask": "Which cost varies?",
        "kind": "single",
        "choices": choices,
        "points": 2,
        "explanation": "Ask.",
        **more,
    }


def test_a_question_is_stored_with_ids_and_safe_html() -> None:
    (question,) = parse_questions([single(ask="Is **it** <script>x</script>?")])
    assert question["id"] == "q1"
    assert [choice["id"] for choice in question["choices"]] == ["a", "b"]
    assert question["ask_html"] == "Is <strong>it</strong> ?"
    assert question["choices"][0]["because_html"] == "It is owed <em>every</em> day."


def test_what_a_learner_sees_holds_no_answer() -> None:
    questions = parse_questions([single(), {"ask": "2+2?", "kind": "number", "answer": 4, "explanation": "Count."}])
    shown = repr(public_questions(questions))
    assert "is_right" not in shown
    assert "because" not in shown
    assert "answers" not in shown
    assert "Count" not in shown
    assert "tolerance" not in shown


def test_a_choice_is_graded_with_its_reason() -> None:
    (question,) = parse_questions([single()])
    right, wrong, empty = grade(question, "b"), grade(question, ["a"]), grade(question, None)
    assert (right.is_right, right.points, right.max_points) == (True, 2, 2)
    assert right.because == {"b": "One for each cup."}
    assert (wrong.is_right, wrong.points, wrong.right_choices) == (False, 0, ("b",))
    assert set(wrong.because) == {"a", "b"}
    assert wrong.explanation_html == "Ask."
    assert not empty.is_right
    with pytest.raises(Invalid):
        grade(question, "z")


def test_several_are_right_only_all_together() -> None:
    choices = [{"text": str(i), "right": i < 2} for i in range(3)]
    (question,) = parse_questions([{"ask": "?", "kind": "multiple", "choices": choices}])
    assert grade(question, ["a", "b"]).is_right
    assert not any(grade(question, answer).is_right for answer in (["a"], ["a", "b", "c"], [], "a"))


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [("800", True), ("８００", True), ("800.4", True), ("1,000", False), ("abc", False), ("", False), ("nan", False)],
)
def test_numbers(answer: str, is_right: bool) -> None:  # noqa: FBT001 - what is expected
    (question,) = parse_questions([{"ask": "?", "kind": "number", "answer": 800, "tolerance": 0.5}])
    assert grade(question, answer).is_right is is_right
    assert grade(question, answer).right_answer == "800"


@pytest.mark.parametrize("answer", ["Lu Xun", "lu  xun", "ＬＵ ＸＵＮ", "鲁迅"])
def test_texts_are_compared_as_people_mean_them(answer: str) -> None:
    (question,) = parse_questions([{"ask": "Who?", "kind": "text", "answer": ["Lu Xun", "鲁迅"]}])
    assert grade(question, answer).is_right
    assert not grade(question, "someone").is_right


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"kind": "single"}, "questions.0.ask"),
        (single(kind="riddle"), "questions.0.kind"),
        (single(points=0), "questions.0.points"),
        (single(points="many"), "questions.0.points"),
        (single(choices=[]), "questions.0.choices"),
        (single(choices=[{"text": "a", "right": True}, {"text": "b", "right": True}]), "questions.0.choices"),
        (single(choices=[{"text": "a"}, {"text": "b"}]), "questions.0.choices"),
        (single(choices=[{"text": "a", "right": True}, {"text": ""}]), "questions.0.choices.1"),
        (single(kind="true_false", choices=[{"text": c, "right": c == "a"} for c in "abc"]), "questions.0.choices"),
        ({"ask": "?", "kind": "number", "answer": "four"}, "questions.0.answer"),
        ({"ask": "?", "kind": "text"}, "questions.0.answer"),
        ({"ask": "?", "kind": "number", "answer": 4, "tolerance": -1}, "questions.0.tolerance"),
        (single(ask="x" * 5000), "questions.0.ask"),
        ("nonsense", "questions.0.ask"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(raw: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_questions([raw])
    assert field in refused.value.fields


@pytest.mark.parametrize("raw", [None, "x", {"a": 1}, [single()] * 201])
def test_a_quiz_is_a_list_of_at_most_two_hundred(raw: object) -> None:
    with pytest.raises(Invalid):
        parse_questions(raw)


def test_a_question_is_found_by_its_id() -> None:
    questions = parse_questions([single(), single(ask="Second?")])
    assert question_of(questions, "q2")["ask"] == "Second?"
    with pytest.raises(NotFound):
        question_of(questions, "q3")


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ask", "kind", "choices", "text", "right", "answer", "points"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(_ANYTHING)
def test_anything_is_either_valid_or_refused(raw: object) -> None:
    try:
        questions = parse_questions(raw)
    except Invalid:
        return
    for question in questions:
        assert grade(question, "").is_right is False


@given(st.text(max_size=30))
def test_numbers_are_finite_or_nothing(text: str) -> None:
    number = to_number(text)
    assert number is None or abs(number) < float("inf")
