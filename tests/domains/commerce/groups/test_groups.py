"""Buying together: real people only, everything or the money back, never one more than there are places."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Invalid, NotFound
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone, SoldOut
from xingtan.domains.commerce.groups.queries import GroupView, group_by_code, groups, my_groups, open_groups
from xingtan.domains.commerce.models import BuyingGroup, SalesOrder
from xingtan.domains.commerce.providers import ProviderPayment

TERMS = {"size": 3, "hours": 24}


@pytest.fixture
def tea(shop: Shop) -> UUID:
    return shop.product()


@pytest.fixture
def deal(shop: Shop, tea: UUID) -> commerce.OfferView:
    return shop.offer(tea, "60", model="group", terms=TERMS)


def order(shop: Shop, who: Viewer, deal: commerce.OfferView, group: UUID | None = None) -> commerce.PlacedOrder:
    assert who.person_id is not None
    command = commerce.PlaceOrder(who.person_id, deal.id, shop.key(), "sandbox", "en", group_id=group)
    return shop.platform.database.write(lambda session: commerce.place_order(session, command, clock=shop.clock))


def pay(shop: Shop, placed: commerce.PlacedOrder, amount: str = "60") -> str:
    seen = ProviderPayment(f"ref-{placed.payment_id}", "succeeded", yuan(amount))
    return shop.settle_again(placed.payment_id, seen)


def pay_at_sandbox(shop: Shop, placed: commerce.PlacedOrder) -> None:
    shop.choose(shop.present(placed.payment_id).rpartition("/")[2], "success")
    shop.drain()


def only_group(shop: Shop) -> GroupView:
    return shop.platform.database.read(lambda session: groups(session, SYSTEM))[0]


def test_a_group_opens_with_its_first_money_and_gives_with_its_last(
    shop: Shop, deal: commerce.OfferView, tea: UUID
) -> None:
    people = [shop.person(f"p{number}") for number in range(3)]
    placed = order(shop, people[0], deal)
    assert shop.platform.database.read(lambda session: groups(session, SYSTEM)) == ()
    pay(shop, placed)
    group = only_group(shop)
    assert (group.paid, group.left, group.state) == (1, 2, "open")
    assert shop.balances() == {"assets:provider:sandbox": 60_00, "liability:escrow": -60_00}
    for number, who in enumerate(people[1:], 1):
        assert not shop.owns(people[0], tea)
        pay(shop, order(shop, who, deal, group.id))
        assert shop.faults() == [], number
    assert only_group(shop).state == "complete"
    assert all(shop.owns(who, tea) for who in people)
    assert shop.balances() == {"assets:provider:sandbox": 180_00, "income:sales": -180_00}


def test_a_group_whose_time_is_up_pays_everybody_back_once(shop: Shop, deal: commerce.OfferView, tea: UUID) -> None:
    ann, ben = shop.person(), shop.person("ben")
    pay_at_sandbox(shop, order(shop, ann, deal))
    pay_at_sandbox(shop, order(shop, ben, deal, only_group(shop).id))
    shop.clock.advance(hours=23)
    shop.drain()
    assert only_group(shop).state == "open"
    shop.clock.advance(hours=2)
    for _ in range(3):
        shop.live_through(minutes=20)
    assert only_group(shop).state == "failed"
    assert shop.balances() == {}
    assert not shop.owns(ann, tea)
    assert shop.faults() == []
    assert shop.peer_differs() == []
    states = shop.platform.database.read(lambda session: session.scalars(select(SalesOrder.state)).all())
    assert set(states) == {"refunded"}


def test_money_that_comes_after_the_end_goes_back_whole(shop: Shop, deal: commerce.OfferView) -> None:
    ann, ben = shop.person(), shop.person("ben")
    pay(shop, order(shop, ann, deal))
    late = order(shop, ben, deal, only_group(shop).id)
    shop.clock.advance(hours=25)
    assert pay(shop, late) == "surplus"
    shop.drain()
    assert only_group(shop).state == "failed"
    assert "income:sales" not in shop.balances()
    assert shop.faults() == []


def test_who_asks_for_her_money_back_leaves_the_place_to_somebody_else(
    shop: Shop, deal: commerce.OfferView, tea: UUID
) -> None:
    ann, ben, cleo, dan = (shop.person(name) for name in ("ann", "ben", "cleo", "dan"))
    pay(shop, order(shop, ann, deal))
    group = only_group(shop).id
    joined = order(shop, ben, deal, group)
    pay_at_sandbox(shop, joined)
    shop.refund(joined.number)
    assert (only_group(shop).paid, only_group(shop).left) == (1, 2)
    pay(shop, order(shop, cleo, deal, group))
    pay(shop, order(shop, dan, deal, group))
    assert only_group(shop).state == "complete"
    assert [shop.owns(who, tea) for who in (ann, ben, cleo, dan)] == [True, False, True, True]
    assert shop.faults() == []


def test_a_refund_after_completion_ends_one_right_and_no_other(shop: Shop, deal: commerce.OfferView, tea: UUID) -> None:
    people = [shop.person(f"p{number}") for number in range(3)]
    first = order(shop, people[0], deal)
    pay_at_sandbox(shop, first)
    for who in people[1:]:
        pay(shop, order(shop, who, deal, only_group(shop).id))
    shop.refund(first.number)
    assert [shop.owns(who, tea) for who in people] == [False, True, True]
    assert shop.balances()["income:refunds"] == 60_00
    assert only_group(shop).state == "complete"
    assert shop.faults() == []


def test_a_place_that_somebody_is_paying_is_not_sold_and_comes_back_when_she_does_not(shop: Shop, tea: UUID) -> None:
    deal = shop.offer(tea, "60", model="group", terms={"size": 2, "hours": 24})
    ann, ben, cleo = (shop.person(name) for name in ("ann", "ben", "cleo"))
    pay(shop, order(shop, ann, deal))
    group = only_group(shop).id
    order(shop, ben, deal, group)
    assert only_group(shop).left == 0
    with pytest.raises(SoldOut):
        order(shop, cleo, deal, group)
    shop.clock.advance(hours=1)
    shop.drain()
    assert only_group(shop).left == 1
    pay(shop, order(shop, cleo, deal, group))
    assert only_group(shop).state == "complete"
    assert shop.faults() == []


def test_nobody_joins_twice_or_what_is_over_or_another_deal(shop: Shop, deal: commerce.OfferView) -> None:
    ann, ben = shop.person(), shop.person("ben")
    pay(shop, order(shop, ann, deal))
    group = only_group(shop)
    with pytest.raises(AlreadyOwned):
        order(shop, ann, deal, group.id)
    other = shop.offer(shop.product("cake"), "60", model="group", terms=TERMS)
    with pytest.raises(NotFound):
        order(shop, ben, other, group.id)
    with pytest.raises(NotFound):
        order(shop, ben, deal, UUID(int=7))
    shop.clock.advance(hours=24)
    with pytest.raises(OfferGone):
        order(shop, ben, deal, group.id)


def test_sixty_four_who_race_for_ten_places_fill_exactly_ten(shop: Shop, tea: UUID) -> None:
    deal = shop.offer(tea, "60", model="group", terms={"size": 11, "hours": 24})
    pay(shop, order(shop, shop.person("opener"), deal))
    group = only_group(shop).id
    people = [shop.person(f"p{number}") for number in range(64)]

    def join(who: Viewer) -> bool:
        try:
            placed = order(shop, who, deal, group)
        except (SoldOut, OfferGone):  # full, or complete already
            return False
        return pay(shop, placed) == "succeeded"

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(join, people)) == 10
    assert only_group(shop).state == "complete"
    assert sum(shop.owns(who, tea) for who in people) == 10
    assert shop.faults() == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"size": 1, "hours": 24}, "size"), ({"size": 101, "hours": 24}, "size"), ({"size": "3", "hours": 24}, "size"),
        ({"hours": 24}, "size"), ({"size": 3, "hours": 0}, "hours"), ({"size": 3, "hours": 721}, "hours"),
        ({"size": 3}, "hours"), ({"size": True, "hours": 24}, "size"),
    ],
)  # fmt: skip
def test_a_deal_says_how_many_and_how_long(shop: Shop, terms: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        shop.offer(shop.product(), "60", model="group", terms=terms)
    assert set(caught.value.fields) == {field}


def test_groups_are_found_by_their_link_and_tell_nobodys_name(shop: Shop, deal: commerce.OfferView, tea: UUID) -> None:
    ann, ben = shop.person(), shop.person("ben")
    pay(shop, order(shop, ann, deal))
    code = shop.platform.database.read(lambda session: session.scalars(select(BuyingGroup.code)).one())
    found = shop.platform.database.read(lambda session: group_by_code(session, ben, code))
    assert (found.is_mine, found.title, found.price) == (False, "Tea", yuan("60"))
    assert shop.platform.database.read(lambda session: my_groups(session, ann))[0].is_mine
    listed = shop.platform.database.read(lambda session: open_groups(session, ben, tea, at=shop.clock.now()))
    assert [one.code for one in listed] == [code]
    with pytest.raises(NotFound):
        shop.platform.database.read(lambda session: group_by_code(session, ben, "no-such-code"))
