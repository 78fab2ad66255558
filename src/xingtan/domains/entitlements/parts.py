"""Rights to a part of a product: a lesson that was paid for by itself. Who holds the whole product needs none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.entitlements.models import PartEntitlement
from xingtan.infra.db import new_id


@dataclass(frozen=True, slots=True)
class PartGrant:
    """Who may use which part of which product, and what gave the right."""

    person_id: UUID
    product_id: UUID
    part_id: UUID
    source_id: UUID


def grant_part(session: Session, command: PartGrant, *, clock: Clock) -> None:
    """Give the right to a part, from now on; nothing happens while there is one already."""
    if holds_part(session, command.person_id, command.part_id):
        return
    session.add(
        PartEntitlement(
            id=new_id(), person_id=command.person_id, product_id=command.product_id, part_id=command.part_id,
            source_id=command.source_id, starts_at=clock.now(), ended_at=None, end_reason=None,
        )
    )  # fmt: skip
    session.flush()


def end_part(session: Session, person_id: UUID, part_id: UUID, *, reason: str, clock: Clock) -> None:
    """End every right of the person to this part, now."""
    for row in session.scalars(_live(person_id).where(PartEntitlement.part_id == part_id).with_for_update()):
        row.ended_at, row.end_reason = clock.now(), reason
    session.flush()


def parts_held(session: Session, person_id: UUID, product_id: UUID) -> dict[UUID, datetime]:
    """Return the parts of the product that the person may use, and since when. One query."""
    rows = session.scalars(_live(person_id).where(PartEntitlement.product_id == product_id))
    return {row.part_id: row.starts_at for row in rows}


def holds_part(session: Session, person_id: UUID, part_id: UUID) -> bool:
    """Say whether the person may use this part by itself."""
    wanted = _live(person_id).where(PartEntitlement.part_id == part_id).limit(1)
    return session.scalar(wanted) is not None


def part_sources(session: Session) -> frozenset[UUID]:
    """Return what gave every live right to a part, for comparing with what the sources say."""
    return frozenset(session.scalars(select(PartEntitlement.source_id).where(PartEntitlement.ended_at.is_(None))))


def _live(person_id: UUID) -> Select[PartEntitlement]:
    return select(PartEntitlement).where(PartEntitlement.person_id == person_id, PartEntitlement.ended_at.is_(None))
