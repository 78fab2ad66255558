"""A friend pays less once, the learner is thanked once, and nobody is thanked for what went back."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import SoldOut
from xingtan.domains.commerce.machines import REFERRAL
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.domains.commerce.referrals.rewarding import note_referral, reward_due

TERMS = referrals.ReferralTerms(is_open=True, off_bp=1_000, reward_bp=2_000, most_rewards=2, mature_days=14)


class Circle:
    """A learner with a link, and her friends, in verbs."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.clock, self.read = shop, shop.clock, shop.platform.database.read
        self.write = shop.platform.database.write
        self.set(TERMS)
        self.mia = shop.person("mia")
        self.code = self.link(self.mia)
        self.tea = shop.offer(shop.product("tea"), "100")
        self.cake = shop.offer(shop.product("cake"), "50")

    def set(self, terms: referrals.ReferralTerms) -> None:
        self.write(lambda session: referrals.set_terms(session, SYSTEM, terms, clock=self.clock))

    def link(self, who: Viewer) -> str:
        return self.write(lambda session: referrals.make_link(session, who, clock=self.clock))

    def place(self, who: Viewer, offer: commerce.OfferView, *codes: str) -> commerce.PlacedOrder:
        assert who.person_id is not None
        command = commerce.PlaceOrder(who.person_id, offer.id, self.shop.key(), "sandbox", "en", codes=codes)
        return self.write(lambda session: commerce.place_order(session, command, clock=self.clock))

    def buy(self, who: Viewer, offer: commerce.OfferView, *codes: str) -> str:
        placed = self.place(who, offer, *codes)
        self.shop.choose(self.shop.present(placed.payment_id).rpartition("/")[2], "success")
        self.shop.drain()
        return placed.number

    def mature(self) -> None:
        self.shop.pass_time(days=14)
        self.shop.drain()

    def states(self, who: Viewer | None = None) -> list[str]:
        found = self.read(lambda session: referrals.my_referrals(session, who or self.mia))
        return [one.state for one in found.rows]

    def purse(self, who: Viewer | None = None) -> list[int]:
        found = self.read(lambda session: commerce.my_wallets(session, who or self.mia))
        return [one.balance.minor for one in found]


@pytest.fixture
def circle(shop: Shop) -> Circle:
    return Circle(shop)


def test_a_friend_pays_less_and_the_learner_is_thanked_when_it_is_mature(shop: Shop, circle: Circle) -> None:
    ben = shop.person("ben")
    number = circle.buy(ben, circle.tea, circle.code.upper())
    assert shop.order(number).total == yuan("90")
    assert (circle.states(), circle.purse()) == (["waiting"], [])
    circle.mature()
    assert (circle.states(), circle.purse()) == (["rewarded"], [18_00])
    assert (shop.balances()["expense:rewards"], shop.balances()["liability:bonus"]) == (18_00, -18_00)
    shop.platform.database.write(lambda session: reward_due(session, clock=shop.clock))
    order_id = shop.order(number).id
    shop.platform.database.write(lambda session: note_referral(session, order_id, clock=shop.clock))
    circle.mature()
    assert circle.purse() == [18_00]
    assert shop.faults() == []


def test_nobody_is_thanked_for_what_went_back(shop: Shop, circle: Circle) -> None:
    number = circle.buy(shop.person("ben"), circle.tea, circle.code)
    shop.refund(number)
    circle.mature()
    assert (circle.states(), circle.purse()) == (["void"], [])
    assert shop.faults() == []


def test_after_a_refund_in_part_she_is_thanked_for_the_rest(shop: Shop, circle: Circle) -> None:
    number = circle.buy(shop.person("ben"), circle.tea, circle.code)
    shop.refund(number, "40")
    circle.mature()
    assert circle.purse() == [10_00]
    assert shop.faults() == []


