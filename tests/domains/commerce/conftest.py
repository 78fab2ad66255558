import pytest

from tests.domains.commerce.shop import Shop
from xingtan.infra.platform import Platform


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)
