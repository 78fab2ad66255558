"""What an offer promises for the time to come: its interval, trial, first prices, number of instalments.

The terms are kept with the offer as plain data, and copied to the subscription on the day it begins: a later change of
the offer touches nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.money import MAX_MINOR, Money, zero
from xingtan.domains.commerce.rules.intervals import Interval, parse_interval

INTRO_PERIODS_AT_MOST = 36
INSTALMENTS = range(2, 61)
CARD_WORDS = ("none", "required")
MODELS = ("subscription", "instalments")
GIVING = ("trialing", "active", "past_due", "cancelled")
"""States of a subscription in which it gives access; what instalments have paid for is given for ever."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is paid, and how often. `count`: after so many payments all is paid; None: for as long as she likes.

    `price` is each period's; of instalments it is the whole. `intro_price` holds for the first `intro_periods`.
    """

    price: Money
    every: Interval
    trial: Interval | None = None
    trial_needs_card: bool = False
    intro_price: Money | None = None
    intro_periods: int = 0
    count: int | None = None

    @property
    def is_instalments(self) -> bool:
        """Say whether it ends by being paid."""
        return self.count is not None

    @property
    def for_who_is_back(self) -> "Plan":
        """Return the plan without its first prices: these are for newcomers."""
        return replace(self, intro_price=None, intro_periods=0)

    def price_of(self, number: int) -> Money:
        """Return what the `number`-th payment is, from 1: an instalment, the price at first, or the price."""
        if self.count is not None:
            return self.price.split([1] * self.count)[number - 1]
        if self.intro_price is not None and number <= self.intro_periods:
            return self.intro_price
        return self.price

    @property
    def monthly(self) -> Money:
        """Return what a period costs by the month (of 487/16 days), halves up: for comparing and for adding up."""
        sixteenths = self.every.months * 487 + self.every.days * 16
        return Money((2 * self.price.minor * 487 + sixteenths) // (2 * sixteenths), self.price.currency)

    def terms(self) -> dict[str, Any]:
        """Return the plan, without its price, as plain data."""
        found: dict[str, Any] = {"interval": str(self.every)}
        if self.trial is not None:
            found |= {"trial": str(self.trial), "card": CARD_WORDS[self.trial_needs_card]}
        if self.intro_price is not None:
            found["intro"] = {"minor": self.intro_price.minor, "periods": self.intro_periods}
        return found | ({"count": self.count} if self.count is not None else {})


def plan_of(model: str, price: Money, terms: Mapping[str, Any]) -> Plan:
    """Return the plan that terms hold; `Invalid` names each field that does not."""
    faults: dict[str, Sentence] = {}
    every = _interval(terms, "interval", faults)
    if price.minor <= 0 or price.minor > MAX_MINOR:
        faults["price"] = say("A price is more than nothing. Choose “free” to give it away.")
    more = _instalments(terms, faults) if model == "instalments" else _subscription(price, terms, faults)
    if more.get("count") and price.minor < more["count"]:
        faults["price"] = say("This is too little to be paid in so many parts.")
    if faults or every is None:
        raise Invalid(faults)
    return Plan(price, every, **more)


def _interval(terms: Mapping[str, Any], name: str, faults: dict[str, Sentence]) -> Interval | None:
    try:
        return parse_interval(str(terms.get(name, "")), field=name)
    except Invalid as error:
        faults |= error.fields
        return None


def _instalments(terms: Mapping[str, Any], faults: dict[str, Sentence]) -> dict[str, Any]:
    count = terms.get("count")
    if type(count) is not int or count not in INSTALMENTS:
        faults["count"] = say("Between 2 and 60 parts, please.")
        return {}
    return {"count": count}


def _subscription(price: Money, terms: Mapping[str, Any], faults: dict[str, Sentence]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if terms.get("trial"):
        found["trial"] = _interval(terms, "trial", faults)
        found["trial_needs_card"] = terms.get("card") == CARD_WORDS[1]
    if terms.get("card", CARD_WORDS[0]) not in CARD_WORDS:
        faults["card"] = say("Please choose one of these.")
    intro = terms.get("intro")
    if intro:
        found |= _intro(price, intro, faults)
    return found


def _intro(price: Money, intro: Any, faults: dict[str, Sentence]) -> dict[str, Any]:
    minor, periods = (intro.get("minor"), intro.get("periods")) if isinstance(intro, Mapping) else (None, None)
    if type(minor) is not int or not 0 <= minor < max(price.minor, 1):
        faults["intro_price"] = say("The price at first is below the later one.")
    if type(periods) is not int or not 1 <= periods <= INTRO_PERIODS_AT_MOST:
        faults["intro_periods"] = say("Between 1 and 36 periods, please.")
    if faults or type(minor) is not int:
        return {}
    return {"intro_price": Money(minor, price.currency), "intro_periods": periods}


def first_price(plan: Plan, *, with_trial: bool) -> Money:
    """Return what is paid on the first day: nothing where it begins with a trial."""
    return zero(plan.price.currency) if with_trial and plan.trial is not None else plan.price_of(1)
