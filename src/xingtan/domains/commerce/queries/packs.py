"""What is sold ahead and per use: packs for wallets, credits, and prices of a lesson, a minute, a question."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Offer, Wallet, WalletEntry
from xingtan.domains.commerce.queries.offers import offer_view
from xingtan.domains.commerce.views import OfferView

_AHEAD = ("top_up", "credits")


def packs(session: Session, *, at: datetime) -> tuple[OfferView, ...]:
    """Return the top-ups and the credits for any product that can be bought now, the smaller first. One query."""
    wanted = select(Offer).where(
        Offer.product_id.is_(None), Offer.tier_id.is_(None), Offer.model.in_(_AHEAD), Offer.starts_at <= at,
        or_(Offer.ends_at.is_(None), Offer.ends_at > at), or_(Offer.retired_at.is_(None), Offer.retired_at > at),
    )  # fmt: skip
    return tuple(map(offer_view, session.scalars(wanted.order_by(Offer.model, Offer.currency, Offer.amount_minor))))


def ahead_offers(session: Session, viewer: Viewer) -> tuple[OfferView, ...]:
    """Return every standing price of packs, credits and uses, for those who see drafts; by kind, then by price."""
    viewer.require(Permission.CATALOG_READ)
    wanted = select(Offer).where(Offer.model.in_((*_AHEAD, "per_use")), Offer.retired_at.is_(None))
    return tuple(map(offer_view, session.scalars(wanted.order_by(Offer.model, Offer.currency, Offer.amount_minor))))


def wallet_covers(session: Session, person_id: UUID | None, amount: Money) -> bool:
    """Say whether the person could pay `amount` from her wallet now."""
    newest = (
        select(WalletEntry.balance_minor + WalletEntry.bonus_balance_minor)
        .join(Wallet, (Wallet.id == WalletEntry.wallet_id) & (Wallet.entries == WalletEntry.number))
        .where(Wallet.person_id == person_id, Wallet.currency == amount.currency)
    )
    return person_id is not None and (session.scalar(newest) or 0) >= amount.minor > 0


def product_ids_of(offers: Sequence[OfferView]) -> tuple[UUID, ...]:
    """Return the products that the offers are for."""
    return tuple(one.product_id for one in offers if one.product_id is not None)
