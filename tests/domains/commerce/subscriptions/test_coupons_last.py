"""A subscription's coupon: what was promised with the first payment holds for the others, as page and charge agree."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.shop import yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import Subscription
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.commerce.use_cases.subscriptions.invoices import next_invoice


@pytest.fixture
def stall(club: Club) -> Stall:
    return Stall(club.shop)


def _subscribe(club: Club, stall: Stall, who: Viewer, offer: commerce.OfferView, codes: Sequence[str]) -> UUID:
    """Buy with coupons, leaving a card, at the price that was shown; return the subscription's id."""
    shown = stall.preview(who, offer, codes=tuple(codes)).quote.total
    placed = stall.place(who, offer, codes=tuple(codes))
    if placed.payment_id is not None:
        club.pay(placed.payment_id)
    assert club.shop.order(placed.number).total == shown
    return club.read(
        lambda session: session.query(Subscription.id).filter(Subscription.first_order_id == placed.order_id).one()[0]
    )


def _next(club: Club, sub: UUID) -> int:
    """Return what the page says that the next payment comes to."""
    at = club.shop.clock.now()
    return club.read(lambda session: next_invoice(session, session.get_one(Subscription, sub), at=at).quote.total.minor)


@pytest.mark.parametrize(
    ("periods", "paid"),
    [(1, [1500, 3000, 3000, 3000]), (3, [1500, 1500, 1500, 3000]), (None, [1500, 1500, 1500, 1500])],
    ids=["the first", "three", "for ever"],
)
def test_a_coupon_lasts_as_long_as_it_says(club: Club, stall: Stall, periods: int | None, paid: list[int]) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    coupon = stall.coupon("HALF", share_bp=5_000, periods=periods, total=5)
    sub = _subscribe(club, stall, ann, club.plan(tea, "30", "P30D"), ["half"])
    for count, wanted in enumerate(paid[1:], start=2):
        assert _next(club, sub) == wanted
        club.days(30)
        assert club.paid(ann) == paid[:count]
    assert stall.look(coupon).taken == 1  # the first use is the only one
    assert club.faults() == []


def test_what_was_promised_holds_when_the_coupon_is_over(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    coupon = stall.coupon("HALF", share_bp=5_000, periods=3, least={"CNY": 2_000})
    sub = _subscribe(club, stall, ann, club.plan(tea, "30", "P30D"), ["half"])
    club.write(lambda session: promotions.end_coupon(session, SYSTEM, coupon.id, clock=club.shop.clock))
    assert _next(club, sub) == 1500
    club.days(91)
    assert club.paid(ann) == [1500, 1500, 1500, 3000]
    assert club.faults() == []


def test_periods_that_a_coupon_pays_in_full_are_periods(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    stall.coupon("GIFT", share_bp=10_000, periods=2)
    sub = _subscribe(club, stall, ann, club.plan(tea, "30", "P30D"), ["gift"])
    assert (club.state(sub), club.paid(ann)) == ("active", [0])
    club.days(35)
    assert club.paid(ann) == [0, 0]
    assert _next(club, sub) == 3000
    club.days(22)
    club.pay_now(ann, sub)
    assert club.paid(ann) == [0, 0, 3000]
    assert club.faults() == []


def test_several_coupons_each_last_their_own_time_on_what_the_first_price_leaves(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    stall.coupon("ONE", amounts={"CNY": 500}, periods=2, is_stackable=True)
    stall.coupon("TEN", share_bp=1_000, periods=None, is_stackable=True)
    offer = club.plan(tea, "30", "P30D", intro={"minor": 1_000, "periods": 1})
    sub = _subscribe(club, stall, ann, offer, ["ten", "one"])
    wanted = [450, 2250, 2700, 2700]
    for count, amount in enumerate(wanted[1:], start=2):
        assert _next(club, sub) == amount
        club.days(30)
        assert club.paid(ann) == wanted[:count]
    assert club.faults() == []


def test_instalments_share_their_coupon_part_by_part(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    stall.coupon("TEN", share_bp=1_000, periods=None)
    offer = club.plan(tea, "90", "P30D", model="instalments", count=3)
    sub = _subscribe(club, stall, ann, offer, ["ten"])
    club.days(61)
    assert (club.state(sub), club.paid(ann)) == ("completed", [2700] * 3)
    assert club.faults() == []


def test_a_change_of_plan_shows_the_next_payment_with_its_coupon(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    stall.coupon("HALF", share_bp=5_000, periods=None)
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    sub = _subscribe(club, stall, ann, month, ["half"])
    shown = club.preview(ann, sub, year, "at_period_end")
    assert shown.next_payment == yuan("150")
    club.change(ann, sub, year, "at_period_end", at=shown.at)
    club.days(31)
    assert club.paid(ann) == [1500, 15000]
    assert club.faults() == []
