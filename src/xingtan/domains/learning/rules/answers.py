"""What a learner answered, made plain: choices by their ids, or a text of bounded length."""

from collections.abc import Mapping
from dataclasses import dataclass

from xingtan.core.errors import Invalid, say

LONGEST_ANSWER = 2_000
_TYPED = frozenset({"number", "text"})
_MOST_CHOICES = 50


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: `choices` where there are some, `text` where it was typed; both empty when nothing was given."""

    choices: tuple[str, ...] = ()
    text: str = ""

    @property
    def answer(self) -> object:
        """Return the answer as the catalogue grades it."""
        return self.text or self.choices


def given_answer(question: Mapping[str, object], raw: object) -> Given:
    """Return what was given to `question`; `Invalid` for a shape that no form of ours sends, or a text too long."""
    name = str(question["id"])
    if raw is None:
        return Given()
    if question["kind"] in _TYPED:
        if not isinstance(raw, str | int | float) or isinstance(raw, bool):
            raise Invalid.of(name, say("This is not an answer to this question."))
        if len(str(raw)) > LONGEST_ANSWER:
            raise Invalid.of(name, say("An answer can have at most %(limit)s characters.", limit=LONGEST_ANSWER))
        return Given(text=str(raw).strip())
    several = list(raw) if isinstance(raw, list | tuple) else [raw]
    chosen = [one for one in several if isinstance(one, str)]
    if len(several) > _MOST_CHOICES or len(chosen) < len(several):
        raise Invalid.of(name, say("This is not an answer to this question."))
    return Given(choices=tuple(dict.fromkeys(one for one in chosen if one)))
