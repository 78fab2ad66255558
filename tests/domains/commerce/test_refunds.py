"""Money that goes back."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable, say
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import KeyReused, RefundTooLarge


def test_a_full_refund_gives_all_back_and_ends_access(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    offer = shop.offer(tea)
    number = shop.buy(ann, offer)
    shop.pass_time(days=3)
    shop.refund(number)
    order = shop.order(number)
    assert (order.state, order.refunded) == ("refunded", yuan("199"))
    assert not shop.owns(ann, tea)
    assert shop.balances() == {"income:sales": -19900, "income:refunds": 19900}
    assert not shop.faults()
    assert not shop.peer_differs()
    again = shop.buy(ann, offer)  # and she may come back
    assert again != number
    assert shop.owns(ann, tea)


def test_refunds_in_part_keep_access_until_all_is_back(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    number = shop.buy(ann, shop.offer(tea, "100"))
    shop.refund(number, "30")
    order = shop.order(number)
    assert (order.state, order.refunded, order.payments[0].refundable) == ("partly_refunded", yuan("30"), yuan("70"))
    assert shop.owns(ann, tea)
    with pytest.raises(RefundTooLarge):
        shop.refund(number, "70.01")
    shop.refund(number, "70")
    assert shop.order(number).state == "refunded"
    assert not shop.owns(ann, tea)
    assert not shop.faults()
    with pytest.raises(Conflict):
        shop.refund_payment(order.payments[0].id, yuan("0.01"))


@pytest.mark.parametrize("minor", [0, -1, -100])
def test_nothing_and_less_are_no_refund(shop: Shop, minor: int) -> None:
    number = shop.buy(shop.person(), shop.offer(shop.product()))
    payment = shop.order(number).payments[0]
    with pytest.raises(Invalid):
        shop.refund_payment(payment.id, Money(minor, "CNY"))
    with pytest.raises(Invalid):
        shop.refund_payment(payment.id, Money(100, "USD"))
    assert not shop.order(number).refunds


def test_two_requests_at_once_never_promise_more_than_came(shop: Shop) -> None:
    """M5 holds before the provider has been asked: the amount is reserved by the request."""
    number = shop.buy(shop.person(), shop.offer(shop.product(), "100"))
    shop.refund(number, "60", drain=False)
    with pytest.raises(RefundTooLarge):
        shop.refund(number, "60", drain=False)
    shop.drain()
    assert shop.order(number).refunded == yuan("60")


def test_the_form_sent_twice_is_one_refund(shop: Shop) -> None:
    number = shop.buy(shop.person(), shop.offer(shop.product(), "100"))
    first = shop.refund(number, "10", key="refund-once")
    assert shop.refund(number, "10", key="refund-once") == first
    with pytest.raises(KeyReused):
        shop.refund(number, "20", key="refund-once")
    assert shop.order(number).refunded == yuan("10")


def test_only_those_who_may_refund(shop: Shop) -> None:
    ann = shop.person()
    number = shop.buy(ann, shop.offer(shop.product()))
    payment = shop.order(number).payments[0]
    command = commerce.RequestRefund(payment.id, None, "goodwill", "refund-key-1")
    with pytest.raises(NotAllowed):
        shop.platform.database.write(lambda session: commerce.request_refund(session, ann, command, clock=shop.clock))
    unknown = commerce.RequestRefund(UUID(int=7), None, "goodwill", "refund-key-2")
    with pytest.raises(NotFound):
        shop.platform.database.write(
            lambda session: commerce.request_refund(session, SYSTEM, unknown, clock=shop.clock)
        )
    silly = commerce.RequestRefund(payment.id, None, "because", "refund-key-3")
    with pytest.raises(Invalid):
        shop.platform.database.write(lambda session: commerce.request_refund(session, SYSTEM, silly, clock=shop.clock))


class Moody:
    """The sandbox, behind a line that loses what `loses` says: the way there, or the way back."""

    name = "sandbox"

    def __init__(self, inner: commerce.PaymentProvider, loses: str) -> None:
        self.inner, self.loses, self.calls = inner, loses, 0

    def _through(self, call: object) -> object:
        self.calls += 1
        if self.calls > 1:
            return call()  # type: ignore[operator]
        if self.loses == "answer":
            call()  # type: ignore[operator]
        raise Unavailable(say("The provider does not answer."))

    def start(self, start: commerce.Start) -> commerce.Started:
        return self._through(lambda: self.inner.start(start))  # type: ignore[return-value]

    def query(self, payment_id: UUID, reference: str | None) -> commerce.ProviderPayment:
        return self._through(lambda: self.inner.query(payment_id, reference))  # type: ignore[return-value]

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> commerce.ProviderRefund:
        return self._through(lambda: self.inner.refund(payment_id, reference, amount=amount, key=key))  # type: ignore[return-value]

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> commerce.Notice:
        return self.inner.verify_notice(headers, body)


@pytest.mark.parametrize("loses", ["request", "answer"])
def test_a_lost_refund_call_is_unknown_and_asking_again_gives_back_once(shop: Shop, loses: str) -> None:
    number = shop.buy(shop.person(), shop.offer(shop.product()))
    refund_id = shop.refund(number, "50", drain=False)
    moody = {"sandbox": Moody(shop.providers["sandbox"], loses)}
    database = shop.platform.database
    with pytest.raises(Unavailable):
        commerce.send_refund(database, moody, refund_id, clock=shop.clock)
    assert shop.order(number).refunds[0].state == "unknown"
    assert commerce.send_refund(database, moody, refund_id, clock=shop.clock) == "succeeded"
    assert commerce.send_refund(database, moody, refund_id, clock=shop.clock) == "succeeded"
    assert shop.order(number).refunded == yuan("50")
    assert not shop.faults()
    assert not shop.peer_differs()


@pytest.mark.parametrize("loses", ["request", "answer"])
def test_a_lost_start_is_unknown_and_trying_again_opens_the_same_payment(shop: Shop, loses: str) -> None:
    ann, offer = shop.person(), shop.offer(shop.product())
    placed = shop.place(ann, offer, key="lost-start-key")
    moody = {"sandbox": Moody(shop.providers["sandbox"], loses)}
    assert placed.payment_id is not None
    with pytest.raises(Unavailable):
        commerce.present(shop.platform.database, moody, placed.payment_id, clock=shop.clock)
    assert shop.order(placed.number).payments[0].state == "unknown"
    assert shop.place(ann, offer, key="lost-start-key") == placed
    reference = shop.present(placed.payment_id).rpartition("/")[2]
    shop.choose(reference, "success")
    shop.drain()
    assert shop.order(placed.number).state == "paid"
    assert not shop.faults()


def test_a_lost_start_that_nobody_tries_again_is_known_to_have_failed(shop: Shop) -> None:
    placed = shop.place(shop.person(), shop.offer(shop.product()))
    moody = {"sandbox": Moody(shop.providers["sandbox"], "request")}
    assert placed.payment_id is not None
    with pytest.raises(Unavailable):
        commerce.present(shop.platform.database, moody, placed.payment_id, clock=shop.clock)
    shop.live_through(minutes=20)
    payment = shop.order(placed.number).payments[0]
    assert (payment.state, payment.failure_code) == ("failed", "never_started")


def test_a_provider_that_is_down_for_a_day_changes_nothing_but_the_wait(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, "never")

    class Down(Moody):
        def _through(self, _call: object) -> object:
            raise Unavailable(say("The provider does not answer."))

    down = {"sandbox": Down(shop.providers["sandbox"], "request")}
    for _ in range(24):
        shop.pass_time(hours=1)
        commerce.reconcile(shop.platform.database, down, clock=shop.clock)
    assert shop.order(placed.number).payments[0].state == "unknown"
    shop.live_through(hours=7)
    assert shop.order(placed.number).state == "paid"
    assert shop.owns(ann, tea)
    assert not shop.faults()
