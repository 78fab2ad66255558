"""Buying, from the offer to access, and everything that a provider may do on the way."""

import pytest
from sqlalchemy import func, select

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, KeyReused, OfferGone
from xingtan.domains.commerce.models import Payment, SalesOrder
from xingtan.infra.outbox import OutboxEvent


def _kinds(shop: Shop) -> list[str]:
    with shop.platform.database.reading() as session:
        return list(session.scalars(select(OutboxEvent.kind).order_by(OutboxEvent.id)))


def _count(shop: Shop, row: type) -> int:
    with shop.platform.database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_money_order_books_access_and_news_are_one_commit(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea, "199"))
    assert not shop.owns(ann, tea)
    shop.choose(reference, "success")
    assert shop.order(placed.number).state == "placed"
    shop.drain()
    order = shop.order(placed.number)
    assert (order.state, order.total, order.paid_at) == ("paid", yuan("199"), shop.clock.now())
    assert order.kept_payment is not None
    assert order.kept_payment.received == yuan("199")
    assert shop.owns(ann, tea)
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert _kinds(shop).count("commerce.order_paid") == 1
    assert not shop.faults()
    assert not shop.peer_differs()


@pytest.mark.parametrize("choice", ["success", "twice", "late", "never"])
def test_every_way_to_pay_pays_once(shop: Shop, choice: str) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, choice)
    shop.drain()
    assert (shop.order(placed.number).state == "paid") is (choice in {"success", "twice"})
    shop.live_through(minutes=20)
    assert shop.order(placed.number).state == "paid"
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert not shop.faults()
    assert not shop.dead_jobs()


def test_a_challenge_pays_with_the_right_code_and_fails_after_three_wrong_ones(shop: Shop) -> None:
    ann, offer = shop.person(), shop.offer(shop.product())
    write = shop.platform.database.write

    def answer(reference: str, code: str) -> str:
        return write(lambda session: commerce.answer_challenge(session, reference, code, clock=shop.clock)).state

    placed, reference = shop.checkout(ann, offer)
    shop.choose(reference, "challenge")
    assert [answer(reference, code) for code in ("000000", "654321", "12345")] == ["challenged", "challenged", "failed"]
    shop.drain()
    assert shop.order(placed.number).payments[0].failure_code == "challenge_failed"
    again = write(lambda session: commerce.pay_again(session, ann, placed.number, provider="sandbox", clock=shop.clock))
    reference = shop.present(again.payment_id).rpartition("/")[2]
    shop.choose(reference, "challenge")
    assert answer(reference, " 123456 ") == "succeeded"
    shop.drain()
    assert [one.state for one in shop.order(placed.number).payments] == ["failed", "succeeded"]
    assert not shop.faults()


def test_a_declined_card_leaves_the_order_open_for_another_try(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, "declined")
    shop.drain()
    order = shop.order(placed.number)
    assert (order.state, order.payments[0].state, order.payments[0].failure_code) == (
        "placed",
        "failed",
        "card_declined",
    )
    assert not shop.owns(ann, tea)
    assert not shop.balances()


