"""Granting and withdrawing consent, each as easy as the other."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.privacy.events import ConsentGranted, ConsentWithdrawn
from xingtan.domains.privacy.models import Consent
from xingtan.domains.privacy.rules.purposes import TEXTS, Purpose
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


def grant_consent(session: Session, person_id: UUID, *, purpose: Purpose, clock: Clock) -> None:
    """Note that the person agrees to today's text of `purpose`; agreeing twice is agreeing once."""
    now, version = clock.now(), TEXTS[purpose].version
    live = _live(session, person_id, purpose)
    if live is not None and live.text_version == version:
        return
    if live is not None:
        live.withdrawn_at = now
        session.flush()
    session.add(
        Consent(
            id=new_id(), person_id=person_id, purpose=purpose, text_version=version, granted_at=now, withdrawn_at=None
        )
    )
    session.flush()
    emit(session, ConsentGranted(person_id, purpose, version), at=now)


def withdraw_consent(session: Session, person_id: UUID, *, purpose: Purpose, clock: Clock) -> None:
    """Note that the person no longer agrees; without an agreement nothing happens."""
    live = _live(session, person_id, purpose)
    if live is None:
        return
    live.withdrawn_at = clock.now()
    emit(session, ConsentWithdrawn(person_id, purpose), at=clock.now())


def _live(session: Session, person_id: UUID, purpose: Purpose) -> Consent | None:
    wanted = select(Consent).where(
        Consent.person_id == person_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None)
    )
    return session.scalars(wanted.with_for_update()).first()
