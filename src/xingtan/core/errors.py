"""The error tree: what was refused, what is unavailable, what is broken.

`Refused` is an answer, expected and quiet; `Unavailable` is a collaborator's failure, worth a retry;
`Broken` is a promise of ours that does not hold, and is loud. HTTP numbers live at the web edge only.

Every error carries a stable `code` for programs and a `Sentence` for people. A sentence is an English msgid with
named parameters; the web edge says it in the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English msgid and its parameters, translated where a reader's language is known."""

    msgid: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return self.msgid % self.params if self.params else self.msgid


def say(msgid: str, /, **params: object) -> Sentence:
    """Mark `msgid` for translation and bind its `%(name)s` parameters."""
    return Sentence(msgid, params)


class XingtanError(Exception):
    """The root of every error that Xingtan raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: Sentence | str) -> None:
        self.sentence = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
        super().__init__(str(self.sentence))


class Refused(XingtanError):
    """Understood, and the answer is no. Expected, quiet, never retried."""

    code = "refused"


class NotFound(Refused):
    """There is no such thing, or none that this viewer may know of."""

    code = "not-found"


class NotAllowed(Refused):
    """The viewer lacks the permission."""

    code = "not-allowed"


class Conflict(Refused):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"


class LimitReached(Refused):
    """Too many tries; `retry_after_s` says when to come back."""

    code = "limit-reached"

    def __init__(self, sentence: Sentence | str, *, retry_after_s: int = 60) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class Invalid(Refused):
    """Input that does not hold; `fields` maps a field's name to a sentence about it."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sentence], sentence: Sentence | None = None) -> None:
        self.fields = dict(fields)
        super().__init__(sentence or say("Some fields need another look."))

    @classmethod
    def of(cls, name: str, sentence: Sentence) -> "Invalid":
        """Return an error about one field."""
        return cls({name: sentence})


class Unavailable(XingtanError):
    """A collaborator failed: a provider, the mail server, the database. Jobs retry with backoff."""

    code = "unavailable"


class Broken(XingtanError):
    """A promise of ours does not hold. Loud: logged as an error and shown to the operator."""

    code = "broken"
