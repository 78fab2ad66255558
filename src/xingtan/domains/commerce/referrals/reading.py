"""A learner's referrals, without her friends' names; and what an academy has given, for its owner."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import Referral, ReferralLink
from xingtan.domains.commerce.referrals.program import ReferralTerms, terms_of

_MOST = 200


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A friend's first order: when it was paid, when it is mature, what it gave."""

    created_at: datetime
    matures_at: datetime
    state: str
    reward: Money


@dataclass(frozen=True, slots=True)
class MyReferrals:
    """The terms, one's own code (None: none made yet), and what came of it, newest first."""

    terms: ReferralTerms
    code: str | None
    rows: tuple[ReferralRow, ...]


@dataclass(frozen=True, slots=True)
class ReferralFigures:
    """How many referrals are in a state, in one currency, and what they gave."""

    state: str
    count: int
    reward: Money


def my_referrals(session: Session, viewer: Viewer) -> MyReferrals:
    """Return what the viewer has brought about by her own link."""
    link = session.scalar(select(ReferralLink).where(ReferralLink.person_id == viewer.require_person()))
    if link is None:
        return MyReferrals(terms_of(session), None, ())
    rows = session.scalars(
        select(Referral).where(Referral.link_id == link.id).order_by(Referral.id.desc()).limit(_MOST)
    )  # fmt: skip
    return MyReferrals(
        terms_of(session), link.code,
        tuple(ReferralRow(one.created_at, one.matures_at, one.state, Money(one.reward_minor, one.currency))
              for one in rows),
    )  # fmt: skip


def referral_figures(session: Session, viewer: Viewer) -> tuple[ReferralFigures, ...]:
    """Return how many referrals there are by state and currency, for staff who may read numbers."""
    viewer.require(Permission.NUMBERS_READ)
    rows = session.execute(
        select(Referral.state, Referral.currency, func.count(), func.sum(Referral.reward_minor))
        .group_by(Referral.state, Referral.currency)
        .order_by(Referral.state, Referral.currency)
    )
    return tuple(ReferralFigures(state, count, Money(int(minor), currency)) for state, currency, count, minor in rows)
