"""Coupons through the counter: what is shown is charged, what is counted is exact, each refusal says why."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from tests.domains.commerce.promotions.stall import Stall, total_of
from tests.domains.commerce.shop import yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, Refused
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions


def _why(error: Invalid) -> str:
    return str(next(iter(error.fields.values())))


def test_what_is_shown_is_charged_and_explained(stall: Stall) -> None:
    shop = stall.shop
    ann, offer = shop.person(), shop.offer(shop.product())
    coupon = stall.coupon("spring20", share_bp=2_000)
    shown = total_of(stall.preview(ann, offer, codes=(" Spring20 ",)))
    number = stall.buy(ann, offer, codes=("spring20",))
    order = shop.order(number)
    assert shown == order.total == yuan("159.20")
    (line,) = order.lines
    assert [(one.kind, one.source_id, one.label, one.amount) for one in line.discounts] == [
        ("coupon", coupon.id, "SPRING20", yuan("39.80"))
    ]
    assert stall.look(coupon).taken == 1
    figures = shop.platform.database.read(lambda s: promotions.coupon_figures(s, SYSTEM, [coupon.id]))
    (found,) = figures[coupon.id]
    assert (found.orders, found.taken_off, found.sales, found.net) == (1, yuan("39.80"), yuan("159.20"), yuan("159.20"))
    assert not shop.faults()


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"starts": 1}, "has not begun"),
        ({"ends": -1}, "is over"),
        ({"least": {"CNY": 20_000}}, "below the least amount"),
        ({"kinds": ("rental",)}, "not for what is in this order"),
        ({"amounts": {"USD": 100}}, "not for what is in this order"),
    ],
)
def test_each_refusal_says_why(stall: Stall, terms: dict[str, Any], says: str) -> None:
    shop = stall.shop
    now, more = shop.clock.now(), dict(terms)
    if "starts" in more:
        more["starts_at"] = now + timedelta(days=more.pop("starts"))
    if "ends" in more:
        more["starts_at"], more["ends_at"] = now - timedelta(days=2), now + timedelta(days=more.pop("ends"))
    ann, offer = shop.person(), shop.offer(shop.product())
    stall.coupon("WORD", **more)
    with pytest.raises(Invalid) as refused:
        stall.place(ann, offer, codes=("word",))
    assert says in _why(refused.value)
    assert total_of(stall.preview(ann, offer, codes=("word",))) == yuan("199")


def test_other_products_unknown_words_and_paused_coupons(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    other = shop.product("ink")
    offer = shop.offer(tea)
    stall.coupon("INK", product_ids=(other,))
    paused = stall.coupon("PAUSED")
    write = shop.platform.database.write
    write(lambda s: promotions.pause_coupon(s, SYSTEM, paused.id, clock=shop.clock))
    for code in ("ink", "paused", "nobody", "", "x" * 41, "a\x00b"):
        refused = stall.preview(ann, offer, codes=(code,)).refused
        assert len(refused) == 1, code
    write(lambda s: promotions.resume_coupon(s, SYSTEM, paused.id, clock=shop.clock))
    assert not stall.preview(ann, offer, codes=("paused",)).refused
    write(lambda s: promotions.end_coupon(s, SYSTEM, paused.id, clock=shop.clock))
    assert stall.preview(ann, offer, codes=("paused",)).refused
    with pytest.raises(Conflict):
        write(lambda s: promotions.end_coupon(s, SYSTEM, paused.id, clock=shop.clock))


def test_two_coupons_go_together_only_where_both_say_so(stall: Stall) -> None:
    shop = stall.shop
    ann, offer = shop.person(), shop.offer(shop.product(), "100")
    stall.coupon("ALONE", share_bp=5_000)
    stall.coupon("TENOFF", amounts={"CNY": 1_000}, is_stackable=True)
    stall.coupon("HALF", share_bp=5_000, is_stackable=True)
    both = [stall.preview(ann, offer, codes=codes) for codes in (("half", "tenoff"), ("TENOFF", "HALF"))]
    assert [total_of(one) for one in both] == [yuan("45"), yuan("45")]  # amounts before shares, however typed
    mixed = stall.preview(ann, offer, codes=("half", "alone", "half"))
    assert total_of(mixed) == yuan("50")
    assert [code for code, _ in mixed.refused] == ["alone"]


def test_a_coupon_for_all_of_it_makes_a_free_order(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    coupon = stall.coupon("ALL", amounts={"CNY": 99_999_999}, total=1)
    placed = stall.place(ann, shop.offer(tea), codes=("all",))
    assert placed.payment_id is None
    assert shop.owns(ann, tea)
    assert stall.look(coupon).state == "used_up"
    assert not shop.faults()


def test_an_unpaid_order_gives_its_use_back(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, offer = shop.person(), shop.person("bob"), shop.offer(shop.product())
    coupon = stall.coupon("ONE", total=1)
    first = stall.place(ann, offer, codes=("one",))
    assert stall.place(ann, offer, codes=("one",)).order_id == first.order_id  # another tab of hers
    with pytest.raises(Refused):
        stall.place(bob, offer, codes=("one",))
    shop.live_through(minutes=40)
    assert stall.look(coupon).taken == 0
    stall.buy(bob, offer, codes=("one",))
    assert stall.look(coupon).taken == 1
    assert not shop.faults()


def test_late_money_for_a_use_that_is_gone_goes_back_whole(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    offer = shop.offer(tea)
    coupon = stall.coupon("ONE", total=1)
    late = stall.place(ann, offer, codes=("one",))
    reference = shop.present(late.payment_id).rpartition("/")[2]
    shop.live_through(minutes=40)
    stall.buy(bob, offer, codes=("one",))
    shop.choose(reference, "success")
    shop.drain()
    assert not shop.owns(ann, tea)
    assert stall.look(coupon).taken == 1
    assert not shop.faults()
    assert not shop.peer_differs()


def test_each_person_as_often_as_she_may(stall: Stall) -> None:
    shop = stall.shop
    ann, bob = shop.person(), shop.person("bob")
    stall.coupon("TWICE", per_person=2)
    offers = [shop.offer(shop.product(slug)) for slug in ("one", "two", "three")]
    for offer in offers[:2]:
        stall.buy(ann, offer, codes=("twice",))
    with pytest.raises(Invalid) as refused:
        stall.place(ann, offers[2], codes=("twice",))
    assert "used “twice” already" in _why(refused.value)
    stall.buy(bob, offers[2], codes=("twice",))
    assert not shop.faults()


def test_late_money_never_makes_a_person_use_it_once_too_often(stall: Stall) -> None:
    """A coupon in two carts: the first expires, the second is paid, then the first one's money comes."""
    shop = stall.shop
    ann, tea, ink = shop.person(), shop.product(), shop.product("ink")
    stall.coupon("ONCE", per_person=1)
    late = stall.place(ann, shop.offer(tea), codes=("once",))
    reference = shop.present(late.payment_id).rpartition("/")[2]
    shop.live_through(minutes=40)
    stall.buy(ann, shop.offer(ink), codes=("once",))
    shop.choose(reference, "success")
    shop.drain()
    assert shop.owns(ann, ink)
    assert not shop.owns(ann, tea)
    assert not shop.faults()
    assert not shop.peer_differs()


