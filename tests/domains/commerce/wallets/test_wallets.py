"""Money paid ahead: filled, spent, given back, taken out again. On both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.wallets.purser import Purser
from xingtan.core.errors import Invalid, Refused, Unavailable
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import KeyReused, NotEnough, NotWithdrawable, PaymentRefused
from xingtan.domains.commerce.models import Wallet, WalletEntry, Withdrawal
from xingtan.infra.db import new_id

AT_ONCE = 64


def test_a_top_up_fills_the_wallet_and_earns_nothing(shop: Shop, purser: Purser) -> None:
    ann = shop.person()
    purser.fill(ann, "100", bonus=1000)
    assert purser.purse(ann) == (10000, 1000)
    assert shop.balances() == {
        "assets:provider:sandbox": 10000, "liability:wallet": -10000, "liability:bonus": -1000, "expense:rewards": 1000,
    }  # fmt: skip
    assert not purser.faults()


def test_paying_takes_paid_money_first_and_the_bonus_last(shop: Shop, purser: Purser) -> None:
    ann, tea, ink = shop.person(), shop.product(), shop.product("ink")
    purser.fill(ann, "100", bonus=3000)
    purser.pay(ann, shop.offer(tea, "80"))
    assert purser.purse(ann) == (2000, 3000)
    number = purser.pay(ann, shop.offer(ink, "45"))
    assert purser.purse(ann) == (0, 500)
    assert shop.owns(ann, tea)
    assert shop.owns(ann, ink)
    assert shop.order(number).state == "paid"
    assert shop.balances() == {
        "assets:provider:sandbox": 10000, "liability:bonus": -500, "expense:rewards": 3000, "income:sales": -12500,
    }  # fmt: skip
    assert not purser.faults()


def test_what_is_not_there_cannot_be_spent(shop: Shop, purser: Purser) -> None:
    """M6: nothing is taken, the order waits, and can be paid otherwise."""
    ann, tea = shop.person(), shop.product()
    purser.fill(ann, "50")
    offer = shop.offer(tea, "80")
    with pytest.raises(NotEnough) as refused:
        purser.pay(ann, offer)
    assert refused.value.missing == yuan("30")
    assert purser.purse(ann) == (5000, 0)
    assert not shop.owns(ann, tea)
    number = shop.buy(ann, offer)
    assert [(one.provider, one.state, one.failure_code) for one in shop.order(number).payments] == [
        ("wallet", "failed", "not-enough"), ("sandbox", "succeeded", None),
    ]  # fmt: skip
    assert not purser.faults()


def test_a_wallet_is_not_filled_from_a_wallet(shop: Shop, purser: Purser) -> None:
    ann = shop.person()
    purser.fill(ann, "100")
    with pytest.raises(PaymentRefused):
        purser.pay(ann, purser.pack("20", bonus=500))
    assert purser.purse(ann) == (10000, 0)


def test_paying_twice_takes_once(shop: Shop, purser: Purser) -> None:
    """M8: the same payment presented again, and asked about, takes nothing more."""
    ann, tea = shop.person(), shop.product()
    purser.fill(ann, "100")
    placed = purser.place(ann, shop.offer(tea, "80"))
    for _ in range(3):
        shop.present(placed.payment_id)
    assert placed.payment_id is not None
    commerce.ask(shop.platform.database, shop.providers, placed.payment_id, clock=shop.clock)
    assert purser.purse(ann) == (2000, 0)
    assert not purser.faults()


def test_a_refund_goes_back_to_the_wallet_and_the_bonus_to_the_bonus(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    purser.fill(ann, "100", bonus=3000)
    number = purser.pay(ann, shop.offer(tea, "120"))
    shop.refund(number, "30")
    assert purser.purse(ann) == (1000, 3000)
    shop.refund(number)
    assert purser.purse(ann) == (10000, 3000)
    assert not shop.owns(ann, tea)
    assert shop.order(number).state == "refunded"
    assert not purser.faults()
    assert not shop.dead_jobs()


def test_unused_money_goes_back_to_where_it_came_from_the_oldest_first(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    first, second = purser.fill(ann, "100"), purser.fill(ann, "50", bonus=1000)
    purser.pay(ann, shop.offer(tea, "70"))
    parts = purser.withdraw(ann, "60")
    assert [(one.order_number, one.amount, one.bonus) for one in parts] == [
        (first, yuan("30"), yuan("0")), (second, yuan("30"), yuan("6")),
    ]  # fmt: skip
    assert purser.purse(ann) == (2000, 400)
    assert not purser.faults(), "while the refunds are on their way, too"
    shop.drain()
    assert [shop.order(number).refunded for number in (first, second)] == [yuan("30"), yuan("30")]
    assert not purser.faults()
    assert not shop.peer_differs()
    with pytest.raises(NotWithdrawable):
        purser.withdraw(ann, "20.01")
    purser.withdraw(ann)
    shop.drain()
    assert purser.purse(ann) == (0, 0)
    assert shop.balances() == {"assets:provider:sandbox": 7000, "income:sales": -7000}


def test_the_same_withdrawal_again_is_one(shop: Shop, purser: Purser) -> None:
    ann = shop.person()
    purser.fill(ann, "100")
    assert purser.withdraw(ann, "40", key="withdraw-once") == purser.withdraw(ann, "40", key="withdraw-once")
    assert purser.purse(ann) == (6000, 0)
    with pytest.raises(KeyReused):
        purser.withdraw(ann, "41", key="withdraw-once")


@pytest.mark.parametrize("amount", ["0", "0.00"])
def test_nothing_is_no_withdrawal(shop: Shop, purser: Purser, amount: str) -> None:
    ann = shop.person()
    purser.fill(ann, "100")
    with pytest.raises(Invalid):
        purser.withdraw(ann, amount)


def test_nobody_withdraws_after_the_time_in_which_payments_can_go_back(shop: Shop, purser: Purser) -> None:
    ann = shop.person()
    purser.fill(ann, "100")
    shop.pass_time(days=commerce.WITHDRAWABLE_FOR.days - 1)
    purser.withdraw(ann, "10")
    shop.pass_time(days=1)
    with pytest.raises(NotWithdrawable):
        purser.withdraw(ann, "10")


def test_a_bonus_alone_cannot_be_withdrawn(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    purser.fill(ann, "100", bonus=2000)
    purser.pay(ann, shop.offer(tea, "100"))
    assert purser.purse(ann) == (0, 2000)
    with pytest.raises(NotWithdrawable):
        purser.withdraw(ann)


def test_a_refused_withdrawal_is_put_back(shop: Shop, purser: Purser) -> None:
    ann = shop.person()
    purser.fill(ann, "100", bonus=1000)
    purser.withdraw(ann, "50")
    refund_id = shop.platform.database.read(lambda session: session.scalars(select(Withdrawal.refund_id)).one())
    refused = commerce.ProviderRefund("failed", failure_code="no")
    from xingtan.domains.commerce.use_cases.refunds import settle_refund
    from xingtan.domains.commerce.use_cases.withdrawals import mend_withdrawals

    shop.platform.database.write(lambda session: settle_refund(session, refund_id, refused, clock=shop.clock))
    for mended in (1, 0):
        found = shop.platform.database.write(lambda session: mend_withdrawals(session, clock=shop.clock))
        assert found == mended
    assert purser.purse(ann) == (10000, 1000)
    assert purser.lines(ann)[-1] == ("restored", 5000, 500)
    assert not purser.faults()


def test_a_top_up_that_is_refunded_by_staff_leaves_the_wallet_as_far_as_it_is_there(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    number = purser.fill(ann, "100", bonus=2000)
    purser.pay(ann, shop.offer(tea, "70"))
    shop.refund(number)
    assert purser.purse(ann) == (0, 0)
    assert shop.balances() == {"income:sales": -7000, "income:refunds": 7000}
    assert not purser.faults()


def test_sixty_four_at_once_spend_what_is_there_and_no_more(shop: Shop, purser: Purser) -> None:
    """M6 under concurrency: ten orders' worth in the wallet, sixty-four that want it."""
    ann = shop.person()
    purser.fill(ann, "100")
    offers = [shop.offer(shop.product(f"tea-{number}"), "10") for number in range(AT_ONCE)]
    placed = [purser.place(ann, offer) for offer in offers]

    def pay(number: int) -> Any:
        while True:
            try:
                return shop.present(placed[number].payment_id)
            except Unavailable:  # very busy: as a browser does, try again
                continue

    found = _together(pay)
    assert sum(isinstance(one, str) for one in found) == 10
    assert sum(isinstance(one, NotEnough) for one in found) == AT_ONCE - 10
    assert purser.purse(ann) == (0, 0)
    assert not purser.faults()


