"""Every number with its formula, once: the page, the API and docs/explanations/numbers.md all read this table."""

from dataclasses import dataclass
from typing import Literal

from xingtan.core.errors import Sentence, say

Unit = Literal["money", "people", "rate"]
Group = Literal["recurring", "staying", "sales", "books"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A number: its code, name and formula, what it counts in, and whether its rows can be looked at."""

    code: str
    group: Group
    unit: Unit
    title: Sentence
    how: Sentence
    has_rows: bool = True


FORMULAS: tuple[Formula, ...] = (
    Formula(
        "mrr", "recurring", "money", say("Monthly recurring revenue (MRR)"),
        say(
            "The sum, over subscriptions in force at the end, of their price without tax for a month: price × 30.4375"
            " ÷ days of the interval, where a month of an interval has 30.4375 days, so a year’s price ÷ 12; each "
            "rounded to the minor unit, halves up. What was agreed after all reductions counts; trials, pauses and "
            "instalments do not."
        ),
    ),
    Formula(
        "arr", "recurring", "money", say("Annual recurring revenue (ARR)"),
        say(
            "The same subscriptions, each for a year instead of a month: a yearly price counts as it is, a monthly "
            "one × 12."
        ),
    ),
    Formula(
        "subscribers", "recurring", "people", say("Paying subscribers"),
        say("People with MRR above nothing at the end; somebody with two subscriptions counts once."),
    ),
    Formula(
        "arpu", "recurring", "money", say("Revenue per subscriber (ARPU)"),
        say("MRR at the end ÷ paying subscribers at the end."),
    ),
    Formula(
        "ltv", "recurring", "money", say("Lifetime value (LTV)"),
        say(
            "ARPU ÷ monthly churn, where monthly churn is how often somebody’s MRR fell to nothing in the period ÷ "
            "the months that subscribers paid for in it. Without a single departure there is no answer."
        ),
    ),
    Formula(
        "churn", "staying", "rate", say("Churn of subscribers"),
        say("Of those who paid at the beginning, the share that pays nothing at the end."),
    ),
    Formula(
        "revenue_churn", "staying", "rate", say("Churn of revenue"),
        say(
            "Of the MRR at the beginning, the share that the same people no longer pay at the end; who pays more "
            "makes up for nobody else."
        ),
    ),
    Formula(
        "net_retention", "staying", "rate", say("Net revenue retention"),
        say(
            "What those who paid at the beginning pay a month at the end ÷ what they paid at the beginning;"
            " above one hundred per cent they grew."
        ),
    ),
    Formula(
        "trial_conversion", "staying", "rate", say("Trials that became subscriptions"),
        say("Of the trials that ended in the period, the share after which a period was paid."),
    ),
    Formula(
        "gross", "sales", "money", say("Gross sales"),
        say(
            "The sum of all lines of orders paid in the period, tax included, and of uses paid from wallets. Money "
            "put into a wallet counts when it is spent."
        ),
    ),
    Formula(
        "refunded", "sales", "money", say("Given back"),
        say(
            "The sum of refunds that arrived and disputes that were lost in the period, tax included; not what came "
            "back out of wallets unspent."
        ),
    ),
    Formula(
        "tax", "sales", "money", say("Tax on sales"),
        say("The tax within gross sales less the tax within what was given back."),
    ),
    Formula(
        "net", "sales", "money", say("Net sales"),
        say("Gross sales − given back − tax. Sold, whether or not it is earned yet."),
    ),
    Formula(
        "refund_rate", "sales", "rate", say("Refund rate"),
        say("Given back in the period ÷ gross sales of the period."),
    ),
    Formula(
        "earned", "books", "money", say("Earned"),
        say(
            "Income in the books in the period: sales as they are earned, less refunds of what was earned, and what "
            "lapsed unused."
        ),
        has_rows=False,
    ),
    Formula(
        "profit", "books", "money", say("Profit"),
        say("Earned − expenses in the books in the period: fees, commission, rewards, lost disputes."),
        has_rows=False,
    ),
    Formula(
        "deferred", "books", "money", say("Deferred revenue"),
        say("The balance of liability:deferred in the books at the end: paid for days that have not come."),
    ),
    Formula(
        "cash", "books", "money", say("Cash"),
        say("The balances of assets:bank and of every assets:provider account in the books at the end."),
        has_rows=False,
    ),
)  # fmt: skip

BY_CODE = {one.code: one for one in FORMULAS}

MOVES: dict[str, tuple[Sentence, Sentence]] = {
    "new": (say("New"), say("Somebody’s first MRR ever.")),
    "expansion": (
        say("Expansion"),
        say("Who paid already pays more: another plan, one more subscription, the end of a first price."),
    ),
    "reactivated": (say("Reactivated"), say("Who had paid before, and then nothing, pays again.")),
    "contraction": (say("Contraction"), say("Who goes on paying pays less.")),
    "churned": (say("Churned"), say("Who paid pays nothing any more: ended, or paused.")),
}  # fmt: skip
"""Movement → what it is called and when it is one; MRR at the end is MRR at the beginning and these five sums."""
