"""What a person takes along of her requests: what was asked, quoted, said, handed over and paid."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.rules.plain import amount_text, instant_text
from xingtan.domains.commerce.services.reading import QuoteView, RequestView, requests_in_full
from xingtan.infra.vault import Vault


def service_part(session: Session, viewer: Viewer, *, at: datetime, vault: Vault) -> Mapping[str, Any]:
    """Return the viewer's requests, oldest first, as plain data; files are named, and fetched on their own page."""
    return {"services": [_request(one) for one in requests_in_full(session, viewer, at=at, vault=vault)]}


def _request(one: RequestView) -> Mapping[str, Any]:
    return {
        "number": one.number,
        "product": public_id("product", one.product_id),
        "state": one.state,
        "asked_for": one.brief,
        "asked_at": one.created_at.isoformat(),
        "deliver_by": instant_text(one.deliver_by),
        "quotes": [_quote(it) for it in one.quotes],
        "messages": [{"author": it.author, "text": it.text, "at": it.at.isoformat()} for it in one.messages],
        "deliveries": [
            {"text": it.text, "file": it.file_name or None, "at": it.at.isoformat()} for it in one.deliveries
        ],
        "orders": [it.order_number for it in one.paid],
    }


def _quote(one: QuoteView) -> Mapping[str, Any]:
    return {
        "scope": one.scope,
        "price": amount_text(one.terms.price),
        "deposit": amount_text(one.first),
        "deliver_by": instant_text(one.terms.deliver_by),
        "made_at": one.made_at.isoformat(),
        "accepted_at": instant_text(one.accepted_at),
    }
