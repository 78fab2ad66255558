"""Somebody who wants to subscribe for less: money back and its credit too, a first price again and again."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import SalesOrder, Subscription


@pytest.fixture
def club(shop: Shop) -> Club:
    return Club(shop)


def ask_back(shop: Shop, who: Viewer, number: str) -> None:
    command = commerce.AskBack(number, 0, shop.key())
    shop.platform.database.write(lambda session: commerce.ask_back(session, who, command, clock=shop.clock))


def first_number(club: Club, sub: UUID) -> str:
    wanted = select(SalesOrder.number).join(Subscription, Subscription.first_order_id == SalesOrder.id)
    return club.read(lambda session: session.scalars(wanted.where(Subscription.id == sub)).one())


def test_what_went_back_is_not_carried_on_to_a_cheaper_plan(shop: Shop, club: Club) -> None:
    ann, tea = shop.person("ann"), shop.product("tea")
    yearly, monthly = club.plan(tea, "1200", "P1Y"), club.plan(tea, "100", "P1M")
    sub = club.subscribe(ann, yearly)
    club.days(1)
    club.change(ann, sub, monthly, "full_now")
    number = first_number(club, sub)
    ask_back(shop, ann, number)
    club.work()
    assert shop.order(number).refunded == yuan("1200")
    assert club.state(sub) == "ended"
    assert not shop.owns(ann, tea)
    assert club.faults() == []


def test_a_dearer_plan_does_not_outlive_the_money_that_it_was_credited_with(shop: Shop, club: Club) -> None:
    ann = shop.person("ann")
    tea = shop.product("tea")
    silver, gold = club.tier("silver"), club.tier("gold")
    basic, dear = club.plan(None, "100", "P1M", tier_id=silver), club.plan(None, "120", "P1M", tier_id=gold)
    sub = club.subscribe(ann, basic)
    club.days(1)
    club.change(ann, sub, dear, "prorate_now")
    assert club.view(sub).tier_id == gold
    ask_back(shop, ann, first_number(club, sub))
    club.work()
    assert club.state(sub) == "ended"
    assert not shop.owns(ann, tea)
    assert club.faults() == []


def test_a_first_price_is_for_newcomers(shop: Shop, club: Club) -> None:
    ann, tea = shop.person("ann"), shop.product("tea")
    plan = club.plan(tea, "30", intro={"minor": 100, "periods": 3})
    sub = club.subscribe(ann, plan)
    club.cancel(ann, sub, when="at_once")
    again = club.subscribe(ann, plan)
    assert sorted(club.paid(ann)) == [1_00, 30_00]
    club.days(32)
    assert club.state(again) == "active"
    assert sorted(club.paid(ann)) == [1_00, 30_00, 30_00]
    assert club.faults() == []