def _together(work: Callable[[int], Any], times: int) -> list[Any]:
    barrier = Barrier(times)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except Refused as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def _place_patiently(stall: Stall, who: Viewer, offer: commerce.OfferView, code: str) -> Any:
    """Try again as a person would when the academy is busy."""
    from xingtan.core.errors import Unavailable

    while True:
        try:
            return stall.place(who, offer, codes=(code,))
        except Unavailable:
            continue


@pytest.mark.slow
def test_64_buyers_for_10_uses_are_10_buyers(stall: Stall) -> None:
    """M12 under races, exactly."""
    shop = stall.shop
    offer = shop.offer(shop.product())
    coupon = stall.coupon("TEN", total=10)
    people = [shop.person(f"p{number}") for number in range(64)]
    results = _together(lambda number: _place_patiently(stall, people[number], offer, "ten"), 64)
    assert sum(isinstance(one, commerce.PlacedOrder) for one in results) == 10
    assert stall.look(coupon).taken == 10
    assert not shop.faults()


@pytest.mark.slow
def test_one_person_in_many_tabs_uses_her_share_alone(stall: Stall) -> None:
    shop = stall.shop
    ann = shop.person()
    coupon = stall.coupon("THREE", per_person=3)
    offers = [shop.offer(shop.product(f"tea-{number}")) for number in range(16)]
    results = _together(lambda number: _place_patiently(stall, ann, offers[number], "three"), 16)
    assert sum(isinstance(one, commerce.PlacedOrder) for one in results) == 3
    assert stall.look(coupon).taken == 3
    assert not shop.faults()


