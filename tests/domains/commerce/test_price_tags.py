"""A price as a folder writes it: read and written again, it is the same; what cannot be read is refused."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from xingtan.core.errors import Invalid
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.views import OfferView

AT = datetime(2026, 3, 1, tzinfo=UTC)
TAGS: list[dict[str, Any]] = [
    {"model": "free"},
    {"model": "once", "amounts": {"CNY": "199.00", "USD": "29.00"}},
    {"model": "pay_what_you_want", "amounts": {"CNY": "39.00"}, "floor": {"CNY": "1.00"}},
]


@pytest.mark.parametrize("tag", TAGS)
def test_what_is_read_is_written_again(tag: dict[str, Any]) -> None:
    commands = commerce.read_price_tag(UUID(int=1), tag, currency="CNY")
    offers = [
        OfferView(UUID(int=2), it.product_id, it.model, it.price, it.floor, AT, None, None, AT) for it in commands
    ]
    assert commerce.write_price_tag(offers) == tag


@pytest.mark.parametrize(
    "tag",
    [{}, {"model": "gift"}, {"model": "once", "amounts": {"CNY": "-1"}}, {"model": "once", "amounts": {"XXX": "1"}},
     {"model": "pay_what_you_want", "amounts": {"CNY": "1"}, "floor": {"CNY": "1e2"}}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tag: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        commerce.read_price_tag(UUID(int=1), tag, currency="CNY")


def test_no_price_is_no_tag() -> None:
    assert commerce.write_price_tag([]) is None
