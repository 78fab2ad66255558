"""Bank transfers: the creator's word is the bank's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.domains.commerce.providers.counters import Street, with_settings
from xingtan.core.errors import Broken, Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.infra.platform import Platform


class Bank:
    name = "manual"


@pytest.fixture
def street(platform: Platform) -> Street:
    account = "Bank of Apricots\nDE00 0000 0000"
    return Street(with_settings(platform, {"bank_account": account, "bank_currencies": "CNY, eur"}), counter=Bank())


def ordered(street: Street) -> tuple[commerce.OrderView, UUID]:
    order, product = street.order_at_counter()
    assert street.present(order.payments[-1].id) == f"/pay/{order.number}/transfer"
    return order, product


def say(street: Street, work: Callable[..., Any], *args: Any, viewer: Viewer = SYSTEM) -> Any:
    return street.platform.database.write(lambda session: work(session, viewer, *args, clock=street.clock))


def looked_for(street: Street) -> list[commerce.TransferView]:
    return list(street.platform.database.read(lambda session: commerce.transfers(session, SYSTEM, state="open")))


def test_what_arrived_pays_the_order_even_days_later(street: Street) -> None:
    order, product = ordered(street)
    (waiting,) = looked_for(street)
    assert (waiting.purpose, waiting.amount) == (order.number, order.total)
    street.live_through(hours=3)
    assert street.order(order.number).state == "expired"
    say(street, commerce.confirm_transfer, waiting.reference, order.total)
    street.drain()
    assert street.order(order.number).state == "paid"
    assert street.owns(street.buyer, product)
    assert looked_for(street) == []
    assert not street.faults()


def test_another_amount_is_held_and_can_go_back(street: Street) -> None:
    order, product = ordered(street)
    say(street, commerce.confirm_transfer, looked_for(street)[0].reference, Money(1, "CNY"))
    street.drain()
    assert street.payment(order.number).state == "held"
    assert not street.owns(street.buyer, product)
    assert not street.faults()


def test_what_never_came_fails_the_payment(street: Street) -> None:
    order, _ = ordered(street)
    say(street, commerce.reject_transfer, looked_for(street)[0].reference)
    street.drain()
    assert (street.payment(order.number).state, street.payment(order.number).failure_code) == (
        "failed",
        "never_arrived",
    )


def test_it_is_decided_once_and_by_staff_only(street: Street) -> None:
    order, _ = ordered(street)
    reference = looked_for(street)[0].reference
    with pytest.raises(NotAllowed):
        say(street, commerce.confirm_transfer, reference, order.total, viewer=street.buyer)
    with pytest.raises(NotAllowed):
        say(street, commerce.reject_transfer, reference, viewer=street.buyer)
    for bad in (Money(0, "CNY"), Money(-1, "CNY"), Money(19900, "EUR")):
        with pytest.raises(Invalid):
            say(street, commerce.confirm_transfer, reference, bad)
    with pytest.raises(NotFound):
        say(street, commerce.confirm_transfer, "nothing", order.total)
    say(street, commerce.confirm_transfer, reference, order.total)
    with pytest.raises(Conflict):
        say(street, commerce.reject_transfer, reference)
    with pytest.raises(Conflict):
        say(street, commerce.confirm_transfer, reference, order.total)


@pytest.mark.parametrize(("outcome", "state"), [("sent", "refunded"), ("refused", "paid")])
def test_money_goes_back_by_hand(street: Street, outcome: str, state: str) -> None:
    order, _ = ordered(street)
    say(street, commerce.confirm_transfer, looked_for(street)[0].reference, order.total)
    street.drain()
    street.refund(order.number)
    street.live_through(minutes=30)
    assert street.order(order.number).state == "paid"

    def to_send(session: Session) -> list[commerce.RefundByHand]:
        return list(commerce.refunds_by_hand(session, SYSTEM))

    (wanted,) = street.platform.database.read(to_send)
    assert (wanted.amount, wanted.purpose) == (order.total, order.number)
    with pytest.raises(NotAllowed):
        say(street, commerce.decide_refund, wanted.key, outcome, viewer=street.buyer)
    with pytest.raises(Invalid):
        say(street, commerce.decide_refund, wanted.key, "perhaps")
    say(street, commerce.decide_refund, wanted.key, outcome)
    with pytest.raises(Conflict):
        say(street, commerce.decide_refund, wanted.key, "sent")
    street.live_through(minutes=30)
    assert street.order(order.number).state == state
    assert street.platform.database.read(to_send) == []
    assert not street.faults()


def test_what_goes_back_is_never_more_than_what_came(street: Street) -> None:
    order, _ = ordered(street)
    reference, payment = looked_for(street)[0].reference, order.payments[-1]
    manual = street.providers["manual"]
    with pytest.raises(PaymentRefused):
        manual.refund(payment.id, reference, amount=order.total, key="r1")
    say(street, commerce.confirm_transfer, reference, order.total)
    assert manual.refund(payment.id, reference, amount=order.total, key="r1").status == "pending"
    assert manual.refund(payment.id, reference, amount=Money(1, "CNY"), key="r2").failure_code == "more_than_paid"
    with pytest.raises(PaymentRefused):
        manual.refund(payment.id, reference, amount=Money(1, "CNY"), key="r1")


def test_there_are_no_notices_and_no_later_charges(street: Street) -> None:
    manual = street.providers["manual"]
    with pytest.raises(NoticeRefused):
        manual.verify_notice({}, b"")
    assert manual.payment_of("x") is None


def test_currencies_that_nobody_can_charge_are_told_when_it_is_opened(platform: Platform) -> None:
    with pytest.raises(Broken, match="XAU"):
        commerce.open_providers(with_settings(platform, {"bank_account": "x", "bank_currencies": "XAU"}))
