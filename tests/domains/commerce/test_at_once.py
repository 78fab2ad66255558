"""Many at once: a double click, two workers, two refunds, two payments of one order. On both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.domains.commerce.shop import WIRING, Shop, yuan
from xingtan.core.errors import Refused
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.worker.loop import Worker

AT_ONCE = 8


def _together(work: Callable[[int], Any], *, times: int = AT_ONCE) -> list[Any]:
    """Run `work` in so many threads that start at the same moment; an expected refusal is a result."""
    barrier = Barrier(times)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except Refused as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_double_click_makes_one_order(shop: Shop) -> None:
    """M8: the same key, n times in parallel: one answer, one effect."""
    ann, offer = shop.person(), shop.offer(shop.product())
    placed = _together(lambda _: shop.place(ann, offer, key="double-click"))
    assert len(set(placed)) == 1
    found = shop.platform.database.read(lambda session: commerce.orders(session, SYSTEM))
    assert len(found.orders) == 1
    assert len(shop.order(placed[0].number).payments) == 1
    pages = _together(lambda _: shop.present(placed[0].payment_id))
    assert len(set(pages)) == 1
    assert not shop.faults()


def test_many_tabs_with_keys_of_their_own_make_one_order(shop: Shop) -> None:
    ann, offer = shop.person(), shop.offer(shop.product())
    placed = _together(lambda number: shop.place(ann, offer, key=f"tab-number-{number}"))
    assert len({one.order_id for one in placed}) == 1


def test_a_free_offer_clicked_many_times_is_given_once(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea, "0", model="free")
    results = _together(lambda number: shop.place(ann, offer, key=f"free-click-{number}"))
    assert len({one.order_id for one in results if isinstance(one, commerce.PlacedOrder)}) == 1
    assert shop.owns(ann, tea)
    assert not shop.faults()


def test_many_workers_on_one_notice_make_one_payment(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, "twice")
    shop.pass_time(seconds=2)
    workers = [Worker(shop.platform, WIRING) for _ in range(4)]
    for _ in range(3):
        _together(lambda number: workers[number].drain(), times=4)
    assert shop.order(placed.number).state == "paid"
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert not shop.faults()
    assert not shop.dead_jobs()


def test_settling_in_many_threads_settles_once(shop: Shop) -> None:
    ann = shop.person()
    placed, reference = shop.checkout(ann, shop.offer(shop.product()))
    seen = commerce.ProviderPayment(reference, "succeeded", yuan("199"))
    assert set(_together(lambda _: shop.settle_again(placed.payment_id, seen))) == {"succeeded"}
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    assert not shop.faults()


def test_two_payments_of_one_order_at_once_keep_one(shop: Shop) -> None:
    """M7."""
    ann = shop.person()
    placed, first = shop.checkout(ann, shop.offer(shop.product()))
    shop.settle_again(placed.payment_id, commerce.ProviderPayment(first, "failed"))
    again = shop.platform.database.write(
        lambda session: commerce.pay_again(session, ann, placed.number, provider="sandbox", clock=shop.clock)
    )
    second = shop.present(again.payment_id).rpartition("/")[2]
    shop.choose(first, "never")
    shop.choose(second, "never")
    payments = (placed.payment_id, again.payment_id)
    seen = commerce.ProviderPayment(None, "succeeded", yuan("199"))
    states = _together(lambda number: shop.settle_again(payments[number % 2], seen), times=2)
    assert sorted(states) == ["succeeded", "surplus"]
    shop.drain()
    assert not shop.faults()
    assert not shop.peer_differs()


@pytest.mark.parametrize("amount", ["60", "199"])
def test_refunds_at_once_never_give_back_more_than_came(shop: Shop, amount: str) -> None:
    """M5 under concurrency."""
    number = shop.buy(shop.person(), shop.offer(shop.product()))
    _together(lambda turn: shop.refund(number, amount, key=f"at-once-{turn:03}", drain=False))
    shop.drain()
    order = shop.order(number)
    assert order.refunded == (yuan("180") if amount == "60" else yuan("199"))
    assert not shop.faults()
    assert not shop.peer_differs()
