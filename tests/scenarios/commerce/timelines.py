"""Stories through two years, as a table: on which day who does what, and what has to be true in the end.

Day 0 is 1 March 2026. What is sold and at which prices is in `tests/domains/commerce/sequences/market.py`; a refused
payment is tried again after 2, 5 and 9 days, and a group has a day to fill.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """`acts`: «day who verb object how»; `end`: the last day; `then`: «who owns X», «who paid N», «event N».

    Acts and claims are parted by semicolons.
    """

    name: str
    acts: str
    end: int
    then: str


STORIES: tuple[Story, ...] = (
    Story("bought and kept", "0 ann buy tea", 700, "ann owns tea; ann paid 199; order_paid 1; order_expired 0"),
    Story("left at the counter", "0 ann buy tea leave", 3, "ann lacks tea; ann paid 0; order_expired 1"),
    Story("declined, then paid", "0 ann buy tea declined; 0 ann again", 3,
          "ann owns tea; ann paid 199; payment_failed 1"),
    Story("paid, and the notice never came", "0 ann buy tea never", 2, "ann owns tea; ann paid 199; order_paid 1"),
    Story("paid, and told twice", "0 ann buy tea twice", 2, "ann owns tea; ann paid 199; order_paid 1"),
    Story("paid too little", "0 ann buy tea short", 2, "ann lacks tea; payment_held 1; order_paid 0"),
    Story("given back whole", "0 ann buy tea; 3 ann refund", 10, "ann lacks tea; ann paid 0; order_refunded 1"),
    Story("given back in part", "0 ann buy tea; 3 ann refund 50", 10, "ann owns tea; ann paid 149; order_refunded 1"),
    Story("in parts until all is back", "0 ann buy tea; 1 ann refund 99; 2 ann refund 100", 5,
          "ann lacks tea; ann paid 0"),
    Story("bought again after a refund", "0 ann buy tea; 1 ann refund; 2 ann buy tea", 5, "ann owns tea; ann paid 199"),
    Story("bought twice by mistake", "0 ann buy tea; 1 ann buy tea", 5, "ann owns tea; ann paid 199; order_paid 1"),
    Story("disputed and lost", "0 ann buy tea; 9 ann dispute; 40 ann lose", 45, "ann lacks tea; dispute_decided 1"),
    Story("disputed and won", "0 ann buy tea; 9 ann dispute; 40 ann win", 45, "ann owns tea; ann paid 199"),
    Story("a bundle and what is in it", "0 ann buy both", 9, "ann owns tea; ann owns ink; ann owns both; ann paid 210"),
    Story("a bundle of what is half hers", "0 ann buy tea; 1 ann buy both", 9,
          "ann owns both; ann owns ink; order_paid 2"),
    Story("free", "0 ann buy cup", 9, "ann owns cup; ann paid 0; order_paid 1"),
    Story("the last two of a flash price", "0 ann buy print; 0 bob buy print; 0 cleo buy print", 9,
          "ann owns print; bob owns print; cleo lacks print; order_paid 2"),
    Story("a place that nobody paid for is sold again", "0 ann buy print; 0 bob buy print leave; 2 cleo buy print", 9,
          "ann owns print; bob lacks print; cleo owns print"),
    Story("a price changes between two buyers", "0 ann buy tea; 1 ann price tea 120; 2 bob buy tea", 9,
          "ann paid 199; bob paid 120"),
    Story("rented for a week", "0 ann buy film-week", 8, "ann lacks film; ann paid 9.99"),
    Story("rented and rented again", "0 ann buy film-week; 3 ann buy film-week", 13, "ann owns film; ann paid 19.98"),
    Story("a month from January's last day", "336 ann subscribe mag", 336 + 59, "ann owns mag; subscription_renewed 2"),
    Story("two years of months", "0 ann subscribe mag", 729, "ann owns mag; ann paid 720; subscription_renewed 23"),
    Story("two years, paid by the year", "0 ann subscribe mag-year; 3 ann pay", 729, "ann owns mag"),
    Story("a trial that is left", "0 ann subscribe mag-year; 3 ann cancel", 20, "ann lacks mag; ann paid 0"),
    Story("two cheap weeks, then the price", "0 ann subscribe mag-week", 20, "ann owns mag; ann paid 11.99"),
    Story("cancelled at the period's end", "0 ann subscribe mag; 10 ann cancel", 40, "ann lacks mag; ann paid 30"),
    Story("cancelled, and still there until then", "0 ann subscribe mag; 10 ann cancel", 25,
          "ann owns mag; ann paid 30"),
    Story("cancelled at once", "0 ann subscribe mag; 10 ann cancel-now", 11, "ann lacks mag; ann paid 30"),
    Story("won back before the end", "0 ann subscribe mag; 10 ann cancel; 12 ann resume", 40,
          "ann owns mag; ann paid 60"),
    Story("stayed for less", "0 ann subscribe mag; 10 ann cancel; 11 ann stay", 100, "ann owns mag; ann paid 102"),
    Story("a pause of twenty days", "0 ann subscribe mag; 10 ann pause 20", 45, "ann lacks mag; ann paid 30"),
    Story("a pause that is over", "0 ann subscribe mag; 10 ann pause 20", 60, "ann owns mag; ann paid 60"),
    Story("a card that says no once", "0 ann subscribe mag declines_once", 40,
          "ann owns mag; ann paid 60; payment_failed 1"),
    Story("a card that has expired", "0 ann subscribe mag expired", 50, "ann lacks mag; ann paid 30"),
    Story("in dunning, and still reading", "0 ann subscribe mag expired", 37, "ann owns mag; ann paid 30"),
    Story("paid by hand in dunning", "0 ann subscribe mag expired; 35 ann pay", 50, "ann owns mag; ann paid 60"),
    Story("a bank that answers late", "0 ann subscribe mag answers_late", 40, "ann owns mag; ann paid 60"),
    Story("another tier now", "0 ann subscribe silver; 10 ann change gold prorate_now", 12,
          "ann owns ink; subscription_changed 1"),
    Story("another tier from next month on", "0 ann subscribe gold; 10 ann change silver at_period_end", 45,
          "ann owns tea; ann lacks ink; ann paid 110"),
    Story("a tier opens everything, then nothing", "0 ann subscribe gold; 5 ann cancel", 40,
          "ann lacks tea; ann paid 90"),
    Story("in three parts, for ever", "0 ann subscribe atlas", 400, "ann owns atlas; ann paid 100"),
    Story("in three parts, one not paid", "0 ann subscribe atlas expired", 60, "ann lacks atlas; ann paid 33.34"),
    Story("a gift", "0 ann give tea; 2 bob claim", 9, "bob owns tea; ann lacks tea; ann paid 199; gift_claimed 1"),
    Story("a gift that nobody claimed", "0 ann give tea", 40, "bob lacks tea; ann paid 199; gift_lapsed 1"),
    Story("a gift taken back", "0 ann give tea; 3 ann takeback", 9, "ann paid 0; gift_returned 1"),
    Story("a code", "0 ann redeem 0", 9, "ann owns tea; ann paid 0; code_redeemed 1"),
    Story("a code for ten days", "0 ann redeem 2", 11, "ann lacks film; code_redeemed 1"),
    Story("a group that fills", "0 ann join; 0 bob join", 3,
          "ann owns choir; bob owns choir; group_completed 1; ann paid 60"),
    Story("a group that fails", "0 ann join", 3, "ann lacks choir; ann paid 0; group_failed 1"),
    Story("a wallet, used and emptied", "0 ann buy top-up; 1 ann lesson 0; 2 ann withdraw", 9,
          "wallet_moved 3; use_charged 1"),
    Story("credits that lapse", "0 ann buy credits; 1 ann lesson 0", 60,
          "credits_lapsed 1; use_charged 1; ann paid 20"),
    Story("an affiliate's buyer gives it back", "0 ann click tea; 5 ann refund", 9,
          "commission_accrued 1; commission_reversed 1; ann paid 0"),
    Story("an affiliate is paid", "0 ann click tea; 30 ann payout", 31, "commission_accrued 1; payout_paid 1"),
)  # fmt: skip
