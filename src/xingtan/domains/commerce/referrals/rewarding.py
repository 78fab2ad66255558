"""A friend's first paid order is noted, and rewarded once when it is mature. Jobs that may run twice.

Locks: the order, then the learner's link (her rewards are counted), then her wallet.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import ReferralRewarded
from xingtan.domains.commerce.machines import REFERRAL
from xingtan.domains.commerce.models import OrderDiscount, OrderLine, Payment, Referral, ReferralLink, SalesOrder
from xingtan.domains.commerce.promotions.use_cases.coupons import LOWERED_KINDS
from xingtan.domains.commerce.referrals.program import terms_of
from xingtan.domains.commerce.rules.commission import commission
from xingtan.domains.commerce.wallets.entries import give_bonus
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue
from xingtan.infra.outbox import emit

REWARD = "commerce.reward_referral"
_AT_ONCE = 200
_YEAR = timedelta(days=365)
_TITLES = {"zh": "好友首单的谢礼", "en": "For inviting a friend"}


def note_referral(session: Session, order_id: UUID, *, clock: Clock) -> None:
    """Note that a paid order had a friend's discount; once for each order, and one that counts for each friend."""
    order = session.get_one(SalesOrder, order_id, with_for_update=True)
    used = select(OrderDiscount.source_id).join(OrderLine, OrderLine.id == OrderDiscount.line_id)
    link_id = session.scalar(used.where(OrderLine.order_id == order_id, OrderDiscount.kind == "referral").limit(1))
    if link_id is None or order.paid_at is None or not order.total_minor:
        return
    link = session.get_one(ReferralLink, link_id)
    if link.person_id == order.person_id or _is_noted(session, order, clock=clock):
        return
    terms, now = terms_of(session), clock.now()
    session.add(
        Referral(
            id=new_id(), link_id=link_id, friend_id=order.person_id, order_id=order_id, state=REFERRAL.initial,
            reward_bp=terms.reward_bp, reward_minor=0, currency=order.currency, created_at=now,
            matures_at=order.paid_at + timedelta(days=terms.mature_days), decided_at=None,
        )
    )  # fmt: skip
    session.flush()


def reward_due(session: Session, *, clock: Clock) -> int:
    """Have referrals judged that are mature, by a job for each; return how many."""
    now = clock.now()
    due = select(Referral.id).where(Referral.state == "waiting", Referral.matures_at <= now)
    ids = session.scalars(due.order_by(Referral.matures_at).limit(_AT_ONCE)).all()
    for one in ids:  # by day: one whose refund is under way is asked about again tomorrow
        enqueue(session, REWARD, {"referral_id": str(one)}, key=f"referral:{one}:{now.date()}", at=now)
    return len(ids)


def reward(session: Session, referral_id: UUID, *, clock: Clock) -> None:
    """Give the reward for what is left of the order; nothing where nothing is, or beyond the cap. Again: no change."""
    known = session.get_one(Referral, referral_id)
    order = session.get_one(SalesOrder, known.order_id, with_for_update=True)
    link = session.get_one(ReferralLink, known.link_id, with_for_update=True)
    row = session.get_one(Referral, referral_id, with_for_update=True, populate_existing=True)
    if row.state != "waiting" or row.matures_at > clock.now() or _is_going_back(session, order.id):
        return
    minor = commission(_net_left(session, order.id), row.reward_bp)
    if not minor or _rewards_in_a_year(session, link.id, clock=clock) >= terms_of(session).most_rewards:
        row.state, row.decided_at = REFERRAL.after(row.state, "nothing left"), clock.now()
        return
    row.state, row.decided_at, row.reward_minor = REFERRAL.after(row.state, "matured"), clock.now(), minor
    session.flush()
    amount = Money(minor, row.currency)
    give_bonus(
        session, link.person_id, amount, key=f"referral:{row.id}", title=_TITLES.get(order.language, _TITLES["en"]),
        source_id=row.id, against=books.REWARD_COSTS, clock=clock,
    )  # fmt: skip
    emit(session, ReferralRewarded(row.id, link.person_id, order.id, amount), at=clock.now())


def _is_noted(session: Session, order: SalesOrder, *, clock: Clock) -> bool:
    """Say whether this order, or another that counts, is noted. One whose money is all back counts no more."""
    if session.scalar(select(Referral.id).where(Referral.order_id == order.id)) is not None:
        return True
    live = select(Referral).where(Referral.friend_id == order.person_id, Referral.state != "void")
    row = session.scalar(live.with_for_update())
    if row is None:
        return False
    if row.state == "waiting" and not _net_left(session, row.order_id):
        row.state, row.decided_at = REFERRAL.after(row.state, "nothing left"), clock.now()
        session.flush()
        return False
    return True


def _net_left(session: Session, order_id: UUID) -> int:
    lines = session.scalars(
        select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.kind.in_(LOWERED_KINDS))
    )  # fmt: skip
    return sum(it.amount_minor - it.tax_minor - it.returned_minor + it.returned_tax_minor for it in lines)


def _is_going_back(session: Session, order_id: UUID) -> bool:
    returned = select(func.coalesce(func.sum(OrderLine.returned_minor), 0)).where(OrderLine.order_id == order_id)
    asked = select(func.coalesce(func.sum(Payment.refunding_minor), 0)).where(Payment.order_id == order_id)
    return bool((session.scalar(asked) or 0) > (session.scalar(returned) or 0))


def _rewards_in_a_year(session: Session, link_id: UUID, *, clock: Clock) -> int:
    wanted = select(func.count()).where(
        Referral.link_id == link_id, Referral.state == "rewarded", Referral.decided_at > clock.now() - _YEAR
    )
    return int(session.scalar(wanted) or 0)
