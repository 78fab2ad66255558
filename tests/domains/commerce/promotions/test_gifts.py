"""Gifts: paid by one, claimed by another, once; owed until then; taken back, passed on, lapsed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.shop import yuan
from xingtan.core.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, GiftGone, OfferGone
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.commerce.promotions.use_cases.gifts import UNPAID_KEPT_FOR
from xingtan.infra.mail import MaildirMailer


def _letters(stall: Stall) -> list[Any]:
    mailer = stall.shop.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return [one for one in mailer.letters(50) if "gift" in one.subject.lower()]


def _at(stall: Stall, at: datetime) -> None:
    stall.shop.clock.set(at)
    stall.shop.drain()


def test_a_gift_is_owed_until_it_is_claimed(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    number = stall.pay(stall.gift(ann, shop.offer(tea)))
    (gift,) = stall.gifts(ann)
    assert (gift.state, gift.number, gift.email) == ("waiting", number, None)
    assert shop.balances() == {"assets:provider:sandbox": 19900, "liability:gifts": -19900}
    assert not shop.owns(ann, tea)
    assert not shop.faults()
    assert stall.claim(bob, gift.token) == tea
    assert stall.claim(bob, gift.token) == tea  # a double click
    assert shop.owns(bob, tea)
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    with pytest.raises(GiftGone):
        stall.claim(shop.person("eve"), gift.token)
    assert not shop.faults()


def test_nothing_is_claimed_before_the_money_is_there(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    placed = stall.gift(ann, shop.offer(tea))
    assert stall.gifts(ann) == ()
    for guess in ("", "x", "x" * 40_000, "\x00", "\ud800", str(placed.order_id)):
        with pytest.raises(NotFound):
            stall.claim(bob, guess)


def test_the_giver_may_own_it_and_give_it_twice(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea)
    stall.buy(ann, offer)
    first, second = (stall.pay(stall.gift(ann, offer)) for _ in range(2))
    assert first != second
    assert len(stall.gifts(ann)) == 2
    assert not shop.faults()


def test_the_same_form_twice_is_one_gift(stall: Stall) -> None:
    shop = stall.shop
    ann, offer = shop.person(), shop.offer(shop.product())
    placed = [stall.gift(ann, offer, key="one-gift-form") for _ in range(2)]
    assert placed[0] == placed[1]
    with pytest.raises(Conflict):
        stall.gift(ann, offer, promotions.Letter(message="Other words"), key="one-gift-form")
    stall.pay(placed[0])
    assert stall.gift(ann, offer, key="one-gift-form").payment_id is None
    assert len(stall.gifts(ann)) == 1


def test_what_is_owned_is_passed_on(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, eve, tea = shop.person(), shop.person("bob"), shop.person("eve"), shop.product()
    offer = shop.offer(tea)
    stall.buy(bob, offer)
    stall.pay(stall.gift(ann, offer))
    (gift,) = stall.gifts(ann)
    with pytest.raises(AlreadyOwned):
        stall.claim(bob, gift.token)
    assert stall.claim(eve, gift.token) == tea
    assert not shop.faults()


def test_the_letter_goes_out_on_its_day_with_the_words(stall: Stall) -> None:
    shop = stall.shop
    ann, tea, start = shop.person(), shop.product(), shop.clock.now()
    letter = promotions.Letter("Bob@Example.org", "Happy birthday!\r\n<b>Ann</b>", start + timedelta(days=2))
    stall.pay(stall.gift(ann, shop.offer(tea), letter))
    assert not _letters(stall)
    _at(stall, start + timedelta(days=2))
    (sent,) = _letters(stall)
    (gift,) = stall.gifts(ann)
    assert sent.to == "Bob@example.org"
    assert f"/en/gift/{gift.token}" in sent.text
    assert "Happy birthday!" in sent.text
    assert "&lt;b&gt;Ann&lt;/b&gt;" in sent.html
    assert (gift.send_at, gift.sent_at) == (None, shop.clock.now())
    _at(stall, start + timedelta(days=3))
    assert len(_letters(stall)) == 1


def test_another_address_kills_the_link_of_before(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    later = promotions.Letter("wrong@example.org", "", shop.clock.now() + timedelta(days=3))
    stall.pay(stall.gift(ann, shop.offer(tea), later))
    (old,) = stall.gifts(ann)
    vault, write = shop.platform.vault, shop.platform.database.write
    right = promotions.Letter("bob@example.org", "For you")
    with pytest.raises(NotFound):
        write(lambda s: promotions.send_gift_to(s, bob, old.id, right, clock=shop.clock, vault=vault))
    write(lambda s: promotions.send_gift_to(s, ann, old.id, right, clock=shop.clock, vault=vault))
    _at(stall, shop.clock.now() + timedelta(days=4))
    (sent,) = _letters(stall)
    assert sent.to == "bob@example.org"
    with pytest.raises(NotFound):
        stall.claim(bob, old.token)
    (new,) = stall.gifts(ann)
    assert stall.claim(bob, new.token) == tea
    with pytest.raises(Conflict):
        write(lambda s: promotions.send_gift_to(s, ann, old.id, right, clock=shop.clock, vault=vault))


def test_an_unclaimed_gift_is_taken_back(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    number = stall.pay(stall.gift(ann, shop.offer(tea)))
    (gift,) = stall.gifts(ann)
    with pytest.raises(NotFound):
        stall.take_back(bob, gift.id)
    shop.clock.advance(days=300)  # no day counts
    stall.take_back(ann, gift.id)
    assert stall.gifts(ann)[0].state == "returned"
    assert shop.order(number).state == "refunded"
    assert shop.balances() == {}
    with pytest.raises(GiftGone):
        stall.claim(bob, gift.token)
    with pytest.raises(Conflict):
        stall.take_back(ann, gift.id)
    assert not shop.faults()
    assert not shop.peer_differs()


def test_a_claimed_gift_is_not_taken_back_but_money_that_goes_back_ends_it(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    number = stall.pay(stall.gift(ann, shop.offer(tea)))
    (gift,) = stall.gifts(ann)
    stall.claim(bob, gift.token)
    with pytest.raises(Conflict):
        stall.take_back(ann, gift.id)
    shop.refund(number, "60")
    assert shop.owns(bob, tea)
    assert not shop.faults()
    shop.refund(number)
    assert not shop.owns(bob, tea)
    assert stall.gifts(ann)[0].state == "ended"
    assert not shop.faults()
    assert not shop.peer_differs()


def test_what_went_back_in_part_before_is_not_earned(stall: Stall) -> None:
    shop = stall.shop
    ann, bob = shop.person(), shop.person("bob")
    number = stall.pay(stall.gift(ann, shop.offer(shop.product())))
    shop.refund(number, "99")
    assert shop.balances()["liability:gifts"] == -10000
    stall.claim(bob, stall.gifts(ann)[0].token)
    assert shop.balances() == {"assets:provider:sandbox": 10000, "income:sales": -10000}
    assert not shop.faults()


def test_a_gift_lapses_only_where_its_rule_says_so(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    offer, start = shop.offer(tea), shop.clock.now()
    number = stall.pay(stall.gift(ann, offer, days=30))
    stall.pay(stall.gift(ann, offer))
    for_ever, lapsing = stall.gifts(ann)
    assert (lapsing.ends_at, for_ever.ends_at) == (start + timedelta(days=30), None)
    shop.clock.set(start + timedelta(days=30))
    with pytest.raises(GiftGone):
        stall.claim(bob, lapsing.token)
    shop.drain()
    assert [one.state for one in stall.gifts(ann)] == ["waiting", "lapsed"]
    assert shop.balances() == {
        "assets:provider:sandbox": 39800, "liability:gifts": -19900, "income:breakage": -19900,
    }  # fmt: skip
    assert not shop.faults()
    shop.refund(number)
    assert "income:breakage" not in shop.balances()
    shop.clock.advance(days=3650)
    stall.claim(bob, for_ever.token)
    assert not shop.faults()


def test_a_gift_that_cost_nothing(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    coupon, offer = stall.coupon("ALL", share_bp=10_000), shop.offer(tea)
    for _ in range(2):
        assert stall.gift(ann, offer, codes=("all",)).payment_id is None
    shop.drain()
    first, second = stall.gifts(ann)
    stall.take_back(ann, first.id)
    stall.claim(bob, second.token)
    assert [one.state for one in stall.gifts(ann)] == ["returned", "claimed"]
    assert stall.look(coupon).taken == 2
    assert not shop.balances()
    assert not shop.faults()


@pytest.mark.slow
def test_one_link_opened_by_many_is_one_persons(stall: Stall) -> None:
    """E5 under races; and the giver who takes it back meanwhile gets her money or it is somebody's, never both."""
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea)
    people = [shop.person(f"p{number}") for number in range(12)]
    stall.pay(stall.gift(ann, offer))
    (gift,) = stall.gifts(ann)
    barrier = Barrier(13)

    def patiently(number: int) -> Any:
        barrier.wait()
        while True:
            try:
                if number == 12:
                    return shop.platform.database.write(
                        lambda s: commerce.take_back_gift(s, ann, gift.id, clock=shop.clock)
                    )
                return stall.claim(people[number], gift.token)
            except Unavailable:
                continue
            except Refused as error:
                return error

    with ThreadPoolExecutor(13) as pool:
        results = list(pool.map(patiently, range(13)))
    assert sum(not isinstance(one, Refused) for one in results) == 1
    shop.drain()
    owners = sum(shop.owns(who, tea) for who in people)
    assert owners == (0 if stall.gifts(ann)[0].state == "returned" else 1)
    assert not shop.faults()
    assert not shop.peer_differs()


