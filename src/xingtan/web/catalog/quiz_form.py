"""The quiz as a form: rows of plain fields, read back whatever was typed, changed by named buttons.

Question 0 has the fields ``q-0-kind``, ``q-0-ask``, ``q-0-points``, ``q-0-answer``, ``q-0-tolerance``,
``q-0-explanation``; its choice 1 has ``q-0-c-1-text``, ``q-0-c-1-right``, ``q-0-c-1-because``. What is asked of the
rows (``q-0-up``, ``q-0-add``, ``q-0-c-1-remove``, ``add-question``) is the value of the button `act`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from starlette.datastructures import FormData

from xingtan.web.catalog.forms import text

T = TypeVar("T")

_MOST_QUESTIONS, _MOST_CHOICES = 200, 20
_FEWEST_CHOICES = 2
_ROW = re.compile(r"q-(\d{1,4})-(up|down|remove|add)")
_CHOICE = re.compile(r"q-(\d{1,4})-c-(\d{1,3})-(up|down|remove)")
_TRUE_FALSE = {"zh": ("对", "错"), "en": ("True", "False")}


@dataclass(frozen=True, slots=True)
class ChoiceForm:
    """A choice as it was typed."""

    text: str = ""
    is_right: bool = False
    because: str = ""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was typed or ticked."""
        return not (self.text.strip() or self.because.strip() or self.is_right)


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question as it was typed; `answer` has one right answer per line."""

    kind: str = "single"
    ask: str = ""
    points: str = "1"
    answer: str = ""
    tolerance: str = ""
    explanation: str = ""
    choices: tuple[ChoiceForm, ...] = field(default=(ChoiceForm(), ChoiceForm()))


def from_questions(questions: Sequence[Mapping[str, Any]]) -> tuple[QuestionForm, ...]:
    """Return the form of stored questions."""
    return tuple(
        QuestionForm(
            kind=each["kind"],
            ask=each["ask"],
            points=str(each["points"]),
            answer="\n".join(each["answers"]),
            tolerance=f"{each['tolerance']:g}" if each["tolerance"] else "",
            explanation=each["explanation"],
            choices=_enough(ChoiceForm(one["text"], one["is_right"], one["because"]) for one in each["choices"]),
        )
        for each in questions
    )


def from_form(form: FormData) -> tuple[QuestionForm, ...]:
    """Return the questions as they were typed."""
    numbers = _numbers(form, re.compile(r"q-(\d{1,4})-kind"))[:_MOST_QUESTIONS]
    return tuple(_question(form, f"q-{number}") for number in numbers)


def _question(form: FormData, row: str) -> QuestionForm:
    numbers = _numbers(form, re.compile(rf"{row}-c-(\d{{1,3}})-text"))[:_MOST_CHOICES]
    choices = (
        ChoiceForm(
            text=text(form, f"{row}-c-{number}-text"),
            is_right=bool(text(form, f"{row}-c-{number}-right")),
            because=text(form, f"{row}-c-{number}-because"),
        )
        for number in numbers
    )
    return QuestionForm(
        kind=text(form, f"{row}-kind"),
        ask=text(form, f"{row}-ask"),
        points=text(form, f"{row}-points") or "1",
        answer=text(form, f"{row}-answer"),
        tolerance=text(form, f"{row}-tolerance"),
        explanation=text(form, f"{row}-explanation"),
        choices=_enough(choices),
    )


def compact(questions: Iterable[QuestionForm]) -> tuple[QuestionForm, ...]:
    """Return the questions without rows of choices in which nothing stands."""
    return tuple(replace(each, choices=_enough(one for one in each.choices if not one.is_empty)) for each in questions)


def _numbers(form: FormData, pattern: re.Pattern[str]) -> list[int]:
    return sorted({int(found[1]) for name in form if (found := pattern.fullmatch(name))})


def _enough(choices: Iterable[ChoiceForm]) -> tuple[ChoiceForm, ...]:
    """Return the choices, and empty rows up to the fewest that a question has."""
    kept = tuple(choices)
    return kept + (ChoiceForm(),) * (_FEWEST_CHOICES - len(kept))


def to_questions(questions: Sequence[QuestionForm], *, language: str) -> tuple[Mapping[str, Any], ...]:
    """Return compact questions as the catalogue's `parse_questions` takes them."""
    return tuple(
        {
            "kind": each.kind,
            "ask": each.ask,
            "points": each.points,
            "explanation": each.explanation,
            "answer": each.answer.splitlines(),
            "tolerance": each.tolerance or 0,
            "choices": [
                {"text": one.text, "right": one.is_right, "because": one.because} for one in _choices(each, language)
            ],
        }
        for each in questions
    )


def _choices(question: QuestionForm, language: str) -> tuple[ChoiceForm, ...]:
    if question.kind == "true_false" and not any(one.text.strip() for one in question.choices):
        words = _TRUE_FALSE.get(language, _TRUE_FALSE["en"])
        pairs = zip(question.choices, words, strict=False)
        return tuple(replace(one, text=word) for one, word in pairs)
    return tuple(one for one in question.choices if not one.is_empty)


def is_row_act(act: str) -> bool:
    """Say whether a button is about the rows of the quiz."""
    return act == "add-question" or bool(_ROW.fullmatch(act) or _CHOICE.fullmatch(act))


def changed(questions: tuple[QuestionForm, ...], act: str) -> tuple[QuestionForm, ...]:
    """Return the questions after `act`; as they are for a button that is none of ours."""
    if act == "add-question":
        return (*questions, QuestionForm()) if len(questions) < _MOST_QUESTIONS else questions
    if found := _ROW.fullmatch(act):
        number, what = int(found[1]), found[2]
        if what != "add":
            return _moved(questions, number, what)
        return _with(questions, number, lambda choices: (*choices, ChoiceForm())[:_MOST_CHOICES])
    if found := _CHOICE.fullmatch(act):
        place, what = int(found[2]), found[3]
        return _with(questions, int(found[1]), lambda choices: _enough(_moved(choices, place, what)))
    return questions


def _with(
    questions: tuple[QuestionForm, ...],
    number: int,
    change: Callable[[tuple[ChoiceForm, ...]], tuple[ChoiceForm, ...]],
) -> tuple[QuestionForm, ...]:
    return tuple(
        replace(each, choices=change(each.choices)) if place == number else each for place, each in enumerate(questions)
    )


def _moved(rows: tuple[T, ...], number: int, what: str) -> tuple[T, ...]:
    if number >= len(rows):
        return rows
    others = [*rows[:number], *rows[number + 1 :]]
    if what == "remove":
        return tuple(others)
    others.insert(max(0, number - 1) if what == "up" else number + 1, rows[number])
    return tuple(others)