def test_one_level_only(shop: Shop, circle: Circle) -> None:
    ben, cem = shop.person("ben"), shop.person("cem")
    circle.buy(ben, circle.tea, circle.code)
    circle.buy(cem, circle.tea, circle.link(ben))
    circle.mature()
    assert (circle.purse(), circle.purse(ben)) == ([18_00], [18_00])


def test_she_is_thanked_as_often_as_the_terms_say(shop: Shop, circle: Circle) -> None:
    for name in ("ben", "cem", "dov"):
        circle.buy(shop.person(name), circle.tea, circle.code)
    circle.mature()
    assert sorted(circle.states()) == ["rewarded", "rewarded", "void"]
    assert circle.purse() == [36_00]
    assert shop.faults() == []


@pytest.mark.parametrize("why", ["own", "second order", "closed", "two links"])
def test_what_takes_nothing_off(shop: Shop, circle: Circle, why: str) -> None:
    ben = shop.person("ben")
    codes = [circle.code]
    if why == "second order":
        circle.buy(ben, circle.cake)
    if why == "two links":
        codes.append(circle.link(shop.person("cem")))
    if why == "closed":
        circle.set(referrals.ReferralTerms(is_open=False))
    with pytest.raises(Invalid) as caught:
        circle.place(circle.mia if why == "own" else ben, circle.tea, *codes)
    assert set(caught.value.fields) == {"code"}


def test_a_friend_has_it_once_however_many_orders_wait(shop: Shop, circle: Circle) -> None:
    ben = shop.person("ben")
    first = circle.place(ben, circle.tea, circle.code)
    assert circle.place(ben, circle.tea, circle.code).order_id == first.order_id
    with pytest.raises(SoldOut):
        circle.place(ben, circle.cake, circle.code)
    shop.pass_time(hours=1)
    shop.drain()
    assert circle.buy(ben, circle.cake, circle.code)
    assert circle.states() == ["waiting"]
    assert shop.faults() == []


def test_of_eight_orders_at_once_one_is_lowered(shop: Shop, circle: Circle) -> None:
    ben = shop.person("ben")
    offers = [shop.offer(shop.product(f"p{number}"), f"{50 + number}") for number in range(8)]

    def one(offer: commerce.OfferView) -> bool:
        try:
            circle.place(ben, offer, circle.code)
        except SoldOut:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(one, offers))
    assert placed.count(True) == 1
    assert shop.faults() == []


def test_a_friend_who_gave_all_back_may_come_again(shop: Shop, circle: Circle) -> None:
    ben = shop.person("ben")
    shop.refund(circle.buy(ben, circle.tea, circle.code))
    circle.buy(ben, circle.cake, circle.code)
    assert circle.states() == ["waiting", "void"]
    circle.mature()
    assert circle.purse() == [9_00]
    assert shop.faults() == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (referrals.ReferralTerms(off_bp=-1), "off"), (referrals.ReferralTerms(off_bp=5_001), "off"),
        (referrals.ReferralTerms(reward_bp=5_001), "reward"), (referrals.ReferralTerms(most_rewards=0), "most_rewards"),
        (referrals.ReferralTerms(mature_days=366), "mature_days"),
    ],
)  # fmt: skip
def test_terms_that_make_no_sense(circle: Circle, wanted: referrals.ReferralTerms, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        circle.set(wanted)
    assert set(caught.value.fields) == {field}


def test_only_the_owner_sets_terms_and_a_link_needs_them(shop: Shop, circle: Circle) -> None:
    with pytest.raises(NotAllowed):
        circle.write(lambda session: referrals.set_terms(session, Viewer(UUID(int=1)), TERMS, clock=shop.clock))
    circle.set(referrals.ReferralTerms())
    assert circle.link(circle.mia) == circle.code
    ben = shop.person("ben")
    with pytest.raises(Conflict):
        circle.link(ben)


def test_every_move_of_a_referral_is_in_the_table() -> None:
    assert REFERRAL.final == {"rewarded", "void"}
