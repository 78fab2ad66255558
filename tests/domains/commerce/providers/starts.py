"""What a provider is told, in a test."""

from datetime import UTC, datetime

from xingtan.core.money import Money
from xingtan.domains.commerce.providers import Start
from xingtan.infra.db import new_id

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PRICE = Money(19900, "CNY")


def a_start(amount: Money = PRICE, **more: object) -> Start:
    return Start(new_id(), amount, "7K3F-9QXM · Tea", "/pay/7K3F-9QXM/return", "en", **more)  # type: ignore[arg-type]
