import pytest

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.wallets.purser import Purser


@pytest.fixture
def purser(shop: Shop) -> Purser:
    return Purser(shop)
