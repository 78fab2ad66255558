"""The spine of every model of business: lines, tax, parts that go back, what is scarce, what is earned over time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.deferrals import earn_due
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.errors import SoldOut
from xingtan.domains.commerce.models import Deferral, Dispute, Offer, OrderLine, Payment, PaymentMethod
from xingtan.domains.commerce.ordering import NewOrder, new_payment, write_order
from xingtan.domains.commerce.providers import Dispute as SeenDispute
from xingtan.domains.commerce.providers import Mandate, ProviderPayment, ProviderRefund
from xingtan.domains.commerce.rules.earning import earned_by
from xingtan.domains.commerce.rules.quoting import Discount, NewLine, quote, reduced, spread
from xingtan.domains.commerce.rules.refunds import tax_within, which_lines
from xingtan.domains.commerce.rules.tax import Rate
from xingtan.domains.commerce.use_cases.refunds import settle_refund
from xingtan.domains.entitlements import api as entitlements

ADDED, INSIDE = Rate(600, "exclusive"), Rate(1300, "inclusive")


@pytest.fixture
def ann(shop: Shop) -> Viewer:
    return shop.person()


def order_of(shop: Shop, who: Viewer, *lines: NewLine) -> UUID:
    """Write an order for `lines` and return the id of its payment."""

    def work(session: object) -> UUID:
        assert who.person_id is not None
        wanted = NewOrder(who.person_id, "checkout", quote(lines, "CNY"), "en", shop.clock.now() + commerce.PAYABLE_FOR)
        order = write_order(session, wanted, clock=shop.clock)  # type: ignore[arg-type]
        return new_payment(session, order, "sandbox", clock=shop.clock)  # type: ignore[arg-type]

    return shop.platform.database.write(work)


def line(shop: Shop, price: str, slug: str, *, rate: Rate = INSIDE, **more: object) -> NewLine:
    return NewLine("access", slug.title(), yuan(price), product_id=shop.product(slug), rate=rate, **more)  # type: ignore[arg-type]


def told(shop: Shop, payment_id: UUID, **more: object) -> str:
    """Let the provider say that the payment succeeded, and more."""

    def work(session: object) -> str:
        payment = session.get_one(Payment, payment_id)  # type: ignore[attr-defined]
        seen = ProviderPayment(f"ref-{payment_id}", "succeeded", Money(payment.amount_minor, payment.currency))
        return commerce.settle(session, payment_id, replace(seen, **more), clock=shop.clock)  # type: ignore[arg-type]

    return shop.platform.database.write(work)


def lines_of(shop: Shop, payment_id: UUID) -> Sequence[OrderLine]:
    def work(session: object) -> Sequence[OrderLine]:
        order_id = session.get_one(Payment, payment_id).order_id  # type: ignore[attr-defined]
        wanted = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
        return session.scalars(wanted).all()  # type: ignore[attr-defined]

    return shop.platform.database.read(work)


def refund(shop: Shop, payment_id: UUID, amount: str | None, *, line_id: UUID | None = None) -> str:
    """Have money go back, and let the provider say that it did."""
    command = commerce.RequestRefund(
        payment_id, None if amount is None else yuan(amount), "goodwill", shop.key(), line_id=line_id
    )
    refund_id = shop.platform.database.write(
        lambda session: commerce.request_refund(session, SYSTEM, command, clock=shop.clock)
    )
    return shop.platform.database.write(
        lambda session: settle_refund(session, refund_id, ProviderRefund("succeeded"), clock=shop.clock)
    )


def balances(shop: Shop) -> dict[str, int]:
    found = shop.platform.database.read(lambda session: books.trial_balance(session, SYSTEM))
    return {one.account: one.balance.minor for one in found if one.balance}


def has(shop: Shop, who: Viewer, product_id: UUID | None) -> bool:
    assert who.person_id is not None
    assert product_id is not None
    person_id = who.person_id
    return shop.platform.database.read(
        lambda session: entitlements.has_access(session, person_id, product_id, at=shop.clock.now())
    )


# Prices

_prices = st.lists(st.integers(0, 10**6), min_size=1, max_size=5)


@given(prices=_prices, off=st.integers(0, 10**7), rate=st.sampled_from([ADDED, INSIDE, Rate(0, "inclusive")]))
def test_a_quote_adds_up_and_never_goes_below_nothing(prices: list[int], off: int, rate: Rate) -> None:
    lines = [NewLine("access", "x", Money(one, "CNY"), rate=rate) for one in prices]
    wanted = Discount("coupon", None, "SPRING", Money(off, "CNY"))
    found = quote(spread(lines, wanted), "CNY")
    assert found.discount.minor == min(off, sum(prices))
    assert found.total == found.list_total - found.discount + found.added_tax
    assert all(one.taxed.net + one.taxed.tax == one.amount for one in found.lines)
    assert all(one.line.reduced.minor >= 0 for one in found.lines)


def test_a_reduction_is_cut_to_what_is_left_and_nothing_is_noted_for_nothing() -> None:
    tea = NewLine("access", "Tea", yuan("10"))
    twice = reduced(reduced(tea, Discount("coupon", None, "a", yuan("8"))), Discount("coupon", None, "b", yuan("8")))
    assert [one.amount for one in twice.discounts] == [yuan("8"), yuan("2")]
    assert reduced(twice, Discount("coupon", None, "c", yuan("1"))) is twice


@given(
    left=st.lists(st.integers(0, 10**5), min_size=1, max_size=6).filter(sum), share=st.floats(0, 1),
    only=st.none() | st.integers(0, 5),
)  # fmt: skip
def test_what_goes_back_is_shared_exactly_and_never_exceeds_a_line(
    left: list[int], share: float, only: int | None
) -> None:
    amount = int(sum(left) * share)
    place = None if only is None or only >= len(left) else only
    parts = which_lines(left, amount, only=place)
    assert sum(parts) == amount
    assert all(0 <= part <= one for part, one in zip(parts, left, strict=True))
    if place is not None:
        assert parts[place] == min(amount, left[place])


@given(amount=st.integers(1, 10**6), tax_bp=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 10**6), max_size=5))
def test_tax_goes_back_with_its_line_to_the_last_unit(amount: int, tax_bp: int, cuts: list[int]) -> None:
    tax = amount * tax_bp // 20_000
    stops = sorted({min(cut, amount) for cut in cuts} | {amount})
    gone, before = 0, 0
    for stop in stops:
        so_far = tax_within(amount, tax, returned=before, part=stop - before)
        assert gone <= so_far <= tax
        gone, before = so_far, stop
    assert gone == tax


# Lines


def test_each_line_is_taxed_and_posted_and_all_is_given_at_once(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea", rate=ADDED), line(shop, "113", "cake"))
    assert told(shop, payment_id) == "succeeded"
    assert balances(shop) == {
        "assets:provider:sandbox": 219_00, "income:sales": -200_00, "liability:tax": -19_00,
    }  # fmt: skip
    assert all(has(shop, ann, one.product_id) for one in lines_of(shop, payment_id))
    assert shop.faults() == []


def test_the_last_cent_of_a_line_ends_what_that_line_gave_and_no_other(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea", rate=ADDED), line(shop, "113", "cake"))
    told(shop, payment_id)
    tea, cake = lines_of(shop, payment_id)
    refund(shop, payment_id, "50", line_id=tea.id)
    assert has(shop, ann, tea.product_id)
    refund(shop, payment_id, "56", line_id=tea.id)
    assert (has(shop, ann, tea.product_id), has(shop, ann, cake.product_id)) == (False, True)
    assert balances(shop) == {
        "assets:provider:sandbox": 113_00, "income:sales": -200_00, "income:refunds": 100_00, "liability:tax": -13_00,
    }  # fmt: skip
    with pytest.raises(Conflict):
        refund(shop, payment_id, None, line_id=tea.id)
    refund(shop, payment_id, None)
    assert not has(shop, ann, cake.product_id)
    assert balances(shop) == {"income:sales": -200_00, "income:refunds": 200_00}
    assert shop.faults() == []


def test_a_part_of_everything_comes_from_all_lines_in_proportion(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea", rate=ADDED), line(shop, "113", "cake"))
    told(shop, payment_id)
    refund(shop, payment_id, "0.03")
    assert [one.returned_minor for one in lines_of(shop, payment_id)] == [1, 2]
    assert shop.faults() == []


def test_a_line_of_another_order_is_not_found(shop: Shop, ann: Viewer) -> None:
    first = order_of(shop, ann, line(shop, "100", "tea"))
    second = order_of(shop, ann, line(shop, "100", "cake"))
    told(shop, first)
    with pytest.raises(Exception, match="no such order"):
        refund(shop, first, "1", line_id=lines_of(shop, second)[0].id)


def test_a_reduced_price_is_explained_to_the_unit(shop: Shop, ann: Viewer) -> None:
    wanted = reduced(line(shop, "100", "tea"), Discount("coupon", None, "SPRING", yuan("20")))
    told(shop, order_of(shop, ann, wanted))
    found = shop.platform.database.read(lambda session: commerce.my_orders(session, ann))
    order = shop.platform.database.read(lambda session: commerce.my_order(session, ann, found.orders[0].number))
    assert [(one.kind, one.label, one.amount) for one in order.lines[0].discounts] == [("coupon", "SPRING", yuan("20"))]
    assert (order.lines[0].list_price, order.total) == (yuan("100"), yuan("80"))


# What the provider says besides


def test_a_fee_is_posted_once_and_follows_the_provider(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea"))
    for fee in ("0.60", "0.60", "0.50"):
        told(shop, payment_id, fee=yuan(fee))
    assert balances(shop)["expense:fees"] == 50
    assert shop.faults() == []


def test_the_buyers_word_is_kept_once(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea"))
    for _ in range(2):
        told(shop, payment_id, mandate=Mandate("mnd_1", "•••• 4242"))
    methods = shop.platform.database.read(lambda session: session.scalars(select(PaymentMethod)).all())
    assert [(one.person_id, one.label) for one in methods] == [(ann.person_id, "•••• 4242")]


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_decided_by_the_provider_once(shop: Shop, ann: Viewer, outcome: str) -> None:
    payment_id = order_of(shop, ann, line(shop, "113", "tea"))
    told(shop, payment_id)
    tea = lines_of(shop, payment_id)[0].product_id
    told(shop, payment_id, disputes=(SeenDispute("dp_1", "open", yuan("113")),))
    assert balances(shop)["assets:disputed:sandbox"] == 113_00
    assert has(shop, ann, tea)
    with pytest.raises(Conflict):
        refund(shop, payment_id, "1")
    for _ in range(2):
        told(shop, payment_id, disputes=(SeenDispute("dp_1", outcome, yuan("113")),))  # type: ignore[arg-type]
    assert has(shop, ann, tea) is (outcome == "won")
    assert "assets:disputed:sandbox" not in balances(shop)
    assert balances(shop).get("assets:provider:sandbox", 0) == (113_00 if outcome == "won" else 0)
    assert shop.faults() == []


def test_refunds_and_disputes_together_never_exceed_what_came(shop: Shop, ann: Viewer) -> None:
    payment_id = order_of(shop, ann, line(shop, "100", "tea"))
    told(shop, payment_id)
    refund(shop, payment_id, "70")
    told(shop, payment_id, disputes=(SeenDispute("dp_1", "open", yuan("100")),))
    told(shop, payment_id, disputes=(SeenDispute("dp_1", "lost", yuan("100")),))
    assert shop.platform.database.read(lambda session: session.scalars(select(Dispute.amount_minor)).all()) == [30_00]
    assert balances(shop).get("assets:provider:sandbox", 0) == 0
    assert not has(shop, ann, lines_of(shop, payment_id)[0].product_id)
    assert shop.faults() == []


# What is scarce


def test_a_price_with_stock_sells_exactly_so_many_however_many_race(shop: Shop) -> None:
    offer = shop.offer(shop.product(), "9", stock=3)
    buyers = [shop.person(f"b{number}") for number in range(12)]

    def buy(who: Viewer) -> bool:
        try:
            shop.place(who, offer)
        except SoldOut:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(buy, buyers)) == 3
    assert shop.faults() == []


def test_an_order_that_expires_gives_back_what_it_held_and_late_money_takes_it_again(shop: Shop, ann: Viewer) -> None:
    offer, ben = shop.offer(shop.product(), "9", stock=1), shop.person("ben")
    placed, _ = shop.checkout(ann, offer)
    with pytest.raises(SoldOut):
        shop.place(ben, offer)
    shop.clock.advance(hours=1)
    shop.platform.database.write(lambda session: commerce.expire_orders(session, clock=shop.clock))
    assert placed.payment_id is not None
    assert told(shop, placed.payment_id) == "succeeded"
    with pytest.raises(SoldOut):
        shop.place(ben, offer)
    assert shop.faults() == []


def test_late_money_for_what_is_gone_goes_back_whole(shop: Shop, ann: Viewer) -> None:
    offer, ben = shop.offer(shop.product(), "9", stock=1), shop.person("ben")
    late, _ = shop.checkout(ann, offer)
    shop.clock.advance(hours=1)
    shop.platform.database.write(lambda session: commerce.expire_orders(session, clock=shop.clock))
    faster, _ = shop.checkout(ben, offer)
    assert faster.payment_id is not None
    assert late.payment_id is not None
    assert (told(shop, faster.payment_id), told(shop, late.payment_id)) == ("succeeded", "surplus")
    taken = shop.platform.database.read(lambda session: session.scalars(select(Offer.stock_taken)).all())
    assert taken == [1]
    assert shop.faults() == []


# What is earned over time

DAY = timedelta(days=1)


@given(total=st.integers(0, 10**9), days=st.integers(1, 800), at=st.integers(-3, 900))
def test_earning_grows_to_the_whole_and_not_beyond(total: int, days: int, at: int) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    over = Period(start, start + days * DAY)
    now, later = earned_by(total, over, start + at * DAY), earned_by(total, over, start + (at + 1) * DAY)
    assert 0 <= now <= later <= total
    assert (at < days) or now == total


def rent(shop: Shop, who: Viewer, price: str = "30", days: int = 30) -> tuple[UUID, UUID]:
    """Rent something and return the payment and the product."""
    product_id = shop.product(f"film-{shop.key()}")
    offer = shop.offer(product_id, price, model="rental", terms={"days": days})
    placed = shop.place(who, offer)
    assert placed.payment_id is not None
    told(shop, placed.payment_id)
    return placed.payment_id, product_id


def earn(shop: Shop) -> None:
    shop.platform.database.write(
        lambda session: earn_due(session, until=shop.clock.now(), after=None, clock=shop.clock)
    )


def test_a_rental_holds_its_days_and_is_earned_day_by_day(shop: Shop, ann: Viewer) -> None:
    _, film = rent(shop, ann)
    assert balances(shop) == {"assets:provider:sandbox": 30_00, "liability:deferred": -30_00}
    shop.clock.advance(days=10)
    for _ in range(2):
        earn(shop)
    assert balances(shop)["income:sales"] == -10_00
    assert has(shop, ann, film)
    shop.clock.advance(days=21)
    earn(shop)
    assert balances(shop) == {"assets:provider:sandbox": 30_00, "income:sales": -30_00}
    assert not has(shop, ann, film)
    assert shop.faults() == []


def test_what_was_not_earned_goes_back_first(shop: Shop, ann: Viewer) -> None:
    payment_id, film = rent(shop, ann)
    shop.clock.advance(days=10)
    earn(shop)
    refund(shop, payment_id, "10")
    assert balances(shop) == {
        "assets:provider:sandbox": 20_00, "income:sales": -10_00, "liability:deferred": -10_00
    }  # fmt: skip
    refund(shop, payment_id, None)
    assert balances(shop) == {"income:sales": -10_00, "income:refunds": 10_00}
    assert not has(shop, ann, film)
    rows = shop.platform.database.read(lambda session: session.scalars(select(Deferral)).all())
    assert [row.closed_at is not None for row in rows] == [True]
    shop.clock.advance(days=100)
    earn(shop)
    assert shop.faults() == []


def test_renting_again_adds_its_days(shop: Shop, ann: Viewer) -> None:
    product_id = shop.product("film")
    offer = shop.offer(product_id, "30", model="rental", terms={"days": 30})
    for _ in range(2):
        placed = shop.place(ann, offer)
        assert placed.payment_id is not None
        told(shop, placed.payment_id)
        shop.clock.advance(days=10)
    shop.clock.advance(days=39)
    assert has(shop, ann, product_id)
    shop.clock.advance(days=2)
    assert not has(shop, ann, product_id)


@pytest.mark.parametrize("days", [None, 0, -1, 3_661, "30", 1.5, True])
def test_a_rental_needs_its_days(shop: Shop, days: object) -> None:
    with pytest.raises(Invalid) as caught:
        shop.offer(shop.product(), "30", model="rental", terms={"days": days})
    assert set(caught.value.fields) == {"days"}


def test_ways_to_have_a_thing_stand_side_by_side_and_a_later_price_waits_for_its_day(shop: Shop) -> None:
    tea = shop.product()
    kept = shop.offer(tea, "100")
    rented = shop.offer(tea, "10", model="rental", terms={"days": 30})
    dearer = shop.offer(tea, "120", starts_at=shop.clock.now() + 10 * DAY)

    def live() -> list[UUID]:
        found = shop.platform.database.read(
            lambda session: commerce.live_offers(session, [tea], currency="CNY", at=shop.clock.now())
        )
        return [one.id for one in found[tea]]

    assert live() == [kept.id, rented.id]
    shop.clock.advance(days=10)
    assert live() == [dearer.id, rented.id]


# Paper


def test_what_comes_is_receipted_and_what_goes_back_is_credited(shop: Shop, ann: Viewer) -> None:
    number = shop.buy(ann, shop.offer(shop.product(), "100"))
    shop.refund(number, "30")
    shop.refund(number)
    shop.drain()
    order = shop.order(number)
    papers = shop.platform.database.read(lambda session: documents.documents_of(session, SYSTEM, order.id))
    assert sorted((one.kind, one.gross.minor) for one in papers) == [
        ("credit_note", 30_00), ("credit_note", 70_00), ("receipt", 100_00),
    ]  # fmt: skip
    assert shop.dead_jobs() == []
    assert shop.faults() == []
