"""A price as a product's folder writes it, in and out: ``{model, amounts: {CNY: "199.00"}, floor: {CNY: "1.00"}}``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from xingtan.core.errors import Invalid, say
from xingtan.core.money import parse_money, zero
from xingtan.domains.commerce.use_cases.offers import MakeOffer, OfferModel
from xingtan.domains.commerce.views import OfferView

_MODELS: tuple[OfferModel, ...] = ("once", "free", "pay_what_you_want")


def read_price_tag(
    product_id: UUID, tag: Mapping[str, Any], *, currency: str, starts_at: datetime | None = None
) -> list[MakeOffer]:
    """Return the offers that `tag` asks for, one for each currency; `currency` is that of a free product.

    `Invalid` when the model or an amount cannot be read.
    """
    model = next((known for known in _MODELS if known == tag.get("model")), None)
    if model is None:
        raise Invalid.of("price", say("This way to sell is not known here."))
    if model == "free":
        return [MakeOffer(product_id, model, zero(currency), starts_at=starts_at)]
    floors: Mapping[str, Any] = tag.get("floor") or {}
    return [
        MakeOffer(
            product_id,
            model,
            parse_money(str(amount), code, field="price"),
            floor=parse_money(str(floors.get(code, "0")), code, field="price")
            if model == "pay_what_you_want"
            else None,
            starts_at=starts_at,
        )
        for code, amount in (tag.get("amounts") or {}).items()
    ]


def write_price_tag(offers: Iterable[OfferView]) -> dict[str, Any] | None:
    """Return the tag that says what `offers` say; None when there is none."""
    standing = list(offers)
    if not standing:
        return None
    model = standing[0].model
    if model == "free":
        return {"model": model}
    same = [offer for offer in standing if offer.model == model]
    tag: dict[str, Any] = {"model": model, "amounts": {it.price.currency: it.price.major() for it in same}}
    floors = {it.price.currency: it.floor.major() for it in same if it.floor is not None}
    return {**tag, "floor": floors} if floors else tag
