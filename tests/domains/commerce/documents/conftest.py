import pytest

from tests.domains.commerce.documents.desk import Desk
from tests.domains.commerce.shop import Shop
from xingtan.infra.platform import Platform


@pytest.fixture
def desk(platform: Platform) -> Desk:
    return Desk(Shop(platform))
