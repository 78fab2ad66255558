"""What a person takes along of her wallets: every line of each statement, credits, and uses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.rules.plain import amount_text, instant_text
from xingtan.domains.commerce.rules.purses import Purse
from xingtan.domains.commerce.wallets.statements import (
    CreditsView,
    StatementLine,
    UseView,
    WalletView,
    my_credits,
    my_wallets,
    uses_in_full,
    whole_statement,
)


def wallet_part(session: Session, viewer: Viewer, *, at: datetime) -> Mapping[str, Any]:
    """Return the viewer's wallets line by line (oldest first), credits and uses, as plain data."""
    return {
        "wallets": [
            _wallet(one, whole_statement(session, viewer, one.currency)) for one in my_wallets(session, viewer)
        ],
        "credits": [_credits(one) for one in my_credits(session, viewer, at=at)],
        "uses": [_use(one) for one in uses_in_full(session, viewer)],
    }


def _wallet(wallet: WalletView, lines: tuple[StatementLine, ...]) -> Mapping[str, Any]:
    return {
        "currency": wallet.currency,
        "balance": _purse(wallet.purse),
        "warn_below": amount_text(wallet.warn_below) if wallet.warn_below is not None else None,
        "lines": [
            {
                "number": one.number,
                "kind": one.kind,
                "title": one.title,
                "moved": _purse(one.moved),
                "after": _purse(one.after),
                "at": one.at.isoformat(),
            }
            for one in lines
        ],
    }


def _purse(purse: Purse) -> Mapping[str, str]:
    return {"paid": amount_text(purse.paid), "bonus": amount_text(purse.bonus)}


def _credits(lot: CreditsView) -> Mapping[str, Any]:
    return {
        "title": lot.title,
        "product": public_id("product", lot.product_id) if lot.product_id else None,
        "unit": lot.unit,
        "bought": lot.total,
        "taken": lot.taken,
        "bought_at": lot.created_at.isoformat(),
        "ends_at": instant_text(lot.ends_at),
    }


def _use(use: UseView) -> Mapping[str, Any]:
    return {
        "product": public_id("product", use.product_id),
        "unit": use.unit,
        "paid_by": use.paid_by,
        "amount": amount_text(use.amount),
        "at": use.charged_at.isoformat(),
        "reversed_at": instant_text(use.reversed_at),
    }
