"""Every call to every provider, lost in every way: reconciliation brings orders, books and provider to one truth."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.domains.commerce.providers.counters import COUNTERS, Street, with_settings
from tests.peers.line import FAULTS, NOT_DONE
from xingtan.core.errors import Unavailable
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.conversation import charge
from xingtan.domains.commerce.errors import NoticeRefused
from xingtan.domains.commerce.models import Payment
from xingtan.infra.platform import Platform

pytestmark = pytest.mark.faults
_PATIENCE_S = 0.2


@pytest.fixture(params=list(COUNTERS))
def street(request: pytest.FixtureRequest, platform: Platform, tmp_path: Path) -> Iterator[Street]:
    counter = COUNTERS[request.param]()
    with counter.peer:
        street = Street(with_settings(platform, counter.settings(tmp_path)), counter=counter)
        for provider in street.providers.values():
            impatient(provider)
        yield street


def impatient(provider: Any) -> None:
    """Give the peer less time than its slow answers take."""
    if hasattr(provider, "_account"):
        provider._account = replace(provider._account, timeout_s=_PATIENCE_S)


def present(street: Street, order: commerce.OrderView) -> commerce.PaymentView:
    street.present(order.payments[-1].id)
    return street.payment(order.number)


def paid(street: Street) -> commerce.OrderView:
    order, _ = street.order_at_counter()
    street.counter.pay(present(street, order))
    street.reconcile(minutes=3)
    return street.order(order.number)


def in_one_truth(street: Street) -> bool:
    return not street.faults() and street.held_there() == street.counter.received()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_is_repeated_until_it_is_known(street: Street, fault: str) -> None:
    order, product = street.order_at_counter()
    street.counter.peer.faults.append(fault)
    if street.counter.name == "alipay":  # it is not asked
        street.counter.peer.faults.clear()
    else:
        with pytest.raises(Unavailable):
            street.present(order.payments[-1].id)
        assert street.payment(order.number).state == "unknown"
    street.counter.pay(present(street, order))
    street.reconcile(minutes=3)
    assert street.order(order.number).state == "paid"
    assert street.owns(street.buyer, product)
    assert in_one_truth(street)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_is_asked_again(street: Street, fault: str) -> None:
    order, product = street.order_at_counter()
    street.counter.pay(present(street, order))
    street.counter.peer.faults.append(fault)
    street.reconcile(minutes=3)
    assert street.payment(order.number).state == "unknown"
    assert not street.owns(street.buyer, product)
    street.reconcile(minutes=10)
    assert street.order(order.number).state == "paid"
    assert in_one_truth(street)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_is_sent_until_it_has_gone_once(street: Street, fault: str) -> None:
    order = paid(street)
    street.counter.peer.faults.extend([*[""] * street.counter.asks_before_refund, fault])
    refund_id = street.refund(order.number, drain=False)
    with pytest.raises(Unavailable):
        commerce.send_refund(street.platform.database, street.providers, refund_id, clock=street.clock)
    assert street.order(order.number).refunds[0].state == "unknown"
    assert street.counter.received() == (order.total.minor if fault in NOT_DONE else 0)
    street.reconcile(minutes=11)
    found = street.order(order.number)
    assert (found.state, found.refunds[0].state) == ("refunded", "succeeded")
    assert street.counter.received() == 0
    assert in_one_truth(street)


def test_a_provider_that_is_down_for_a_day_costs_a_day(street: Street) -> None:
    order, _ = street.order_at_counter()
    street.counter.pay(present(street, order))
    for _ in range(24):
        street.counter.peer.faults.append("500")
        street.reconcile(hours=1)
        street.counter.peer.faults.clear()
    street.reconcile(hours=7)
    assert street.order(order.number).state == "paid"
    assert in_one_truth(street)


def test_notices_twice_late_and_out_of_order_pay_once(street: Street) -> None:
    order, _ = street.order_at_counter()
    payment = present(street, order)
    street.counter.pay(payment)
    first = street.counter.notice(payment, at=street.clock.now())
    second = street.counter.notice(payment, at=street.clock.now() - timedelta(seconds=200))
    assert street.tell(first)
    assert not street.tell(first)
    assert street.tell(second)
    street.drain()
    street.pass_time(seconds=90)
    assert not street.tell(second)
    street.drain()
    assert street.order(order.number).state == "paid"
    assert not street.dead_jobs()
    assert in_one_truth(street)


def test_a_notice_before_the_answer_and_a_notice_after_the_refund_change_nothing(street: Street) -> None:
    order = paid(street)
    payment = street.payment(order.number)
    late = street.counter.notice(payment, at=street.clock.now())
    street.refund(order.number)
    street.tell(late)
    street.drain()
    assert street.order(order.number).state == "refunded"
    assert in_one_truth(street)


def test_a_notice_of_yesterday_is_refused_and_the_payment_is_found_all_the_same(street: Street) -> None:
    order, _ = street.order_at_counter()
    payment = present(street, order)
    street.counter.pay(payment)
    old = street.counter.notice(payment, at=street.clock.now() - timedelta(days=1))
    with pytest.raises(NoticeRefused):
        street.tell(old)
    street.reconcile(minutes=3)
    assert street.order(order.number).state == "paid"


def test_a_notice_that_lies_moves_nothing(street: Street) -> None:
    """The notice is genuine and says paid; the provider, when asked, says otherwise."""
    order, product = street.order_at_counter()
    payment = present(street, order)
    street.counter.pay(payment)
    told = street.counter.notice(payment, at=street.clock.now())
    street.counter.peer.faults.append("500")
    street.tell(told)
    street.drain()
    assert not street.owns(street.buyer, product)


def test_another_amount_is_held_and_nothing_is_given_for_it(street: Street) -> None:
    order, product = street.order_at_counter()
    street.counter.pay_wrongly(present(street, order))
    street.reconcile(minutes=3)
    assert street.payment(order.number).state == "held"
    assert not street.owns(street.buyer, product)
    assert not street.faults()


def test_money_after_a_cancellation_goes_back_by_itself(street: Street) -> None:
    order, product = street.order_at_counter()
    payment = present(street, order)
    street.platform.database.write(
        lambda session: commerce.cancel_order(session, street.buyer, order.number, clock=street.clock)
    )
    street.counter.pay(payment)
    street.live_through(hours=1)
    assert street.payment(order.number).state == "returned"
    assert street.counter.received() == 0
    assert not street.owns(street.buyer, product)
    assert not street.faults()


def test_refunds_in_parts_add_up(street: Street) -> None:
    order = paid(street)
    for part in ("50", "49.01", "99.99"):
        street.refund(order.number, part)
    assert street.order(order.number).state == "refunded"
    assert street.counter.received() == 0
    assert in_one_truth(street)


@pytest.fixture
def stripe_street(platform: Platform, tmp_path: Path) -> Iterator[Street]:
    counter = COUNTERS["stripe"]()
    with counter.peer:
        street = Street(with_settings(platform, counter.settings(tmp_path)), counter=counter)
        impatient(street.providers["stripe"])
        yield street


def with_a_card(street: Street) -> UUID:
    """Buy once, leaving a card for later; return the payment method that was kept."""
    order, _ = street.order_at_counter()
    payment_id = order.payments[-1].id

    def want(session: Session) -> None:
        session.get_one(Payment, payment_id).wants_mandate = True

    street.platform.database.write(want)
    street.counter.pay(present(street, order))
    street.reconcile(minutes=3)
    method = street.platform.database.read(lambda session: session.get_one(Payment, payment_id).method_id)
    assert method is not None
    return method


@pytest.mark.parametrize("fault", FAULTS)
def test_a_charge_without_the_buyer_is_made_once_or_never(stripe_street: Street, fault: str) -> None:
    street = stripe_street
    method = with_a_card(street)
    assert street.buyer.person_id is not None
    command = commerce.PlaceOrder(
        street.buyer.person_id, street.offer(street.product("ink"), "30").id, street.key(), "stripe", "en"
    )
    placed = street.platform.database.write(lambda session: commerce.place_order(session, command, clock=street.clock))
    payment_id = placed.payment_id
    assert payment_id is not None

    def by_card(session: Session) -> None:
        session.get_one(Payment, payment_id).method_id = method

    street.platform.database.write(by_card)
    street.counter.peer.faults.append(fault)
    with pytest.raises(Unavailable):
        charge(street.platform.database, street.providers, payment_id, clock=street.clock)
    assert street.payment(placed.number).state == "unknown"
    street.reconcile(minutes=3)
    if fault in NOT_DONE:
        assert street.payment(placed.number).failure_code == "never_started"
        assert street.counter.received() == 19_900
    else:
        assert street.order(placed.number).state == "paid"
        assert street.counter.received() == 22_900
    assert in_one_truth(street)
