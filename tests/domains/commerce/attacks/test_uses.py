"""Credits whose price goes back while uses are taken back."""

import pytest

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.wallets.purser import Purser


@pytest.fixture
def purser(shop: Shop) -> Purser:
    return Purser(shop)


def test_credits_end_though_a_use_was_put_back_after_money_went(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person("ann"), shop.product("tea")
    lesson = purser.lesson(tea)
    purser.per_use(tea, "100")
    number = shop.buy(ann, purser.credits("200", 2))
    used = purser.open(ann, lesson)
    assert used.paid_by == "credits"
    shop.refund(number, "150")
    purser.reverse(used.id)
    assert purser.faults() == []
    shop.refund(number)
    assert shop.order(number).state == "refunded"
    assert purser.left(ann) == 0
    assert purser.faults() == []
    assert shop.dead_jobs() == []
