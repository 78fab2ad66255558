"""Gifts, read: by the giver, by who holds the link, and in sums for the studio."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Gift, SalesOrder
from xingtan.domains.commerce.promotions.links import EMAIL, MESSAGE, TOKEN, token_hash
from xingtan.domains.commerce.promotions.views import ClaimedGift, GiftView, OfferedGift
from xingtan.infra.vault import Forgotten, Vault


def my_gifts(session: Session, viewer: Viewer, *, vault: Vault) -> tuple[GiftView, ...]:
    """Return the gifts that the viewer has paid for, newest first, with their links."""
    wanted = _paid().where(Gift.giver_id == viewer.require_person())
    rows = session.execute(wanted.order_by(Gift.created_at.desc(), Gift.id.desc()))
    return tuple(_view(session, gift, number, vault) for gift, number in rows)


def my_gift(session: Session, viewer: Viewer, gift_id: UUID, *, vault: Vault) -> GiftView:
    """Return one of the viewer's gifts; `NotFound` for anybody else's."""
    wanted = _paid().where(Gift.giver_id == viewer.require_person(), Gift.id == gift_id)
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(say("There is no such gift."))
    return _view(session, row[0], row[1], vault)


def claimed_gifts(session: Session, viewer: Viewer) -> tuple[ClaimedGift, ...]:
    """Return the gifts that the viewer has claimed, oldest first."""
    mine = select(Gift.product_id, Gift.claimed_at).where(Gift.claimed_by_id == viewer.require_person())
    rows = session.execute(mine.order_by(Gift.claimed_at, Gift.id))
    return tuple(ClaimedGift(product_id, at) for product_id, at in rows if at is not None)


def gift_of_order(session: Session, order_id: UUID) -> UUID | None:
    """Return the gift that an order paid for; None for an order of another kind."""
    return session.scalar(select(Gift.id).where(Gift.order_id == order_id))


def offered_gift(session: Session, token: str, *, at: datetime, vault: Vault) -> OfferedGift:
    """Return what whoever holds the link may see; `NotFound` for a link that is none."""
    gift = session.scalar(select(Gift).where(Gift.token_hash == token_hash(token), Gift.state != "ordered"))
    if gift is None:
        raise NotFound(say("There is no such gift."))
    is_open = gift.state == "waiting" and (gift.ends_at is None or at < gift.ends_at)
    return OfferedGift(
        gift.product_id, gift.giver_id, _opened(session, vault, gift, MESSAGE, gift.message_sealed), gift.ends_at,
        gift.claimed_by_id, is_open=is_open,
    )  # fmt: skip


def gift_counts(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many paid gifts are in which state."""
    viewer.require(Permission.ORDERS_READ)
    wanted = select(Gift.state, func.count()).where(Gift.state != "ordered").group_by(Gift.state)
    return dict(session.execute(wanted).all())


def _paid() -> Select[Gift, str]:
    return select(Gift, SalesOrder.number).join(SalesOrder, SalesOrder.id == Gift.order_id)


def _view(session: Session, gift: Gift, number: str, vault: Vault) -> GiftView:
    email = _opened(session, vault, gift, EMAIL, gift.email_sealed) if gift.email_sealed else None
    return GiftView(
        gift.id, gift.product_id, number, gift.state, _opened(session, vault, gift, TOKEN, gift.token_sealed), email,
        _opened(session, vault, gift, MESSAGE, gift.message_sealed), gift.send_at, gift.sent_at, gift.ends_at,
        gift.claimed_at, gift.created_at,
    )  # fmt: skip


def _opened(session: Session, vault: Vault, gift: Gift, field: str, sealed: bytes) -> str:
    try:
        return vault.open(session, gift.giver_id, field, sealed)
    except Forgotten:
        return ""
