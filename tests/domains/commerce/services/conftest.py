import pytest

from tests.domains.commerce.services.bureau import Bureau
from tests.domains.commerce.shop import Shop


@pytest.fixture
def bureau(shop: Shop) -> Bureau:
    return Bureau(shop)