def _together(work: Callable[[int], Any], *, times: int = AT_ONCE) -> list[Any]:
    barrier = Barrier(times)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except Refused as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


# what the database itself refuses


def _wallet(shop: Shop, purser: Purser) -> Wallet:
    purser.fill(shop.person(), "100")
    return shop.platform.database.read(lambda session: session.scalars(select(Wallet)).one())


def _row(wallet: Wallet, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": new_id(), "wallet_id": wallet.id, "number": 2, "kind": "used", "amount_minor": -100, "bonus_minor": 0,
        "balance_minor": 9900, "bonus_balance_minor": 0, "key": "by-hand", "title": "", "source_id": new_id(),
        "at": wallet.created_at,
    }  # fmt: skip
    return row | more


@pytest.mark.parametrize(
    "wrong",
    [
        {"balance_minor": 10000},
        {"number": 3},
        {"number": 1},
        {"amount_minor": -10100, "balance_minor": -100},
        {"amount_minor": 100, "balance_minor": 10100},
        {"bonus_minor": -100, "bonus_balance_minor": -100},
        {"kind": "present"},
    ],
    ids=[
        "not the sum",
        "a gap",
        "no new number",
        "below nothing",
        "a use that adds",
        "a bonus below nothing",
        "no kind",
    ],
)
def test_a_wrong_entry_is_refused_by_the_database(shop: Shop, purser: Purser, wrong: dict[str, object]) -> None:
    wallet = _wallet(shop, purser)

    def write(session: Session, row: dict[str, object]) -> None:
        session.execute(insert(WalletEntry), [row])

    with pytest.raises(IntegrityError):
        shop.platform.database.write(lambda session: write(session, _row(wallet, **wrong)))
    shop.platform.database.write(lambda session: write(session, _row(wallet)))


@pytest.mark.parametrize(
    "change", [update(WalletEntry).values(amount_minor=1), delete(WalletEntry)], ids=["update", "delete"]
)
def test_an_entry_never_changes(shop: Shop, purser: Purser, change: Any) -> None:
    _wallet(shop, purser)
    with pytest.raises(DBAPIError, match="never change"):
        shop.platform.database.write(lambda session: session.execute(change))
