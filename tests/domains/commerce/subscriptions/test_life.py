"""Timelines: a subscription from its first day to its last, with all that it asks, gives and tells."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.domains.commerce.shop import yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.errors import Conflict, Invalid, NotFound
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.errors import AlreadyOwned
from xingtan.domains.commerce.models import Subscription


def test_a_month_after_the_other(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30"))
    assert club.state(sub) == "active"
    assert club.shop.owns(ann, tea)
    club.days(95)
    assert club.paid(ann) == [3000] * 4
    assert [(kind, state) for kind, state, _, _ in club.tiles(sub)] == [("regular", "paid")] * 4
    assert club.moves() == []
    assert club.shop.owns(ann, tea)
    assert club.faults() == []


def test_what_was_paid_for_days_to_come_is_earned_day_by_day(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30"))
    assert club.shop.balances()["liability:deferred"] == -3000
    club.days(15)
    earned = -club.shop.balances()["income:sales"]
    assert 1300 < earned < 1600
    club.cancel(ann, sub)
    club.days(30)
    assert club.shop.balances().get("liability:deferred", 0) == 0
    assert club.shop.balances()["income:sales"] == -3000
    assert club.faults() == []


def test_the_last_day_of_the_month_stays_the_last_day(club: Club) -> None:
    club.shop.clock.set(datetime(2027, 1, 31, 1, tzinfo=UTC))
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea))
    club.at(datetime(2027, 5, 5, tzinfo=UTC))
    zone = ZoneInfo(club.read(lambda session: session.get_one(Subscription, sub).zone))
    days = [starts_at.astimezone(zone).day for _, _, starts_at, _ in club.tiles(sub)]
    assert days == [31, 28, 31, 30]


def test_a_trial_without_a_card_becomes_a_subscription_by_paying(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", trial="P14D"))
    assert (club.state(sub), club.shop.owns(ann, tea), club.paid(ann)) == ("trialing", True, [0])
    club.days(12)  # three days before: the letter that asks
    assert [one["why"] for one in club.events("subscription_payment_asked")] == ["renewal"]
    club.pay_now(ann, sub)
    assert club.state(sub) == "active"
    club.days(40)
    assert club.paid(ann) == [0, 3000, 3000]
    assert [kind for kind, _, _, _ in club.tiles(sub)] == ["trial", "regular", "regular"]
    assert club.faults() == []


def test_a_trial_that_nobody_pays_for_ends_without_grace(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", trial="P14D"))
    club.days(15)
    assert club.state(sub) == "past_due"
    assert not club.shop.owns(ann, tea)
    club.days(22)
    assert (club.state(sub), club.view(sub).end_reason) == ("ended", "not_paid")
    assert club.faults() == []


def test_one_trial_is_enough(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    offer = club.plan(tea, "30", trial="P14D")
    sub = club.subscribe(ann, offer)
    with pytest.raises(AlreadyOwned):
        club.shop.place(ann, offer)
    club.cancel(ann, sub, when="at_once")
    assert not club.shop.owns(ann, tea)
    second = club.subscribe(ann, offer)
    assert club.state(second) == "active"
    assert sorted(club.paid(ann)) == [0, 3000]


def test_a_trial_with_a_card_is_charged_when_it_ends(club: Club) -> None:
    ann, tea, ink = club.shop.person(), club.shop.product(), club.shop.product("ink")
    offer = club.plan(tea, "30", trial="P14D", card="required")
    with pytest.raises(Conflict):
        club.shop.place(ann, offer)
    club.subscribe(ann, club.plan(ink, "10", "P1Y"))
    sub = club.subscribe(ann, offer)
    club.days(15)
    assert club.state(sub) == "active"
    assert sorted(club.paid(ann)) == [0, 1000, 3000]
    assert [one["why"] for one in club.events("subscription_reminded")] == ["trial_end"]
    assert club.faults() == []


def test_the_price_at_first_holds_for_its_periods(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    club.subscribe(ann, club.plan(tea, "30", intro={"minor": 100, "periods": 2}))
    club.days(70)
    assert club.paid(ann) == [100, 100, 3000]
    assert club.faults() == []


def test_dunning_keeps_access_and_then_ends_it(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"), card="expired")
    club.days(30.5)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("past_due", True)
    asked = [one["attempt"] for one in club.events("subscription_payment_asked")]
    assert asked == [0]
    club.days(20.6)
    assert club.shop.owns(ann, tea)
    assert [one["attempt"] for one in club.events("subscription_payment_asked")] == [0, 1, 2, 3, 4]
    club.days(1)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("ended", False)
    assert [state for _, state, _, _ in club.tiles(sub)] == ["paid", "unpaid"]
    assert club.moves() == ["active → past_due", "past_due → ended"]
    assert club.faults() == []


def test_a_card_that_says_no_once_is_tried_again(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"), card="declines_once")
    club.days(33)
    assert club.state(sub) == "active"
    assert club.moves() == ["active → past_due", "past_due → active"]
    assert club.paid(ann) == [3000, 3000]
    starts = [starts_at for _, _, starts_at, _ in club.tiles(sub)]
    assert starts[1] - starts[0] == timedelta(days=30)  # the days of dunning are no gift and no loss
    assert club.faults() == []


def test_an_answer_that_comes_late_is_found_out(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"), card="answers_late")
    club.days(31)
    assert (club.state(sub), club.paid(ann)) == ("active", [3000, 3000])
    assert club.shop.peer_differs() == []
    assert club.faults() == []


def test_a_failed_payment_is_paid_with_another_card(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"), card="expired")
    club.days(31)
    club.pay_now(ann, sub, card="pays")
    assert (club.state(sub), club.paid(ann)) == ("active", [3000, 3000])
    club.days(62)
    assert club.faults() == []


def test_cancelled_means_until_the_end_of_what_is_paid(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    club.days(10)
    club.cancel(ann, sub)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("cancelled", True)
    club.days(19)
    assert club.shop.owns(ann, tea)
    club.days(1)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("ended", False)
    assert club.paid(ann) == [3000]
    assert club.faults() == []


def test_who_changes_her_mind_goes_on(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    club.cancel(ann, sub)
    club.days(20)
    club.resume(ann, sub)
    club.days(15)
    assert (club.state(sub), club.paid(ann)) == ("active", [3000, 3000])
    assert club.faults() == []


def test_a_trial_can_be_cancelled_and_resumed(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", trial="P14D"))
    club.cancel(ann, sub)
    club.resume(ann, sub)
    assert club.state(sub) == "trialing"
    club.cancel(ann, sub)
    club.days(15)
    assert (club.state(sub), club.paid(ann)) == ("ended", [0])
    assert club.faults() == []


def test_one_offer_to_stay(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    stay = lambda session: subscribing.stay(session, ann, sub, clock=club.shop.clock)  # noqa: E731
    with pytest.raises(Conflict):
        club.write(stay)
    club.rules(save_bp=5000, save_periods=2)
    club.cancel(ann, sub)
    club.write(stay)
    assert club.state(sub) == "active"
    with pytest.raises(Conflict):
        club.write(stay)
    club.days(95)
    assert club.paid(ann) == [3000, 1500, 1500, 3000]
    assert club.faults() == []


def test_a_pause_begins_when_what_is_paid_ends(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    with pytest.raises(Invalid):
        club.pause(ann, sub, days=91)
    club.pause(ann, sub, days=20)
    club.days(29)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("active", True)
    club.days(2)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("paused", False)
    club.days(25)  # the pause is over, and the card is charged
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("active", True)
    assert [(kind, state) for kind, state, _, _ in club.tiles(sub)] == [
        ("regular", "paid"), ("pause", "free"), ("regular", "paid"),
    ]  # fmt: skip
    assert club.paid(ann) == [3000, 3000]
    assert club.faults() == []


def test_a_pause_can_be_taken_back_or_cut_short(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    club.pause(ann, sub, days=60)
    club.resume(ann, sub)
    club.days(35)
    assert club.paid(ann) == [3000, 3000]
    club.pause(ann, sub, days=60)
    club.days(30)
    assert club.state(sub) == "paused"
    club.resume(ann, sub)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("active", True)
    assert club.paid(ann) == [3000, 3000, 3000]
    assert club.faults() == []


def test_nobody_comes_back_from_a_pause_without_paying(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"), card="expired")
    club.pause(ann, sub, days=10)
    club.days(45)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("paused", False)
    club.days(25)
    assert club.state(sub) == "ended"
    assert [kind for kind, _, _, _ in club.tiles(sub)] == ["regular", "pause"]
    assert club.faults() == []


def test_a_year_is_announced_a_week_before(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    club.subscribe(ann, club.plan(tea, "300", "P1Y"))
    club.days(357)
    assert club.events("subscription_reminded") == []
    club.days(2)
    (told,) = club.events("subscription_reminded")
    assert (told["why"], told["amount"]) == ("renewal", {"minor": 30000, "currency": "CNY"})
    club.days(10)
    assert club.paid(ann) == [30000, 30000]


def test_instalments_end_by_being_paid(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "100", model="instalments", count=3))
    club.days(100)
    assert (club.state(sub), club.paid(ann)) == ("completed", [3334, 3333, 3333])
    club.days(400)
    assert club.shop.owns(ann, tea)
    assert club.shop.balances()["income:sales"] == -10000
    assert club.faults() == []


def test_instalments_that_are_not_paid_end(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "100", model="instalments", count=3), card="expired")
    club.days(60)
    assert (club.state(sub), club.shop.owns(ann, tea)) == ("ended", False)
    assert club.faults() == []


def test_money_back_ends_the_subscription(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    club.days(5)
    number = club.view(sub).periods[0].order_number
    assert number is not None
    club.shop.refund(number)
    assert (club.state(sub), club.view(sub).end_reason, club.shop.owns(ann, tea)) == ("ended", "refunded", False)
    assert [state for _, state, _, _ in club.tiles(sub)] == ["refunded"]
    club.days(40)
    assert club.paid(ann) == [3000]
    assert club.faults() == []


def test_two_orders_for_one_subscription_are_one_subscription(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    month, year = club.plan(tea, "30"), club.plan(tea, "300", "P1Y")
    first, second = club.shop.place(ann, month), club.shop.place(ann, year)
    assert first.payment_id is not None
    assert second.payment_id is not None
    club.pay(first.payment_id)
    club.pay(second.payment_id)
    assert [payment.state for payment in club.shop.order(second.number).payments] == ["returned"]
    assert club.faults() == []


def test_somebody_else_s_subscription_is_not_there(club: Club) -> None:
    ann, bob, tea = club.shop.person(), club.shop.person("bob"), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea))
    for verb in (lambda: club.cancel(bob, sub), lambda: club.resume(bob, sub), lambda: club.pause(bob, sub, days=3)):
        with pytest.raises(NotFound):
            verb()


def test_existing_subscribers_keep_their_price_unless_told(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    dearer = club.plan(tea, "40", "P30D")
    club.days(31)
    assert club.paid(ann) == [3000, 3000]
    now = club.shop.clock.now()
    for days, fits in ((29, False), (40, True)):
        work = lambda session, days=days: subscribing.reprice(  # noqa: E731
            session, SYSTEM, sub, offer_id=dearer.id, at=now + timedelta(days=days), clock=club.shop.clock
        )
        if fits:
            club.write(work)
        else:
            with pytest.raises(Invalid):
                club.write(work)
    assert [one["why"] for one in club.events("subscription_reminded")] == ["new_price"]
    club.days(90)
    assert club.paid(ann) == [3000, 3000, 3000, 4000, 4000]
    assert club.faults() == []


def test_running_everything_twice_changes_nothing(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    club.days(31)
    before = (club.view(sub), club.paid(ann), club.shop.balances())
    for _ in range(3):
        subscribing.run_subscriptions(club.platform, {}, lambda **_more: None)
        club.shop.drain()
    assert (club.view(sub), club.paid(ann), club.shop.balances()) == before
    assert yuan("30").minor * 2 == sum(club.paid(ann))
