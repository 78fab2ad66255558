"""Somebody who looks for the cheapest way in: priceless parts, discounts of a trial, friends who leave again."""

import pytest

from tests.domains.commerce.attacks.test_orders import only_group, order, pay
from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import NotByRule


@pytest.fixture
def club(shop: Shop) -> Club:
    return Club(shop)


def test_a_part_that_is_sold_in_the_bundle_alone_has_its_share_of_the_price(shop: Shop) -> None:
    ann = shop.person()
    tea, rare, gift = shop.product("tea"), shop.product("rare"), shop.product("gift")
    shop.buy(ann, shop.offer(tea, "50"))
    shop.offer(gift, "0", model="free")
    bundle = shop.offer(shop.product("all", kind="bundle", parts=(tea, rare, gift)), "80")
    assert shop.order(shop.place(ann, bundle).number).total == yuan("40")


def test_a_trial_that_nobody_has_paid_for_lowers_nothing_that_is_kept(club: Club) -> None:
    ann, book = club.shop.person(), club.shop.offer(club.shop.product("book"), "100")
    gold = club.tier("gold", discount_bp=5000)
    sub = club.subscribe(ann, club.plan(None, "30", tier_id=gold, trial="P14D"))
    assert club.state(sub) == "trialing"
    assert club.shop.order(club.shop.place(ann, book).number).total == yuan("100")


def test_a_place_in_a_complete_group_does_not_go_back_by_rule(shop: Shop) -> None:
    deal = shop.offer(shop.product(), "60", model="group", terms={"size": 2, "hours": 24})
    ann, friend = shop.person(), shop.person("friend")
    pay(shop, order(shop, ann, deal))
    placed = order(shop, friend, deal, group_id=only_group(shop))
    pay(shop, placed)
    with pytest.raises(NotByRule) as caught:
        shop.platform.database.write(
            lambda session: commerce.ask_back(
                session, friend, commerce.AskBack(placed.number, 0, shop.key()), clock=shop.clock
            )
        )
    assert caught.value.reason == "group"
