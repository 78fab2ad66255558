"""Batches of redeem codes, read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import CodeBatch, RedeemCode
from xingtan.domains.commerce.promotions.views import BatchView, MyCode


def batch_state(row: CodeBatch, *, at: datetime) -> str:
    """Return in one word how the batch stands: new, live, paused, over, ended."""
    if row.ended_at is not None:
        return "ended"
    if row.ends_at is not None and at >= row.ends_at:
        return "over"
    if row.made_at is None:
        return "new"
    return "paused" if row.paused_at is not None else "live"


def batch_view(row: CodeBatch, *, at: datetime) -> BatchView:
    """Return the row as others see it."""
    return BatchView(
        row.id, row.title, batch_state(row, at=at), row.product_id, row.tier_id, row.days, row.total, row.taken,
        row.per_person, row.ends_at, row.made_at, row.created_at,
    )  # fmt: skip


def batches(session: Session, viewer: Viewer, *, at: datetime) -> tuple[BatchView, ...]:
    """Return every batch, newest first; for those who see drafts."""
    viewer.require(Permission.CATALOG_READ)
    rows = session.scalars(select(CodeBatch).order_by(CodeBatch.created_at.desc(), CodeBatch.id.desc()))
    return tuple(batch_view(row, at=at) for row in rows)


def batch(session: Session, viewer: Viewer, batch_id: UUID, *, at: datetime) -> BatchView:
    """Return one batch; `NotFound` when there is none."""
    viewer.require(Permission.CATALOG_READ)
    row = session.get(CodeBatch, batch_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return batch_view(row, at=at)


def my_codes(session: Session, viewer: Viewer) -> tuple[MyCode, ...]:
    """Return the codes that the viewer has redeemed, oldest first."""
    wanted = (
        select(CodeBatch.product_id, CodeBatch.tier_id, CodeBatch.days, RedeemCode.redeemed_at)
        .join(RedeemCode, RedeemCode.batch_id == CodeBatch.id)
        .where(RedeemCode.person_id == viewer.require_person(), RedeemCode.redeemed_at.is_not(None))
        .order_by(RedeemCode.redeemed_at, RedeemCode.id)
    )
    rows = session.execute(wanted)
    return tuple(MyCode(product_id, tier_id, days, at) for product_id, tier_id, days, at in rows if at is not None)
