"""Questions: what makes one valid, what a learner may see of it, and whether an answer is right.

A question is plain data, kept in a lesson version, with ids that never change because versions never do:
``{id, kind, ask, ask_html, choices: [{id, text, text_html, is_right, because, because_html}], answers, tolerance,
explanation, explanation_html, points}``. Kinds: single, multiple, true_false, number, text.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.domains.catalog.kinds import QUESTION_KINDS
from xingtan.domains.catalog.rules.markdown import render_inline

_WITH_CHOICES = frozenset({"single", "multiple", "true_false"})
_MOST_QUESTIONS, _MOST_CHOICES, _MOST_POINTS = 200, 20, 100
_LONGEST_TEXT = 4000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TWO = 2


@dataclass(frozen=True, slots=True)
class Grade:
    """What the server says to an answer. `because` maps each chosen or right choice to its note (safe HTML)."""

    question_id: str
    is_right: bool
    points: int
    max_points: int
    right_choices: tuple[str, ...]
    right_answer: str  # for numbers and texts; empty for choices
    because: Mapping[str, str] = field(default_factory=dict)
    explanation_html: str = ""


def parse_questions(raw: object, *, language: str = "en") -> list[dict[str, Any]]:
    """Return questions as they are stored, from a form, from YAML or from JSON.

    Each question has ``ask``, ``kind``, ``points``, ``explanation`` and either ``choices`` of ``text``, ``right``,
    ``because``, or ``answer`` (and ``tolerance`` for numbers, several answers for texts).
    `Invalid` names the field: ``questions.0.choices``.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise Invalid.of("questions", say("Questions are a list."))
    if len(raw) > _MOST_QUESTIONS:
        raise Invalid.of("questions", say("A quiz has at most %(limit)s questions.", limit=_MOST_QUESTIONS))
    errors: dict[str, Sentence] = {}
    found = [_question(each, i, errors, language) for i, each in enumerate(raw)]
    if errors:
        raise Invalid(errors)
    return found


def _question(raw: object, index: int, errors: dict[str, Sentence], language: str) -> dict[str, Any]:
    where = f"questions.{index}"
    data: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    ask, kind = _text(data.get("ask")), _text(data.get("kind")) or "single"
    explanation = _text(data.get("explanation"))
    if not ask:
        errors[f"{where}.ask"] = say("Write the question.")
    if kind not in QUESTION_KINDS:
        errors[f"{where}.kind"] = say("This kind of question is not known.")
    for name, text in (("ask", ask), ("explanation", explanation)):
        if len(text) > _LONGEST_TEXT:
            errors[f"{where}.{name}"] = say("At most %(limit)s characters, please.", limit=_LONGEST_TEXT)
    points = _points(data.get("points", 1))
    if points is None:
        errors[f"{where}.points"] = say("Points are a whole number from 1 to %(limit)s.", limit=_MOST_POINTS)
    choices = _choices(data.get("choices"), where, errors, language) if kind in _WITH_CHOICES else []
    if kind in _WITH_CHOICES:
        _check_choices(kind, choices, where, errors)
    answers, tolerance = _answers(data, kind, where, errors)
    return {
        "id": f"q{index + 1}",
        "kind": kind,
        "ask": ask,
        "ask_html": render_inline(ask, language=language),
        "choices": choices,
        "answers": answers,
        "tolerance": tolerance,
        "explanation": explanation,
        "explanation_html": render_inline(explanation, language=language),
        "points": points or 1,
    }


def _text(value: object) -> str:
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return ""
    return str(value).strip()


def _points(value: object) -> int | None:
    try:
        points = int(str(value))
    except ValueError:
        return None
    return points if 1 <= points <= _MOST_POINTS else None


