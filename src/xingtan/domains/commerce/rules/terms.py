"""What each way to sell needs besides a price, and what is refused of it."""

from collections.abc import Callable, Mapping
from typing import Any

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.money import MAX_MINOR, Money
from xingtan.domains.commerce.rules.plans import MODELS, plan_of

MOST_DAYS = 3_660

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


_JUDGES: dict[str, Callable[[Mapping[str, Any]], Faults]] = {
    "rental": _rental,
    **{model: _plan(model) for model in MODELS},
}
"""Way to sell → who judges its terms; ways without terms are left out."""
