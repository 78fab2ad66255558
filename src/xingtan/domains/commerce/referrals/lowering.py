"""What a friend's link takes off her first order, and why it does not. Nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import Sentence, say
from xingtan.domains.commerce.models import SalesOrder
from xingtan.domains.commerce.promotions.use_cases.coupons import LOWERED_KINDS
from xingtan.domains.commerce.referrals.program import link_with, terms_of
from xingtan.domains.commerce.reservations import Hold
from xingtan.domains.commerce.rules.quoting import Discount, NewLine, reduced

_LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Invited:
    """Lines with a friend's discount, the codes that are somebody else's business, what is held, what is refused."""

    lines: tuple[NewLine, ...]
    codes: tuple[str, ...]
    holds: tuple[Hold, ...] = ()
    refused: tuple[tuple[str, Sentence], ...] = ()


def less_referral(
    session: Session, person_id: UUID | None, lines: Sequence[NewLine], codes: Sequence[str]
) -> Invited:  # fmt: skip
    """Return the lines lowered by the first code that is a friend's link; the other codes are for coupons."""
    links = {code: found for code in dict.fromkeys(codes) if (found := link_with(session, code[:_LONGEST_CODE]))}
    rest = tuple(code for code in codes if code not in links)
    if not links:
        return Invited(tuple(lines), rest)
    (code, (link_id, owner_id)), *more = links.items()
    refused = [(other, say("Only one invitation counts.")) for other, _ in more]
    why = why_not(session, person_id, owner_id)
    if why is not None:
        return Invited(tuple(lines), rest, refused=((code, why), *refused))
    off_bp = terms_of(session).off_bp
    lowered = tuple(
        reduced(line, Discount("referral", link_id, code.strip().lower(), line.reduced.share(off_bp)))
        if line.kind in LOWERED_KINDS else line
        for line in lines
    )  # fmt: skip
    if lowered == tuple(lines):
        return Invited(lowered, rest, refused=((code, say("An invitation does not count for this.")), *refused))
    holds = () if person_id is None else (Hold("referral_share", person_id, person_id),)
    return Invited(lowered, rest, holds, tuple(refused))


def why_not(session: Session, person_id: UUID | None, owner_id: UUID) -> Sentence | None:
    """Return why this owner's link takes nothing off for the person; None when it does, or she is a stranger yet."""
    terms = terms_of(session)
    if not terms.is_open or not terms.off_bp:
        return say("Invitations take nothing off at the moment.")
    if person_id == owner_id:
        return say("This is your own link. It is for your friends.")
    if person_id is not None and _has_bought(session, person_id):
        return say("An invitation is for a first order.")
    return None


def _has_bought(session: Session, person_id: UUID) -> bool:
    paid = select(SalesOrder.id).where(
        SalesOrder.person_id == person_id, SalesOrder.paid_at.is_not(None), SalesOrder.total_minor > 0,
        SalesOrder.state != "refunded",
    )  # fmt: skip
    return session.scalar(paid.limit(1)) is not None
