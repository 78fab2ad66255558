"""Who has agreed to what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.domains.privacy.models import Consent
from xingtan.domains.privacy.rules.purposes import TEXTS, Purpose


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One agreement, live while `withdrawn_at` is None."""

    purpose: Purpose
    text_version: int
    granted_at: datetime
    withdrawn_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Say whether it holds: not withdrawn, and given to the text of today."""
        return self.withdrawn_at is None and self.text_version == TEXTS[self.purpose].version


def allowed_purposes(session: Session, person_id: UUID) -> frozenset[Purpose]:
    """Return every purpose that the person agrees to, in today's words. One query."""
    return frozenset(consent.purpose for consent in consents(session, person_id) if consent.is_live)


def allows(session: Session, person_id: UUID, purpose: Purpose) -> bool:
    """Say whether the person agrees to `purpose`, in today's words."""
    return purpose in allowed_purposes(session, person_id)


def people_allowing(session: Session, purpose: Purpose, *, among: Iterable[UUID]) -> frozenset[UUID]:
    """Return those among the people who agree to `purpose`. One query."""
    wanted = select(Consent.person_id).where(
        Consent.purpose == purpose,
        Consent.withdrawn_at.is_(None),
        Consent.text_version == TEXTS[purpose].version,
        Consent.person_id.in_(list(among)),
    )
    return frozenset(session.scalars(wanted))


def consents(session: Session, person_id: UUID) -> list[ConsentView]:
    """Return the person's agreements with their history, oldest first."""
    wanted = select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)
    return [
        ConsentView(Purpose(row.purpose), row.text_version, row.granted_at, row.withdrawn_at)
        for row in session.scalars(wanted)
    ]
