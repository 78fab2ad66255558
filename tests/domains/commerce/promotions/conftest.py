import pytest

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.shop import Shop
from xingtan.infra.platform import Platform


@pytest.fixture
def stall(platform: Platform) -> Stall:
    return Stall(Shop(platform))
