"""What a person takes along of promotion: gifts that she gave and got, and codes that she redeemed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.promotions.queries.codes import my_codes
from xingtan.domains.commerce.promotions.queries.gifts import claimed_gifts, my_gifts
from xingtan.domains.commerce.promotions.views import ClaimedGift, GiftView, MyCode
from xingtan.domains.commerce.rules.plain import instant_text
from xingtan.infra.vault import Vault


def promotion_part(session: Session, viewer: Viewer, *, vault: Vault) -> Mapping[str, Any]:
    """Return the viewer's gifts and codes, as plain data. Coupons stand with the orders that they lowered."""
    return {
        "gifts_given": [_given(one) for one in my_gifts(session, viewer, vault=vault)],
        "gifts_claimed": [_claimed(one) for one in claimed_gifts(session, viewer)],
        "codes_redeemed": [_code(one) for one in my_codes(session, viewer)],
    }


def _given(gift: GiftView) -> Mapping[str, Any]:
    return {
        "product": public_id("product", gift.product_id),
        "order": gift.number,
        "state": gift.state,
        "to": gift.email,
        "words": gift.message,
        "bought_at": gift.created_at.isoformat(),
        "sent_at": instant_text(gift.sent_at),
        "claimed_at": instant_text(gift.claimed_at),
        "ends_at": instant_text(gift.ends_at),
    }


def _claimed(gift: ClaimedGift) -> Mapping[str, Any]:
    return {"product": public_id("product", gift.product_id), "claimed_at": gift.claimed_at.isoformat()}


def _code(code: MyCode) -> Mapping[str, Any]:
    return {
        "product": public_id("product", code.product_id) if code.product_id else None,
        "membership": public_id("tier", code.tier_id) if code.tier_id else None,
        "days": code.days,
        "redeemed_at": code.redeemed_at.isoformat(),
    }
