import pytest

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.subscriptions.club import Club


@pytest.fixture
def club(shop: Shop) -> Club:
    return Club(shop)