@pytest.mark.slow
def test_a_flash_price_sells_its_stock_and_no_more(stall: Stall) -> None:
    shop = stall.shop
    tea, now = shop.product(), shop.clock.now()
    shop.offer(tea)
    season = shop.offer(tea, "99", ends_at=now + timedelta(days=1), stock=5)
    people = [shop.person(f"p{number}") for number in range(24)]

    def work(number: int) -> Any:
        from xingtan.core.errors import Unavailable

        while True:
            try:
                return stall.place(people[number], season)
            except Unavailable:
                continue

    results = _together(work, 24)
    assert sum(isinstance(one, commerce.PlacedOrder) for one in results) == 5
    found = shop.platform.database.read(lambda s: commerce.offer(s, season.id))
    assert found.stock_left == 0
    shop.live_through(minutes=40)
    assert shop.platform.database.read(lambda s: commerce.offer(s, season.id)).stock_left == 5
    assert not shop.faults()


BAD_COUPONS: list[dict[str, Any]] = [
    {"code": "ab"}, {"code": "a b;c"}, {"code": "x" * 41}, {"code": "nul\x00l"},
    {"share_bp": 0}, {"share_bp": -1}, {"share_bp": 10_001}, {"share_bp": None},
    {"share_bp": 100, "amounts": {"CNY": 1}},
    {"share_bp": None, "amounts": {"CNY": 0}}, {"share_bp": None, "amounts": {"CNY": -5}},
    {"share_bp": None, "amounts": {"CNY": 10**18}}, {"share_bp": None, "amounts": {"XXX": 5}},
    {"least": {"CNY": -1}}, {"total": 0}, {"total": -1}, {"total": 2**63}, {"per_person": 0}, {"periods": 0},
    {"kinds": ("top_up",)}, {"kinds": ("nonsense",)},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_COUPONS, ids=str)
def test_coupons_that_make_no_sense_are_refused(stall: Stall, bad: dict[str, Any]) -> None:
    terms = {"share_bp": 1_000, **bad}
    with pytest.raises(Invalid):
        stall.coupon(terms.pop("code", "WORD"), **terms)
    found = stall.shop.platform.database.read(lambda s: promotions.coupons(s, SYSTEM, at=stall.shop.clock.now()))
    assert not found


def test_a_word_is_one_coupon_for_ever_and_needs_the_right(stall: Stall) -> None:
    stall.coupon("SPRING")
    with pytest.raises(Invalid):
        stall.coupon("ｓｐｒｉｎｇ")
    command, shop = promotions.MakeCoupon("MINE", 1_000), stall.shop
    ann = shop.person()
    with pytest.raises(NotAllowed):
        shop.platform.database.write(lambda s: promotions.make_coupon(s, ann, command, clock=shop.clock))


def test_a_bundle_costs_less_what_is_owned(stall: Stall) -> None:
    shop = stall.shop
    ann = shop.person()
    tea, ink = shop.product(), shop.product("ink")
    tea_offer = shop.offer(tea, "100")
    shop.offer(ink, "300")
    both = shop.product("both", kind="bundle", parts=(tea, ink))
    offer = shop.offer(both, "200")
    stall.buy(ann, tea_offer)
    stall.coupon("HALF", share_bp=5_000)
    assert total_of(stall.preview(ann, offer)) == yuan("150")
    number = stall.buy(ann, offer, codes=("half",))
    (line,) = shop.order(number).lines
    assert [(one.kind, one.amount) for one in line.discounts] == [("owned", yuan("50")), ("coupon", yuan("75"))]
    assert shop.owns(ann, ink)
    assert not shop.faults()


