"""The terms of referrals, and a learner's own link."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, Sentence, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import ReferralLink, ReferralProgram
from xingtan.infra.db import new_id

MOST_BP = 5_000
MOST_REWARDS = 1_000
_CODE_BYTES = 5
_LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class ReferralTerms:
    """What a friend's order costs less, what share of it the learner gets, how often in 365 days, after how long."""

    is_open: bool = False
    off_bp: int = 1_000
    reward_bp: int = 1_000
    most_rewards: int = 12
    mature_days: int = 14
    version: int = 0


def terms_of(session: Session) -> ReferralTerms:
    """Return the terms as they are now."""
    row = session.scalar(select(ReferralProgram).order_by(ReferralProgram.version.desc()).limit(1))
    if row is None:
        return ReferralTerms()
    return ReferralTerms(row.is_open, row.off_bp, row.reward_bp, row.most_rewards, row.mature_days, row.version)


def set_terms(session: Session, viewer: Viewer, wanted: ReferralTerms, *, clock: Clock) -> ReferralTerms:
    """Write a new version of the terms and return it. Orders that are paid already keep theirs."""
    viewer.require(Permission.SETTINGS_WRITE)
    faults: dict[str, Sentence] = {}
    for name, share_bp in (("off", wanted.off_bp), ("reward", wanted.reward_bp)):
        if not 0 <= share_bp <= MOST_BP:
            faults[name] = say("A share between 0 and 50 percent.")
    if not 1 <= wanted.most_rewards <= MOST_REWARDS:
        faults["most_rewards"] = say("A number between 1 and %(most)s.", most=MOST_REWARDS)
    if not 0 <= wanted.mature_days <= _LONGEST_DAYS:
        faults["mature_days"] = say("A number of days between 0 and 365.")
    if faults:
        raise Invalid(faults)
    session.add(
        ReferralProgram(
            version=terms_of(session).version + 1, is_open=wanted.is_open, off_bp=wanted.off_bp,
            reward_bp=wanted.reward_bp, most_rewards=wanted.most_rewards, mature_days=wanted.mature_days,
            created_at=clock.now(), created_by_id=viewer.person_id,
        )
    )  # fmt: skip
    session.flush()
    note_action(session, Action("referrals.terms", "referral_program", None, viewer.person_id), clock=clock)
    return terms_of(session)


def make_link(session: Session, viewer: Viewer, *, clock: Clock) -> str:
    """Return the code of the viewer's own link, made when there is none yet. `Conflict` while nothing is given."""
    person_id = viewer.require_person()
    known = session.scalar(select(ReferralLink.code).where(ReferralLink.person_id == person_id))
    if known is not None:
        return known
    if not terms_of(session).is_open:
        raise Conflict(say("This academy gives nothing for invitations at the moment."))
    row = ReferralLink(
        id=new_id(), person_id=person_id, code=f"hi-{secrets.token_hex(_CODE_BYTES)}", created_at=clock.now()
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.code


def link_with(session: Session, code: str) -> tuple[UUID, UUID] | None:
    """Return id and person of the link with this code; None when there is none."""
    wanted = select(ReferralLink.id, ReferralLink.person_id).where(ReferralLink.code == code.strip().lower())
    found = session.execute(wanted).one_or_none()
    return None if found is None else (found[0], found[1])
