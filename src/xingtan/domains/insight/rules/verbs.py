"""The vocabulary of the behaviour log: verbs, what they are done to, and the context that each may carry.

1. A verb that xAPI (or ADL's profile, or the TinCan registry) knows is named by its IRI; a verb without one is our own.
2. No row names an order, a note or an attempt: their tables know the person, and a pseudonym must not lead there.
3. A context holds only the fields that its verb lists, of the listed types; texts are short and hold nothing that looks
   like an address or a number of a person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from xingtan.core.errors import Broken

LONGEST_TEXT = 80


class Verb(StrEnum):
    """What somebody did. The values are the words that are stored."""

    VIEWED = "viewed"
    SEARCHED = "searched"
    STARTED = "started"
    PROGRESSED = "progressed"
    COMPLETED = "completed"
    ANSWERED = "answered"
    NOTED = "noted"
    CHECKED_OUT = "checked_out"
    PURCHASED = "purchased"
    REFUNDED = "refunded"
    REGISTERED = "registered"


class Object(StrEnum):
    """What it was done to."""

    PAGE = "page"
    PRODUCT = "product"
    LESSON = "lesson"
    QUESTION = "question"
    SEARCH = "search"
    ACADEMY = "academy"


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """A verb's IRI, in words what it stands for, what it may be done to, and the types of its context's fields."""

    iri: str
    meaning: str
    objects: frozenset[Object]
    context: Mapping[str, type] = field(default_factory=dict)


_ADL = "http://adlnet.gov/expapi/verbs/"
_TINCAN = "http://id.tincanapi.com/verb/"
_STREAMS = "http://activitystrea.ms/schema/1.0/"

VERBS: Mapping[Verb, VerbSpec] = {
    Verb.VIEWED: VerbSpec(
        _TINCAN + "viewed",
        "A page was opened.",
        frozenset({Object.PAGE, Object.PRODUCT, Object.LESSON}),
        {"language": str, "source": str, "device": str},
    ),
    Verb.SEARCHED: VerbSpec(
        _STREAMS + "search",
        "Somebody searched; `results` is how many were found.",
        frozenset({Object.SEARCH}),
        {"query": str, "results": int, "language": str},
    ),
    Verb.STARTED: VerbSpec(_ADL + "initialized", "A lesson was opened for the first time.", frozenset({Object.LESSON})),
    Verb.PROGRESSED: VerbSpec(
        _ADL + "progressed",
        "A lesson was gone through up to `fraction` (0 to 1).",
        frozenset({Object.LESSON}),
        {"fraction": float},
    ),
    Verb.COMPLETED: VerbSpec(_ADL + "completed", "A lesson was finished, once.", frozenset({Object.LESSON})),
    Verb.ANSWERED: VerbSpec(
        _ADL + "answered",
        "A question of a quiz was answered; `is_correct` is missing where nobody can grade by machine.",
        frozenset({Object.QUESTION}),
        {"lesson": str, "is_correct": bool},
    ),
    Verb.NOTED: VerbSpec(
        "http://risc-inc.com/annotator/verbs/annotated",
        "A highlight, a note or a bookmark was kept; its words are not in the log.",
        frozenset({Object.LESSON}),
        {"kind": str},
    ),
    Verb.CHECKED_OUT: VerbSpec("urn:xingtan:verb:checked-out", "A checkout was opened.", frozenset({Object.PRODUCT})),
    Verb.PURCHASED: VerbSpec(
        _STREAMS + "purchase",
        "A product was paid for, or taken for nothing; how much money it was is for the books to say.",
        frozenset({Object.PRODUCT}),
        {"is_free": bool},
    ),
    Verb.REFUNDED: VerbSpec(
        "urn:xingtan:verb:refunded",
        "Money for a product went back.",
        frozenset({Object.PRODUCT}),
        {"is_full": bool},
    ),
    Verb.REGISTERED: VerbSpec(_ADL + "registered", "Somebody joined the academy.", frozenset({Object.ACADEMY})),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done, without who did it: a verb, an object, perhaps the product that it belongs to, and a context."""

    verb: Verb
    object_kind: Object
    object_id: str
    product_id: UUID | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spec = VERBS[self.verb]
        if self.object_kind not in spec.objects:
            msg = f"nothing is {self.verb} of a {self.object_kind}"
            raise Broken(msg)
        for name, value in self.context.items():
            if spec.context.get(name) is not type(value):
                msg = f"the context of {self.verb} has no {name} of type {type(value).__name__}"
                raise Broken(msg)


_ADDRESS = re.compile(r"@|https?:|www\.", re.IGNORECASE)
_DIGITS = re.compile(r"\d(?:[\s\-().]*\d){6,}")  # telephone, card and identity numbers


def impersonal_text(text: str) -> str:
    """Return `text` trimmed, folded and short; empty when it looks like an address or a number of a person."""
    folded = " ".join(text.casefold().split())[:LONGEST_TEXT]
    return "" if _ADDRESS.search(folded) or _DIGITS.search(folded) else folded
