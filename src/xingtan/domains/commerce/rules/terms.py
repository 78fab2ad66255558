"""What each way to sell needs besides a price, and what is refused of it."""

from collections.abc import Callable, Mapping
from typing import Any

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.money import MAX_MINOR, Money
from xingtan.domains.commerce.rules.plans import MODELS, plan_of
from xingtan.domains.commerce.rules.uses import UNITS

MOST_DAYS = 3_660
MOST_CREDITS = 10_000
LONGEST_TITLE = 80

Faults = dict[str, Sentence]


def fault_of_terms(model: str, terms: Mapping[str, Any]) -> Faults:
    """Return what is wrong with the terms of a `model` offer, by field; empty when nothing is."""
    judge = _JUDGES.get(model)
    return judge(terms) if judge else {}


def _rental(terms: Mapping[str, Any]) -> Faults:
    days = terms.get("days")
    if type(days) is not int or not 0 < days <= MOST_DAYS:
        return {"days": say("For how many days? A number between 1 and 3,660.")}
    return {}


def _plan(model: str) -> Callable[[Mapping[str, Any]], Faults]:
    """Return who judges a plan's terms; its price is judged with the offer's, and its first prices when it is made."""

    def judge(terms: Mapping[str, Any]) -> Faults:
        try:
            plan_of(model, Money(MAX_MINOR, "USD"), terms)
        except Invalid as error:
            return error.fields
        return {}

    return judge


def _unit(terms: Mapping[str, Any]) -> Faults:
    return {} if terms.get("unit") in UNITS else {"unit": say("Please choose what is counted.")}


def _credits(terms: Mapping[str, Any]) -> Faults:
    faults = _unit(terms) | _title(terms)
    if type(terms.get("credits")) is not int or not 0 < terms["credits"] <= MOST_CREDITS:
        faults["credits"] = say("How many uses? A number between 1 and 10,000.")
    days = terms.get("days")
    if days is not None and (type(days) is not int or not 0 < days <= MOST_DAYS):
        faults["days"] = say("For how many days? A number between 1 and 3,660.")
    return faults


def _top_up(terms: Mapping[str, Any]) -> Faults:
    bonus = terms.get("bonus_minor", 0)
    if type(bonus) is not int or not 0 <= bonus <= MAX_MINOR:
        return _title(terms) | {"bonus": say("A bonus is not negative.")}
    return _title(terms)


def _title(terms: Mapping[str, Any]) -> Faults:
    title = terms.get("title")
    if not isinstance(title, str) or not 0 < len(title.strip()) <= LONGEST_TITLE:
        return {"title": say("Give the pack a name of at most %(limit)s characters.", limit=LONGEST_TITLE)}
    return {}


MOST_MEMBERS, MOST_HOURS = 100, 720


def _group(terms: Mapping[str, Any]) -> Faults:
    faults: Faults = {}
    size, hours = terms.get("size"), terms.get("hours")
    if type(size) is not int or not 2 <= size <= MOST_MEMBERS:  # noqa: PLR2004 - one is no group
        faults["size"] = say("How many people? A number between 2 and 100.")
    if type(hours) is not int or not 1 <= hours <= MOST_HOURS:
        faults["hours"] = say("Within how many hours? A number between 1 and 720.")
    return faults


_JUDGES: dict[str, Callable[[Mapping[str, Any]], Faults]] = {
    "rental": _rental,
    "group": _group,
    "per_use": _unit,
    "credits": _credits,
    "top_up": _top_up,
    **{model: _plan(model) for model in MODELS},
}
"""Way to sell → who judges its terms; ways without terms are left out."""
