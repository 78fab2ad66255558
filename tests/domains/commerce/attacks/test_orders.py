"""Somebody who wants more than she pays for: places of groups, two things in one order, money on its way back."""

from typing import Any, Literal
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.errors import Refused
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.groups.queries import groups
from xingtan.domains.commerce.models import BuyingGroup, Subscription
from xingtan.domains.commerce.providers import Dispute as SeenDispute
from xingtan.domains.commerce.providers import ProviderPayment, ProviderRefund
from xingtan.domains.commerce.use_cases.refunds import settle_refund


@pytest.fixture
def club(shop: Shop) -> Club:
    return Club(shop)


def order(shop: Shop, who: Viewer, offer: commerce.OfferView, **more: Any) -> commerce.PlacedOrder:
    assert who.person_id is not None
    command = commerce.PlaceOrder(who.person_id, offer.id, shop.key(), "sandbox", "en", **more)
    return shop.platform.database.write(lambda session: commerce.place_order(session, command, clock=shop.clock))


def pay(shop: Shop, placed: commerce.PlacedOrder) -> None:
    shop.choose(shop.present(placed.payment_id).rpartition("/")[2], "success")
    shop.drain()


def only_group(shop: Shop) -> UUID:
    return shop.platform.database.read(lambda session: groups(session, SYSTEM))[0].id


def taken(shop: Shop, group_id: UUID) -> int:
    return shop.platform.database.read(
        lambda session: session.scalars(select(BuyingGroup.taken).where(BuyingGroup.id == group_id)).one()
    )


def test_nothing_but_the_groups_own_offer_takes_a_place_in_it(shop: Shop) -> None:
    deal = shop.offer(shop.product("deal"), "60", model="group", terms={"size": 2, "hours": 24})
    gratis = shop.offer(shop.product("gratis"), "0", model="free")
    ann, eve = shop.person("ann"), shop.person("eve")
    pay(shop, order(shop, ann, deal))
    group_id = only_group(shop)
    with pytest.raises(Refused):
        order(shop, eve, gratis, group_id=group_id)
    assert taken(shop, group_id) == 1
    assert shop.faults() == []


def test_a_failed_group_gives_back_its_place_and_not_what_was_taken_along(shop: Shop) -> None:
    deal_product, book = shop.product("deal"), shop.product("book")
    deal = shop.offer(deal_product, "60", model="group", terms={"size": 2, "hours": 24})
    beside = shop.offer(book, "199")
    ann = shop.person("ann")
    placed = order(shop, ann, deal, also=(beside.id,))
    pay(shop, placed)
    assert shop.owns(ann, book)
    shop.pass_time(hours=25)
    for _ in range(3):
        shop.live_through(minutes=10)
    assert shop.order(placed.number).refunded == yuan("60")
    assert shop.owns(ann, book)
    assert shop.order(placed.number).state == "partly_refunded"
    assert shop.faults() == []
    assert shop.dead_jobs() == []


def subscriptions_of(shop: Shop, who: Viewer) -> int:
    wanted = select(func.count()).where(Subscription.person_id == who.person_id)
    return shop.platform.database.read(lambda session: session.scalars(wanted).one())


@pytest.mark.parametrize("second", ["same", "other", "instalments"])
def test_one_order_begins_one_subscription(shop: Shop, club: Club, second: str) -> None:
    ann, tea, salt = shop.person("ann"), shop.product("tea"), shop.product("salt")
    monthly = club.plan(tea, "30", "P1M")
    also = {
        "same": lambda: club.plan(tea, "300", "P1Y"),
        "other": lambda: club.plan(salt, "20", "P1M"),
        "instalments": lambda: club.plan(salt, "90", "P1M", model="instalments", count=3),
    }[second]()
    with pytest.raises(Refused):
        order(shop, ann, monthly, also=(also.id,))
    assert subscriptions_of(shop, ann) == 0


@pytest.mark.parametrize("first", ["bundle", "part", "rental"])
def test_nothing_is_paid_twice_within_one_order(shop: Shop, first: str) -> None:
    ann, tea = shop.person("ann"), shop.product("tea")
    salt = shop.product("salt")
    box = shop.product("box", kind="bundle", parts=(tea, salt))
    whole, part = shop.offer(box, "300"), shop.offer(tea, "199")
    loan = shop.offer(tea, "20", model="rental", terms={"days": 7})
    one, other = {"bundle": (whole, part), "part": (part, whole), "rental": (part, loan)}[first]
    with pytest.raises(Refused):
        order(shop, ann, one, also=(other.id,))


def told(shop: Shop, payment_id: UUID | None, *disputes: SeenDispute) -> None:
    shop.settle_again(payment_id, ProviderPayment("ref", "succeeded", yuan("100"), disputes=disputes))


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_refund_on_its_way_ends_after_a_lost_dispute_of_the_rest(
    shop: Shop, outcome: Literal["succeeded", "failed"]
) -> None:
    ann, tea = shop.person("ann"), shop.product("tea")
    placed = order(shop, ann, shop.offer(tea, "100"))
    told(shop, placed.payment_id)
    refund = shop.refund(placed.number, "40", drain=False)
    told(shop, placed.payment_id, SeenDispute("dp_1", "open", yuan("60")))
    told(shop, placed.payment_id, SeenDispute("dp_1", "lost", yuan("60")))
    assert shop.faults() == []
    answer = ProviderRefund(outcome)
    shop.platform.database.write(lambda session: settle_refund(session, refund, answer, clock=shop.clock))
    found = shop.order(placed.number)
    assert found.state == ("refunded" if outcome == "succeeded" else "partly_refunded")
    assert shop.owns(ann, tea) is (outcome == "failed")
    assert shop.faults() == []


def test_a_bundle_does_not_give_what_it_was_lowered_by(shop: Shop) -> None:
    ann, tea, salt = shop.person("ann"), shop.product("tea"), shop.product("salt")
    box = shop.product("box", kind="bundle", parts=(tea, salt))
    part, whole = shop.offer(tea, "200"), shop.offer(box, "300")
    shop.offer(salt, "100")
    first = shop.buy(ann, part)
    second = shop.buy(ann, whole)
    assert shop.order(second).total == yuan("100")
    command = commerce.AskBack(first, 0, shop.key())
    shop.platform.database.write(lambda session: commerce.ask_back(session, ann, command, clock=shop.clock))
    shop.drain()
    assert shop.order(first).refunded == yuan("200")
    assert shop.owns(ann, salt)
    assert not shop.owns(ann, tea)
    assert shop.faults() == []


def test_what_is_given_back_after_a_bundle_can_be_bought_again(shop: Shop) -> None:
    ann, tea, salt = shop.person("ann"), shop.product("tea"), shop.product("salt")
    box = shop.product("box", kind="bundle", parts=(tea, salt))
    part, whole = shop.offer(tea, "200"), shop.offer(box, "300")
    shop.offer(salt, "100")
    first = shop.buy(ann, part)
    shop.buy(ann, whole)
    shop.refund(first)
    shop.buy(ann, part)
    assert shop.owns(ann, tea)
    assert shop.faults() == []
