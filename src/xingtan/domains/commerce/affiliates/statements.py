"""An affiliate's own view: what she is owed and why, line by line, without a buyer's name; and the owner's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.affiliates.accruing import rule_of
from xingtan.domains.commerce.affiliates.payouts import owed
from xingtan.domains.commerce.affiliates.program import clicks_of
from xingtan.domains.commerce.models import (
    Affiliate,
    Commission,
    CommissionMove,
    CommissionRule,
    OrderAttribution,
    OrderLine,
    Payout,
    PayoutBatch,
    SalesOrder,
)
from xingtan.domains.commerce.rules.commission import Rule

_LAST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class AffiliateView:
    """An affiliate. `owed` by currency counts all moves, `mature` only those that a payout drawn up now would take."""

    id: UUID
    person_id: UUID
    code: str
    state: str
    about: str
    applied_at: datetime
    clicks: int
    orders: int
    owed: tuple[Money, ...]
    mature: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One move. `order_mark` is the end of the order's number, which its buyer and the academy can find it by."""

    id: UUID
    at: datetime
    kind: str
    amount: Money
    order_mark: str
    title: str
    net: Money | None
    rate_bp: int | None
    matures_at: datetime
    payout_state: str | None


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout of a batch."""

    id: UUID
    batch_id: UUID
    affiliate_id: UUID
    state: str
    amount: Money
    reference: str
    drawn_up_at: datetime
    decided_at: datetime | None


def my_affiliate(session: Session, viewer: Viewer, *, at: datetime) -> AffiliateView | None:
    """Return the viewer as an affiliate; None when she never applied."""
    row = session.scalar(select(Affiliate).where(Affiliate.person_id == viewer.require_person()))
    return None if row is None else _view(session, row, at)


def affiliates(session: Session, viewer: Viewer, *, at: datetime) -> tuple[AffiliateView, ...]:
    """Return every affiliate, those that wait for a word first, for staff who may read numbers."""
    viewer.require(Permission.NUMBERS_READ)
    rows = session.scalars(select(Affiliate).order_by(Affiliate.state != "applied", Affiliate.applied_at.desc())).all()
    return tuple(_view(session, row, at) for row in rows)


def one_affiliate(session: Session, viewer: Viewer, affiliate_id: UUID, *, at: datetime) -> AffiliateView:
    """Return an affiliate, for whoever may decide about her."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = session.get(Affiliate, affiliate_id)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return _view(session, row, at)


def statement(
    session: Session, viewer: Viewer, affiliate_id: UUID, *, limit: int = 500
) -> tuple[StatementLine, ...]:  # fmt: skip
    """Return the newest moves of one's own, or of any affiliate for staff who may read numbers."""
    row = session.get(Affiliate, affiliate_id)
    if row is None or (row.person_id != viewer.person_id and not viewer.may(Permission.NUMBERS_READ)):
        raise NotFound(say("There is nothing here."))
    found = session.execute(
        select(CommissionMove, Commission, SalesOrder.number, OrderLine.title, Payout.state)
        .outerjoin(Commission, Commission.id == CommissionMove.commission_id)
        .outerjoin(SalesOrder, SalesOrder.id == Commission.order_id)
        .outerjoin(OrderLine, OrderLine.id == Commission.line_id)
        .outerjoin(Payout, Payout.id == CommissionMove.payout_id)
        .where(CommissionMove.affiliate_id == affiliate_id)
        .order_by(CommissionMove.at.desc(), CommissionMove.id.desc())
        .limit(limit)
    )
    return tuple(
        StatementLine(
            move.id, move.at, move.kind, Money(move.amount_minor, move.currency), (number or "")[-_LAST_LETTERS:],
            title or "", *_of(of),
            move.matures_at, state,
        )
        for move, of, number, title, state in found
    )  # fmt: skip


def _of(row: Commission | None) -> tuple[Money | None, int | None]:
    return (None, None) if row is None else (Money(row.net_minor, row.currency), row.rate_bp)


def rules(session: Session, viewer: Viewer) -> tuple[Rule, ...]:
    """Return every commission rule, those that hold first, the newest first."""
    viewer.require(Permission.NUMBERS_READ)
    rows = session.scalars(select(CommissionRule).order_by(CommissionRule.created_at.desc())).all()
    return tuple(sorted((rule_of(row) for row in rows), key=lambda rule: rule.holds.ends_at is not None))


def one_rule(session: Session, viewer: Viewer, rule_id: UUID) -> Rule:
    """Return a commission rule, for whoever may make one."""
    viewer.require(Permission.SETTINGS_WRITE)
    return rule_of(session.get_one(CommissionRule, rule_id))


def batch_payouts(session: Session, viewer: Viewer, batch_id: UUID) -> tuple[PayoutView, ...]:
    """Return the payouts of a batch, for whoever may draw one up."""
    viewer.require(Permission.SETTINGS_WRITE)
    return _payouts(session, _PAYOUTS.where(Payout.batch_id == batch_id))


def payouts(session: Session, viewer: Viewer, *, affiliate_id: UUID | None = None) -> tuple[PayoutView, ...]:
    """Return the newest payouts: all of them for staff who may read numbers, or one's own."""
    wanted = _PAYOUTS
    if affiliate_id is None:
        viewer.require(Permission.NUMBERS_READ)
    else:
        row = session.get(Affiliate, affiliate_id)
        if row is None or (row.person_id != viewer.person_id and not viewer.may(Permission.NUMBERS_READ)):
            raise NotFound(say("There is nothing here."))
        wanted = wanted.where(Payout.affiliate_id == affiliate_id)
    return _payouts(session, wanted)


_PAYOUTS = select(Payout, PayoutBatch.created_at).join(PayoutBatch, PayoutBatch.id == Payout.batch_id)


def _payouts(session: Session, wanted: Select[Payout, datetime]) -> tuple[PayoutView, ...]:
    return tuple(
        PayoutView(
            one.id, one.batch_id, one.affiliate_id, one.state, Money(one.amount_minor, one.currency), one.reference,
            created_at, one.decided_at,
        )
        for one, created_at in session.execute(wanted.order_by(Payout.id.desc()))
    )  # fmt: skip


def _view(session: Session, row: Affiliate, at: datetime) -> AffiliateView:
    orders = session.scalar(select(func.count()).where(OrderAttribution.affiliate_id == row.id))
    mature = session.execute(
        select(CommissionMove.currency, func.sum(CommissionMove.amount_minor))
        .where(
            CommissionMove.affiliate_id == row.id, CommissionMove.payout_id.is_(None), CommissionMove.matures_at <= at
        )
        .group_by(CommissionMove.currency)
        .order_by(CommissionMove.currency)
    )  # fmt: skip
    sums: Sequence[Money] = [one for _, one in sorted(owed(session, row.id).items())]
    return AffiliateView(
        row.id, row.person_id, row.code, row.state, row.about, row.applied_at, clicks_of(session, row.id),
        int(orders or 0), tuple(sums), tuple(Money(int(minor), currency) for currency, minor in mature),
    )  # fmt: skip
