"""The quiz as a form: whatever was typed is read back; buttons move rows and lose none."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, UploadFile

from xingtan.web.catalog.quiz_form import ChoiceForm, QuestionForm, changed, from_form, is_row_act

TEXT = st.text(max_size=20)
CHOICE = st.builds(ChoiceForm, text=TEXT, is_right=st.booleans(), because=TEXT)
QUESTION = st.builds(
    QuestionForm, kind=st.sampled_from(["single", "multiple", "number", "text"]), ask=TEXT,
    points=st.sampled_from(["1", "5"]), answer=TEXT, tolerance=TEXT, explanation=TEXT,
    choices=st.lists(CHOICE, min_size=2, max_size=6).map(tuple),
)  # fmt: skip
ACT = st.one_of(
    st.just("add-question"),
    st.builds("q-{}-{}".format, st.integers(0, 6), st.sampled_from(["up", "down", "add", "remove"])),
    st.builds("q-{}-c-{}-{}".format, st.integers(0, 6), st.integers(0, 8), st.sampled_from(["up", "down", "remove"])),
)


def written(questions: tuple[QuestionForm, ...]) -> FormData:
    fields: list[tuple[str, str | UploadFile]] = []
    for number, each in enumerate(questions):
        row = f"q-{number}"
        fields += [
            (f"{row}-{name}", getattr(each, name))
            for name in ("kind", "ask", "points", "answer", "tolerance", "explanation")
        ]
        for place, one in enumerate(each.choices):
            fields += [(f"{row}-c-{place}-text", one.text), (f"{row}-c-{place}-because", one.because)]
            fields += [(f"{row}-c-{place}-right", "1")] if one.is_right else []
    return FormData(fields)


@given(st.lists(QUESTION, max_size=5).map(tuple))
def test_what_was_written_is_read(questions: tuple[QuestionForm, ...]) -> None:
    assert from_form(written(questions)) == questions


@given(st.lists(QUESTION, max_size=5).map(tuple), ACT)
def test_a_button_moves_rows_and_changes_no_word(questions: tuple[QuestionForm, ...], act: str) -> None:
    after = changed(questions, act)
    assert is_row_act(act)
    kept = [one.ask for one in after]
    if act == "add-question":
        assert after[:-1] == questions
    elif act.endswith("-remove") and "-c-" not in act:
        assert len(questions) - len(after) <= 1
        assert all(ask in [one.ask for one in questions] for ask in kept)
    else:
        assert sorted(kept) == sorted(one.ask for one in questions)
        assert all(len(one.choices) >= 2 for one in after)


def test_other_buttons_are_none_of_these() -> None:
    assert not any(map(is_row_act, ("save", "publish", "q-1-explode", "q-x-up", "q-1-c-2-add", "")))
