"""The sandbox as the other side: cards that stay, fees, disputes, slow refunds."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.domains.commerce.providers.counters import with_settings
from tests.domains.commerce.providers.starts import PRICE, a_start
from tests.domains.commerce.shop import Shop
from xingtan.core.errors import Conflict, Invalid, Unavailable
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.infra.platform import Platform


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(with_settings(platform, {"sandbox_fee_bp": 60}))


def a_card(shop: Shop, card: str) -> str:
    sandbox, start = shop.providers["sandbox"], a_start(wants_mandate=True)
    reference = sandbox.start(start).reference

    def leave(session: Session) -> commerce.SandboxView:
        return commerce.choose(session, reference, "success", clock=shop.clock, card=card, fee_bp=60)

    assert shop.platform.database.read(lambda s: commerce.look(s, reference, at=shop.clock.now())).wants_mandate
    shop.platform.database.write(leave)
    mandate = sandbox.query(start.payment_id, reference).mandate
    assert mandate is not None
    assert mandate.label == "•••• 4242"
    return mandate.reference


def charges(shop: Shop, mandate: str, times: int) -> list[str]:
    found = []
    for _ in range(times):
        seen = shop.providers["sandbox"].charge(a_start(), mandate)
        found.append(seen.failure_code or seen.status)
    return found


@pytest.mark.parametrize(
    ("card", "outcomes"),
    [
        ("pays", ["succeeded"] * 3),
        ("declines_once", ["card_declined", "succeeded", "succeeded"]),
        ("declines_thrice", ["card_declined"] * 3 + ["succeeded"]),
        ("expired", ["expired_card"] * 2),
    ],
)
def test_a_card_does_as_the_tester_told(shop: Shop, card: str, outcomes: list[str]) -> None:
    assert charges(shop, a_card(shop, card), len(outcomes)) == outcomes


def test_a_card_that_answers_late_has_paid_once(shop: Shop) -> None:
    sandbox, mandate, start = shop.providers["sandbox"], a_card(shop, "answers_late"), a_start()
    with pytest.raises(Unavailable):
        sandbox.charge(start, mandate)
    seen = sandbox.query(start.payment_id, None)
    assert (seen.status, seen.received, seen.fee) == ("succeeded", PRICE, Money(119, "CNY"))
    assert sandbox.charge(start, mandate) == seen


def test_a_card_that_nobody_left_and_a_card_that_nobody_knows_are_refused(shop: Shop) -> None:
    with pytest.raises(PaymentRefused):
        shop.providers["sandbox"].charge(a_start(), "card_of_nobody")
    reference = shop.providers["sandbox"].start(a_start(wants_mandate=True)).reference
    with pytest.raises(Invalid):
        shop.platform.database.write(
            lambda session: commerce.choose(session, reference, "success", clock=shop.clock, card="gold")
        )


def test_without_a_wish_for_it_no_card_stays(shop: Shop) -> None:
    sandbox, start = shop.providers["sandbox"], a_start()
    reference = sandbox.start(start).reference
    shop.choose(reference, "success")
    assert sandbox.query(start.payment_id, reference).mandate is None


def act(shop: Shop, reference: str, *names: str) -> commerce.SandboxView:
    for name in names:
        view = shop.platform.database.write(
            lambda session, name=name: commerce.act(session, reference, name, clock=shop.clock)
        )
    return view


def bought(shop: Shop) -> tuple[str, str, UUID]:
    product = shop.product()
    placed, reference = shop.checkout(shop.person(), shop.offer(product))
    shop.platform.database.write(
        lambda session: commerce.choose(session, reference, "success", clock=shop.clock, fee_bp=60)
    )
    shop.drain()
    return placed.number, reference, product


def test_a_dispute_is_opened_decided_and_keeps_the_money_from_going_back_twice(shop: Shop) -> None:
    sandbox, start = shop.providers["sandbox"], a_start()
    reference = sandbox.start(start).reference
    shop.choose(reference, "success")
    part = Money(5000, "CNY")
    assert sandbox.refund(start.payment_id, reference, amount=part, key="r1").status == "succeeded"
    assert act(shop, reference, "open_dispute").acts == ("win_dispute", "lose_dispute")
    (dispute,) = sandbox.query(start.payment_id, reference).disputes
    assert (dispute.status, dispute.amount) == ("open", PRICE - part)
    assert sandbox.refund(start.payment_id, reference, amount=Money(1, "CNY"), key="r2").status == "failed"
    act(shop, reference, "win_dispute")
    assert sandbox.query(start.payment_id, reference).disputes[0].status == "won"
    assert sandbox.refund(start.payment_id, reference, amount=Money(1, "CNY"), key="r3").status == "succeeded"
    shop.pass_time(days=1)
    act(shop, reference, "open_dispute", "lose_dispute")
    assert [one.status for one in sandbox.query(start.payment_id, reference).disputes] == ["won", "lost"]
    with pytest.raises(Conflict):
        act(shop, reference, "open_dispute")


def test_a_slow_refund_is_pending_until_it_goes_through_or_fails(shop: Shop) -> None:
    sandbox, start = shop.providers["sandbox"], a_start()
    reference = sandbox.start(start).reference
    with pytest.raises(Conflict):
        act(shop, reference, "slow_refunds")
    shop.choose(reference, "success")
    act(shop, reference, "slow_refunds")
    most, one = Money(19_800, "CNY"), Money(100, "CNY")
    for _ in range(2):
        assert sandbox.refund(start.payment_id, reference, amount=most, key="r1").status == "pending"
    assert sandbox.refund(start.payment_id, reference, amount=PRICE, key="r2").failure_code == "more_than_paid"
    with pytest.raises(PaymentRefused):
        sandbox.refund(start.payment_id, reference, amount=one, key="r1")
    act(shop, reference, "fail_refunds")
    assert sandbox.refund(start.payment_id, reference, amount=most, key="r1").failure_code == "account_closed"
    assert sandbox.refund(start.payment_id, reference, amount=PRICE, key="r3").status == "pending"
    act(shop, reference, "let_refunds_through")
    assert sandbox.refund(start.payment_id, reference, amount=PRICE, key="r3").status == "succeeded"


@pytest.mark.parametrize("name", ["", "win", "open_dispute ", "OPEN_DISPUTE", "x" * 10_000])
def test_an_act_that_nobody_knows_is_refused(shop: Shop, name: str) -> None:
    reference = shop.providers["sandbox"].start(a_start()).reference
    with pytest.raises(Invalid):
        act(shop, reference, name)


def test_the_fee_stands_in_the_books_and_a_lost_dispute_ends_access(shop: Shop) -> None:
    number, reference, product = bought(shop)
    assert shop.balances()["expense:fees"] == 119
    act(shop, reference, "open_dispute")
    shop.drain()
    assert not shop.faults()
    act(shop, reference, "lose_dispute")
    shop.drain()
    assert not shop.faults()
    assert not shop.owns(Viewer(shop.order(number).person_id), product)