def test_a_rented_part_is_not_owned(stall: Stall) -> None:
    shop = stall.shop
    ann, tea, ink = shop.person(), shop.product(), shop.product("ink")
    offer = shop.offer(shop.product("both", kind="bundle", parts=(tea, ink)), "200")
    rental = shop.offer(tea, "20", model="rental", terms={"days": 30})
    stall.buy(ann, rental)
    assert total_of(stall.preview(ann, offer)) == yuan("200")


def test_purchasing_power_is_what_the_buyer_says_and_the_table_knows(stall: Stall) -> None:
    shop = stall.shop
    ann, offer = shop.person(), shop.offer(shop.product(), "100")
    write = shop.platform.database.write
    write(lambda s: promotions.set_purchasing_power(s, SYSTEM, "IN", off_bp=5_000, clock=shop.clock))
    stall.coupon("TEN", share_bp=1_000)
    assert total_of(stall.preview(ann, offer, country="CH")) == yuan("100")
    assert total_of(stall.preview(ann, offer, country="IN")) == yuan("50")
    order = shop.order(stall.buy(ann, offer, country="IN", codes=("ten",)))
    assert order.total == yuan("45")
    assert [one.kind for one in order.lines[0].discounts] == ["purchasing_power", "coupon"]
    write(lambda s: promotions.set_purchasing_power(s, SYSTEM, "IN", off_bp=0, clock=shop.clock))
    assert not shop.platform.database.read(promotions.purchasing_powers)
    for country, off in (("in", 10), ("IND", 10), ("IN", -1), ("IN", 9_001), ("\x00\x00", 5)):
        with pytest.raises(Invalid):
            write(lambda s, c=country, o=off: promotions.set_purchasing_power(s, SYSTEM, c, off_bp=o, clock=shop.clock))


def test_a_renewal_keeps_its_coupon_as_long_as_it_lasts(stall: Stall) -> None:
    shop = stall.shop
    product = shop.product()
    three = stall.coupon("THREE", share_bp=5_000, periods=3)
    ever = stall.coupon("EVER", amounts={"CNY": 100}, periods=None)
    line = commerce.NewLine("subscription", "Monthly", yuan("10"), product_id=product)

    def price(period: int) -> Money:
        return shop.platform.database.read(
            lambda s: promotions.less_coupons_again(s, line, [three.id, ever.id], period=period)
        ).reduced

    assert [price(period) for period in (1, 2, 3, 4, 99)] == [yuan("4.50")] * 3 + [yuan("9")] * 2


def test_add_ons_are_shown_where_they_sell(stall: Stall) -> None:
    shop = stall.shop
    ann, tea, ink, cup = shop.person(), shop.product(), shop.product("ink"), shop.product("cup")
    offer, ink_offer = shop.offer(tea), shop.offer(ink, "20")
    write, read, at = shop.platform.database.write, shop.platform.database.read, shop.clock.now()

    def make(**terms: Any) -> promotions.AddOnView:
        return write(lambda s: promotions.make_add_on(s, SYSTEM, promotions.MakeAddOn(**terms), clock=shop.clock))

    add_on = make(offered_id=ink, place="checkout", product_id=tea, note={"en": "Goes well with it."})
    make(offered_id=cup, place="checkout")  # has no price, so it is never shown
    make(offered_id=ink, place="after")

    def shown(who: Viewer, beside: Any, place: Any = "checkout") -> list[Any]:
        found = read(lambda s: promotions.add_ons_for(s, who.person_id, [beside], place=place, currency="CNY", at=at))
        return [one.product_id for one in found]

    assert shown(ann, tea) == [ink]
    assert shown(ann, cup) == []
    assert shown(ann, cup, "after") == [ink]
    order = shop.order(stall.buy(ann, offer, also=(ink_offer.id,)))
    assert order.total == yuan("219")
    assert shop.owns(ann, ink)
    assert shown(ann, cup, "after") == []
    write(lambda s: promotions.end_add_on(s, SYSTEM, add_on.id, clock=shop.clock))
    assert shown(shop.person("bob"), tea) == []
    for bad in (
        {"offered_id": ink, "place": "checkout", "product_id": ink}, {"offered_id": ink, "place": "nowhere"},
        {"offered_id": ink, "place": "after", "note": {"en": "x" * 201}},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            make(**bad)