def test_what_is_no_gift_is_refused(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea)
    for bad in (
        promotions.Letter("nonsense"), promotions.Letter(""), promotions.Letter("a@b\r\nBcc: c@d"),
        promotions.Letter(None, "x" * 1_001), promotions.Letter(None, "nul\x00l"),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            stall.gift(ann, offer, bad)
    free, rental = shop.offer(shop.product("free"), "0", model="free"), shop.product("rented")
    rent = shop.offer(rental, "10", model="rental", terms={"days": 3})
    for other in (free, rent):
        with pytest.raises(OfferGone):
            stall.gift(ann, other)


def test_unpaid_gifts_are_forgotten_with_their_address(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    placed = stall.gift(ann, shop.offer(tea), promotions.Letter("bob@example.org"))
    reference = shop.present(placed.payment_id).rpartition("/")[2]
    shop.clock.advance(seconds=UNPAID_KEPT_FOR.total_seconds() + 86_400)
    shop.drain()
    seen = commerce.ProviderPayment(reference, "succeeded", yuan("199"))
    assert shop.settle_again(placed.payment_id, seen) == "surplus"  # money for a gift that is no more goes back whole
    assert stall.gifts(ann) == ()
    assert not shop.faults()


def test_staff_see_how_many(stall: Stall) -> None:
    shop = stall.shop
    ann = shop.person()
    stall.pay(stall.gift(ann, shop.offer(shop.product())))
    assert shop.platform.database.read(lambda s: promotions.gift_counts(s, SYSTEM)) == {"waiting": 1}
    with pytest.raises(Refused):
        shop.platform.database.read(lambda s: promotions.gift_counts(s, Viewer(ann.person_id)))
