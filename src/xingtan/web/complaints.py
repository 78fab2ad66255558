"""What Pydantic complains of, in our own words, so that they can be said in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from xingtan.core.errors import Sentence, say

_KINDS: Mapping[str, Sentence] = {
    "missing": say("This is missing."),
    "not_an_id": say("This is not an id of ours."),
    "unstorable": say("This holds a character that cannot be kept."),
    "far_away": say("Choose a day between the years 2000 and 2200."),
    "unknown_currency": say("This currency is not known here."),
    "amounts_disagree": say("The amount and its minor units disagree."),
    "extra_forbidden": say("This name is not known here."),
    "string_type": say("This has to be a text."),
    "string_too_short": say("This is too short."),
    "string_pattern_mismatch": say("This is not written as it should be."),
    "int_type": say("This has to be a whole number."),
    "int_parsing": say("This has to be a whole number."),
    "int_from_float": say("This has to be a whole number."),
    "float_type": say("This has to be a number."),
    "float_parsing": say("This has to be a number."),
    "finite_number": say("This has to be a number."),
    "bool_type": say("This has to be true or false."),
    "bool_parsing": say("This has to be true or false."),
    "list_type": say("This has to be a list."),
    "tuple_type": say("This has to be a list."),
    "dict_type": say("This has to be an object with names and values."),
    "model_type": say("This has to be an object with names and values."),
    "model_attributes_type": say("This has to be an object with names and values."),
    "timezone_aware": say("Write the moment with its time zone, such as 2026-03-01T08:00:00Z."),
    "datetime_parsing": say("Write the moment with its time zone, such as 2026-03-01T08:00:00Z."),
    "datetime_from_date_parsing": say("Write the moment with its time zone, such as 2026-03-01T08:00:00Z."),
    "date_parsing": say("Write the day as 2026-03-01."),
    "date_from_datetime_parsing": say("Write the day as 2026-03-01."),
}


def field_of(complaint: Mapping[str, Any]) -> str:
    """Return the name of the field that a complaint is about: ``price.minor``; ``body`` for the whole."""
    return ".".join(str(part) for part in complaint["loc"][1:]) or "body"


def sentence_of(complaint: Mapping[str, Any]) -> Sentence:
    """Return what is wrong with the field."""
    kind, context = str(complaint["type"]), complaint.get("ctx") or {}
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in {"literal_error", "enum"}:
        return say("This has to be one of: %(words)s.", words=str(context.get("expected", "")).replace(" or ", ", "))
    if kind in {"string_too_long", "too_long"}:
        return say("This is too long; at most %(most)s.", most=context.get("max_length", ""))
    if kind in {"greater_than_equal", "greater_than"}:
        return say("This has to be at least %(least)s.", least=context.get("ge", context.get("gt", "")))
    if kind in {"less_than_equal", "less_than"}:
        return say("This can be at most %(most)s.", most=context.get("le", context.get("lt", "")))
    return say("This is not accepted: %(reason)s", reason=complaint["msg"])


def complaints(found: Sequence[Mapping[str, Any]]) -> dict[str, Sentence]:
    """Return field → sentence."""
    return {field_of(one): sentence_of(one) for one in found}