def test_what_is_free_is_there_at_once_without_a_provider(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed = shop.place(ann, shop.offer(tea, "0", model="free"))
    assert placed.payment_id is None
    assert shop.order(placed.number).state == "paid"
    assert shop.owns(ann, tea)
    assert not shop.balances()
    assert not shop.faults()


def test_pay_what_you_want_takes_the_buyers_amount_above_the_floor(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea, "30", model="pay_what_you_want", floor=yuan("5"))
    for chosen in (yuan("4.99"), Money(10_000, "USD")):
        with pytest.raises(Invalid) as refused:
            shop.place(ann, offer, chosen=chosen)
        assert "amount" in refused.value.fields
    number = shop.buy(ann, offer, chosen=yuan("88.88"))
    assert shop.order(number).total == yuan("88.88")
    assert not shop.faults()


def test_pay_what_you_want_may_be_nothing_where_there_is_no_floor(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed = shop.place(ann, shop.offer(tea, "30", model="pay_what_you_want"), chosen=yuan("0"))
    assert placed.payment_id is None
    assert shop.owns(ann, tea)


def test_a_price_that_was_sent_along_counts_for_nothing(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    number = shop.buy(ann, shop.offer(tea, "199"), chosen=yuan("0.01"))
    assert shop.order(number).total == yuan("199")


def test_nobody_pays_for_what_she_owns(shop: Shop) -> None:
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    offer = shop.offer(tea)
    shop.buy(ann, offer)
    with pytest.raises(AlreadyOwned, match="Tea"):
        shop.place(ann, offer)
    assert shop.place(bob, offer).payment_id is not None


def test_a_bundle_gives_its_parts_and_is_refused_when_all_of_them_are_owned(shop: Shop) -> None:
    ann, bob = shop.person(), shop.person("bob")
    tea, ink = shop.product("tea"), shop.product("ink")
    both = shop.product("both", kind="bundle", parts=(tea, ink))
    tea_offer, bundle_offer = shop.offer(tea, "100"), shop.offer(both, "150")
    shop.buy(ann, tea_offer)
    number = shop.buy(ann, bundle_offer)
    assert shop.owns(ann, tea)
    assert shop.owns(ann, ink)
    shop.refund(number)
    assert shop.owns(ann, tea)  # by its own order still
    assert not shop.owns(ann, ink)
    shop.buy(bob, tea_offer)
    shop.buy(bob, shop.offer(ink, "80"))
    with pytest.raises(AlreadyOwned):
        shop.place(bob, bundle_offer)
    assert not shop.faults()


def test_an_old_price_is_no_longer_for_sale_but_orders_placed_by_it_are_paid(shop: Shop) -> None:
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    old = shop.offer(tea, "99")
    placed, reference = shop.checkout(ann, old)
    shop.offer(tea, "199")
    with pytest.raises(OfferGone):
        shop.place(bob, old)
    shop.choose(reference, "success")
    shop.drain()
    assert shop.order(placed.number).total == yuan("99")
    assert shop.owns(ann, tea)


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_what_is_not_published_is_not_sold(shop: Shop, state: str) -> None:
    ann, offer = shop.person(), shop.offer(shop.product(state=state))
    with pytest.raises(OfferGone):
        shop.place(ann, offer)


def test_the_same_key_is_the_same_order_and_another_request_under_it_is_refused(shop: Shop) -> None:
    ann, bob = shop.person(), shop.person("bob")
    first, second = shop.offer(shop.product("tea")), shop.offer(shop.product("ink"))
    placed = shop.place(ann, first, key="one-and-only")
    assert shop.place(ann, first, key="one-and-only") == placed
    with pytest.raises(KeyReused):
        shop.place(ann, second, key="one-and-only")
    assert shop.place(bob, first, key="one-and-only").order_id != placed.order_id  # a key is its principal's
    for bad in ("", "short", "with spaces in", "x" * 81, "ключ-ключ"):
        with pytest.raises(Invalid):
            shop.place(ann, first, key=bad)
    assert _count(shop, SalesOrder) == 2


def test_two_tabs_are_one_order(shop: Shop) -> None:
    ann, offer = shop.person(), shop.offer(shop.product())
    assert shop.place(ann, offer) == shop.place(ann, offer)
    assert (_count(shop, SalesOrder), _count(shop, Payment)) == (1, 1)


def test_an_order_expires_and_late_money_still_pays_it(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.live_through(hours=2)
    assert shop.order(placed.number).state == "expired"
    with pytest.raises(Conflict):
        shop.platform.database.write(
            lambda session: commerce.pay_again(session, ann, placed.number, provider="sandbox", clock=shop.clock)
        )
    shop.choose(reference, "success")
    shop.drain()
    assert shop.order(placed.number).state == "paid"
    assert shop.owns(ann, tea)
    assert not shop.faults()


def test_a_payment_nobody_finishes_ends_within_a_day(shop: Shop) -> None:
    placed, _ = shop.checkout(shop.person(), shop.offer(shop.product()))
    shop.live_through(hours=36)
    payment = shop.order(placed.number).payments[0]
    assert (payment.state, payment.failure_code) == ("failed", "abandoned")
    with shop.platform.database.reading() as session:
        assert session.get_one(Payment, payment.id).ask_at is None


def test_money_for_a_cancelled_order_goes_back(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.platform.database.write(lambda session: commerce.cancel_order(session, ann, placed.number, clock=shop.clock))
    shop.choose(reference, "success")
    shop.drain()
    order = shop.order(placed.number)
    assert (order.state, order.payments[0].state) == ("cancelled", "returned")
    assert not shop.owns(ann, tea)
    assert not shop.balances()
    assert not shop.faults()
    assert not shop.peer_differs()


def test_the_second_payment_of_an_order_goes_back_by_itself(shop: Shop) -> None:
    """M7: a failed page is left open in one tab, a new one is paid in another, then the first is paid as well."""
    ann, tea = shop.person(), shop.product()
    placed, first = shop.checkout(ann, shop.offer(tea))
    shop.settle_again(placed.payment_id, commerce.ProviderPayment(first, "failed", failure_code="timeout"))
    again = shop.platform.database.write(
        lambda session: commerce.pay_again(session, ann, placed.number, provider="sandbox", clock=shop.clock)
    )
    second = shop.present(again.payment_id).rpartition("/")[2]
    shop.choose(second, "success")
    shop.drain()
    shop.choose(first, "success")
    shop.drain()
    order = shop.order(placed.number)
    assert [one.state for one in order.payments] == ["returned", "succeeded"]
    assert (order.state, order.refunded) == ("paid", yuan("0"))
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert shop.owns(ann, tea)
    assert not shop.faults()
    assert not shop.peer_differs()


def test_a_second_order_for_what_came_to_be_owned_goes_back_by_itself(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea)
    late, reference = shop.checkout(ann, offer)
    shop.live_through(hours=1)
    shop.buy(ann, offer)
    shop.choose(reference, "success")
    shop.drain()
    assert shop.order(late.number).payments[0].state == "returned"
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert not shop.faults()


def test_a_wrong_amount_is_held_and_gives_nothing(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, "short")
    shop.drain()
    order = shop.order(placed.number)
    assert (order.state, order.payments[0].state, order.payments[0].received) == ("placed", "held", yuan("198.99"))
    assert not shop.owns(ann, tea)
    assert shop.balances() == {"assets:provider:sandbox": 19899, "liability:unapplied": -19899}
    assert "commerce.payment_held" in _kinds(shop)
    with pytest.raises(Invalid):
        shop.refund_payment(order.payments[0].id, yuan("1"))
    shop.refund_payment(order.payments[0].id, None)
    assert shop.order(placed.number).payments[0].state == "returned"
    assert not shop.balances()
    assert not shop.faults()


def test_another_currency_is_held(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    seen = commerce.ProviderPayment(reference, "succeeded", Money(19900, "USD"))
    assert shop.settle_again(placed.payment_id, seen) == "held"
    assert not shop.owns(ann, tea)
    assert not shop.faults()


def test_settling_twice_changes_nothing_and_a_late_failure_does_not_undo_money(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    paid = commerce.ProviderPayment(reference, "succeeded", yuan("199"))
    assert shop.settle_again(placed.payment_id, paid) == "succeeded"
    before = (shop.order(placed.number), shop.balances(), _kinds(shop))
    for seen in (paid, commerce.ProviderPayment(reference, "failed", failure_code="late"),
                 commerce.ProviderPayment(reference, "open"), commerce.ProviderPayment(None, "absent")):  # fmt: skip
        assert shop.settle_again(placed.payment_id, seen) == "succeeded"
    assert (shop.order(placed.number), shop.balances(), _kinds(shop)) == before


def test_money_wins_over_a_failure_that_came_first(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    assert shop.settle_again(placed.payment_id, commerce.ProviderPayment(reference, "failed")) == "failed"
    paid = commerce.ProviderPayment(reference, "succeeded", yuan("199"))
    assert shop.settle_again(placed.payment_id, paid) == "succeeded"
    assert shop.owns(ann, tea)
    assert not shop.faults()


def test_only_the_buyer_and_staff_see_an_order(shop: Shop) -> None:
    ann, bob = shop.person(), shop.person("bob")
    number = shop.buy(ann, shop.offer(shop.product()))
    with shop.platform.database.reading() as session:
        assert commerce.order(session, ann, number.lower().replace("-", " ")).number == number
        for refused in (number, "0000-0000", "", "%", "' OR 1=1 --", "７K3F-9QXM", "x" * 40_000):
            with pytest.raises(NotFound):
                commerce.order(session, bob, refused)
        with pytest.raises(NotAllowed):
            commerce.order(session, Viewer(), number)
        with pytest.raises(NotAllowed):
            commerce.orders(session, ann)
        assert not commerce.my_orders(session, bob).orders
        assert [one.number for one in commerce.my_orders(session, ann).orders] == [number]
    for use in (commerce.cancel_order, lambda *a, **k: commerce.pay_again(*a, provider="sandbox", **k)):
        with pytest.raises(NotFound):
            shop.platform.database.write(lambda session, use=use: use(session, bob, number, clock=shop.clock))