def _choices(raw: object, where: str, errors: dict[str, Sentence], language: str) -> list[dict[str, Any]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > _MOST_CHOICES:
        errors[f"{where}.choices"] = say("A question has between 2 and %(limit)s choices.", limit=_MOST_CHOICES)
        return []
    found = []
    for i, each in enumerate(raw):
        data: Mapping[str, Any] = each if isinstance(each, Mapping) else {}
        text, because = _text(data.get("text")), _text(data.get("because"))
        if not text or max(len(text), len(because)) > _LONGEST_TEXT:
            errors[f"{where}.choices.{i}"] = say(
                "Write this choice, in at most %(limit)s characters.", limit=_LONGEST_TEXT
            )
        found.append({
            "id": _LETTERS[i],
            "text": text,
            "text_html": render_inline(text, language=language),
            "is_right": data.get("right") is True,
            "because": because,
            "because_html": render_inline(because, language=language),
        })  # fmt: skip
    return found


def _check_choices(kind: str, choices: Sequence[Mapping[str, Any]], where: str, errors: dict[str, Sentence]) -> None:
    right = sum(choice["is_right"] for choice in choices)
    if len(choices) < _TWO or (kind == "true_false" and len(choices) != _TWO):
        errors.setdefault(f"{where}.choices", say("Write at least two choices; for true or false, exactly two."))
    elif right == 0 or (kind != "multiple" and right != 1):
        errors.setdefault(
            f"{where}.choices", say("Mark which choice is right; several only where several may be chosen.")
        )


def _answers(data: Mapping[str, Any], kind: str, where: str, errors: dict[str, Sentence]) -> tuple[list[str], float]:
    if kind not in {"number", "text"}:
        return [], 0.0
    raw = data.get("answer")
    several = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    answers = [text for text in (_text(each) for each in several) if text]
    tolerance = to_number(_text(data.get("tolerance", 0)) or "0")
    if not answers or (kind == "number" and any(to_number(answer) is None for answer in answers)):
        errors[f"{where}.answer"] = say("Write the right answer; a number in plain digits.")
    if tolerance is None or tolerance < 0:
        errors[f"{where}.tolerance"] = say("The tolerance is a number that is not negative.")
    return answers, tolerance or 0.0


def to_number(text: str) -> float | None:
    """Return the finite number that a person wrote, or None: full-width digits, commas and %-signs are understood."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").rstrip("%").replace("−", "-")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) and len(plain) <= 40 else None  # noqa: PLR2004 - more digits than any answer


def public_questions(questions: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the questions as a learner may see them before answering: no right answers, no notes."""
    return tuple(
        {
            "id": question["id"],
            "kind": question["kind"],
            "ask_html": question["ask_html"],
            "points": question["points"],
            "choices": tuple({"id": choice["id"], "text_html": choice["text_html"]} for choice in question["choices"]),
        }
        for question in questions
    )


def grade(question: Mapping[str, Any], answer: object) -> Grade:
    """Return what is to be said to `answer`: a choice's id, a list of them, or what was typed.

    Points are given whole or not at all. An empty answer is wrong, not an error; a choice that the question does not
    have is `Invalid`.
    """
    chosen = _chosen(question, answer)
    right = tuple(choice["id"] for choice in question["choices"] if choice["is_right"])
    is_right = _is_right(question, answer, chosen=chosen, right=right)
    points = int(question["points"])
    return Grade(
        question_id=question["id"],
        is_right=is_right,
        points=points if is_right else 0,
        max_points=points,
        right_choices=right,
        right_answer=question["answers"][0] if question["answers"] else "",
        because={
            choice["id"]: choice["because_html"]
            for choice in question["choices"]
            if choice["because"] and (choice["id"] in chosen or choice["is_right"])
        },
        explanation_html=question["explanation_html"],
    )


def _chosen(question: Mapping[str, Any], answer: object) -> frozenset[str]:
    if question["kind"] not in _WITH_CHOICES or answer is None or answer == "":
        return frozenset()
    several = answer if isinstance(answer, (list, tuple, set, frozenset)) else [answer]
    chosen = frozenset(str(each) for each in several)
    if not chosen <= {choice["id"] for choice in question["choices"]}:
        raise Invalid.of(str(question["id"]), say("This question has no such choice."))
    return chosen


def _is_right(question: Mapping[str, Any], answer: object, *, chosen: frozenset[str], right: tuple[str, ...]) -> bool:
    if question["kind"] in _WITH_CHOICES:
        return bool(chosen) and chosen == frozenset(right)
    typed = _text(answer)
    if question["kind"] == "text":
        return bool(typed) and _folded(typed) in {_folded(each) for each in question["answers"]}
    number = to_number(typed)
    wanted = [to_number(each) for each in question["answers"]]
    slack = float(question["tolerance"]) + 1e-9
    return number is not None and any(each is not None and abs(number - each) <= slack for each in wanted)


def _folded(text: str) -> str:
    """Return `text` without differences of case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def question_of(questions: Sequence[Mapping[str, Any]], question_id: str) -> Mapping[str, Any]:
    """Return the question with this id; `NotFound` when the quiz has none."""
    found = next((question for question in questions if question["id"] == question_id), None)
    if found is None:
        raise NotFound(say("There is no such question."))
    return found
