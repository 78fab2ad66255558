"""Another plan: the preview is what is charged (M11), whatever the mode, and the right follows the money."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.errors import Conflict, Invalid, NotFound


def test_an_upgrade_pays_for_the_days_that_are_left(club: Club) -> None:
    ann = club.shop.person()
    club.shop.product()
    silver, gold = club.tier("silver"), club.tier("gold")
    small = club.plan(None, "30", "P30D", tier_id=silver)
    large = club.plan(None, "90", "P30D", tier_id=gold)
    sub = club.subscribe(ann, small)
    club.days(10)
    seen = club.preview(ann, sub, large, "prorate_now")
    assert (seen.credit.minor, seen.charge.minor, seen.due_now.minor) == (2000, 6000, 4000)
    club.change(ann, sub, large, "prorate_now")
    assert club.paid(ann) == [3000, 4000]
    assert club.view(sub).tier_id == gold
    club.days(21)
    assert club.paid(ann) == [3000, 4000, 9000]
    starts = [starts_at for _, _, starts_at, _ in club.tiles(sub)]
    assert starts[2] - starts[0] == timedelta(days=30)
    (changed,) = club.events("subscription_changed")
    assert changed["before"]["minor"] < changed["after"]["minor"]
    assert club.faults() == []


def test_a_downgrade_now_keeps_what_is_left_for_later(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    small, large = club.plan(tea, "30", "P30D"), club.plan(tea, "90", "P31D")
    assert small.id != large.id
    silver, gold = club.tier("silver"), club.tier("gold")
    small, large = club.plan(None, "30", "P30D", tier_id=silver), club.plan(None, "90", "P30D", tier_id=gold)
    sub = club.subscribe(ann, large)
    club.days(15)
    seen = club.preview(ann, sub, small, "prorate_now")
    assert (seen.credit.minor, seen.charge.minor, seen.due_now.minor, seen.carry.minor) == (4500, 1500, 0, 3000)
    club.change(ann, sub, small, "prorate_now")
    assert club.view(sub).carry.minor == 3000
    club.days(50)
    assert club.paid(ann) == [9000, 0, 3000]
    assert club.faults() == []


def test_a_full_new_period_now(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    sub = club.subscribe(ann, month)
    club.days(10)
    seen = club.preview(ann, sub, year, "full_now")
    assert seen.due_now.minor == 30000 - 2000
    club.change(ann, sub, year, "full_now")
    assert club.paid(ann) == [3000, 28000]
    club.days(370)
    assert club.paid(ann) == [3000, 28000, 30000]
    assert club.faults() == []


def test_at_the_end_of_the_period(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    sub = club.subscribe(ann, month)
    seen = club.preview(ann, sub, year, "at_period_end")
    assert (seen.due_now.minor, seen.next_payment.minor) == (0, 30000)
    club.change(ann, sub, year, "at_period_end")
    assert club.view(sub).next_offer_id == year.id
    club.days(31)
    assert club.paid(ann) == [3000, 30000]
    assert club.shop.owns(ann, tea)
    assert club.faults() == []


def test_the_difference_with_the_next_invoice_or_when_she_leaves(club: Club) -> None:
    ann, bob = club.shop.person(), club.shop.person("bob")
    club.shop.product()
    silver, gold = club.tier("silver"), club.tier("gold")
    small, large = club.plan(None, "30", "P30D", tier_id=silver), club.plan(None, "90", "P30D", tier_id=gold)
    stays, leaves = club.subscribe(ann, small), club.subscribe(bob, small)
    club.days(31)
    for who, sub in ((ann, stays), (bob, leaves)):
        seen = club.preview(who, sub, large, "next_invoice")
        assert seen.due_now.minor == 0
        owed = -seen.carry.minor
        assert owed > 0
        club.change(who, sub, large, "next_invoice")
    club.cancel(bob, leaves)
    assert club.paid(bob)[-1] == owed
    club.days(31)
    assert club.paid(ann) == [3000, 3000, 9000 + owed]
    assert club.faults() == []


def test_a_change_that_must_be_paid_holds_only_when_it_is(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    sub = club.subscribe(ann, month)
    club.forget_cards(ann)  # she pays by herself
    with pytest.raises(Invalid):
        club.change(ann, sub, year, "next_invoice")
    changed = club.change(ann, sub, year, "full_now")
    assert (changed.payment_id, club.view(sub).plan.price.minor) == (None, 3000)
    club.shop.pass_time(minutes=31)
    club.work()  # the order expires, and the plan stays
    assert (club.view(sub).open_order, club.view(sub).plan.price.minor) == (None, 3000)
    club.days(28)
    club.pay_now(ann, sub)
    assert club.paid(ann) == [3000, 3000]
    assert club.faults() == []


def test_what_was_shown_is_kept_for_a_quarter_of_an_hour(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    sub = club.subscribe(ann, month)
    club.days(31)
    at = club.shop.clock.now()
    seen = club.preview(ann, sub, year, "full_now")
    club.shop.pass_time(minutes=14)
    club.change(ann, sub, year, "full_now", at=at)
    assert club.paid(ann)[-1] == seen.due_now.minor
    with pytest.raises(Conflict):
        club.change(ann, sub, month, "full_now", at=club.shop.clock.now() - timedelta(minutes=16))
    with pytest.raises((Conflict, Invalid)):
        club.change(ann, sub, month, "full_now", at=club.shop.clock.now() + timedelta(minutes=1))


def test_plans_of_others_and_of_other_things_are_not_there(club: Club) -> None:
    ann, tea, ink = club.shop.person(), club.shop.product(), club.shop.product("ink")
    sub = club.subscribe(ann, club.plan(tea))
    with pytest.raises(NotFound):
        club.preview(ann, sub, club.plan(ink, "300", "P1Y"), "full_now")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_preview_is_charge_to_the_minor_unit(club: Club, data: st.DataObject) -> None:
    serial = club.shop.key()
    ann = club.shop.person(serial)
    tiers = [club.tier(f"{serial}-{place}") for place in range(3)]
    prices = data.draw(st.lists(st.integers(1, 99_999), min_size=3, max_size=3), label="prices")
    offers = [
        club.plan(None, f"{minor // 100}.{minor % 100:02}", "P30D", tier_id=tier)
        for tier, minor in zip(tiers, prices, strict=True)
    ]
    sub = club.subscribe(ann, offers[0])
    club.days(31)
    here = 0
    for _ in range(3):
        club.days(data.draw(st.floats(0.01, 6), label="days"))
        there = data.draw(st.sampled_from([one for one in range(3) if one != here]), label="to")
        mode = data.draw(st.sampled_from(["prorate_now", "full_now", "next_invoice"]), label="mode")
        before = sum(club.paid(ann))
        seen = club.preview(ann, sub, offers[there], mode)
        club.change(ann, sub, offers[there], mode)
        assert sum(club.paid(ann)) - before == seen.due_now.minor
        assert club.view(sub).carry == seen.carry
        here = there
    expected = club.view(sub)
    before = sum(club.paid(ann))
    club.at(expected.period_ends_at + timedelta(hours=2))
    assert sum(club.paid(ann)) - before == max(0, expected.plan.price.minor - expected.carry.minor)
    assert club.faults() == []
