"""Giving and ending access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.period import Period
from xingtan.domains.entitlements.events import EntitlementEnded, EntitlementGranted
from xingtan.domains.entitlements.models import Entitlement
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

SourceKind = Literal["order", "grant", "free", "bundle-part"]


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may use which products, by what right, and when. `period` half-open; without end: for ever."""

    person_id: UUID
    product_ids: tuple[UUID, ...]
    source_kind: SourceKind
    source_id: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class PastRight:
    """A right that somebody was given in the past, and perhaps lost since."""

    person_id: UUID
    product_id: UUID
    source_kind: SourceKind
    source_id: UUID
    period: Period
    ended_at: datetime | None = None
    end_reason: str | None = None


def keep_past_rights(session: Session, found: Sequence[PastRight]) -> None:
    """Keep many rights of the past, each from a source that has given nothing yet; nobody is told."""
    rows = [
        {
            "id": new_id(), "person_id": one.person_id, "product_id": one.product_id, "source_kind": one.source_kind,
            "source_id": one.source_id, "starts_at": one.period.starts_at, "ends_at": one.period.ends_at,
            "ended_at": one.ended_at, "end_reason": one.end_reason,
        }
        for one in found
    ]  # fmt: skip
    if rows:
        session.execute(insert(Entitlement), rows)


def grant(session: Session, command: Grant, *, clock: Clock) -> tuple[UUID, ...]:
    """Give access and return the entitlements' ids, one per product in order.

    What this source has given already stays as it is, even when it has ended since: granting twice is granting once.
    """
    known = {
        row.product_id: row.id
        for row in session.scalars(
            _of_source(command.source_kind, command.source_id).where(Entitlement.person_id == command.person_id)
        )
    }
    for product_id in dict.fromkeys(command.product_ids):
        if product_id not in known:
            known[product_id] = _give(session, command, product_id, clock=clock)
    session.flush()
    return tuple(known[product_id] for product_id in command.product_ids)


def _give(session: Session, command: Grant, product_id: UUID, *, clock: Clock) -> UUID:
    row = Entitlement(
        id=new_id(), person_id=command.person_id, product_id=product_id, source_kind=command.source_kind,
        source_id=command.source_id, starts_at=command.period.starts_at, ends_at=command.period.ends_at,
        ended_at=None, end_reason=None,
    )  # fmt: skip
    session.add(row)
    news = EntitlementGranted(row.id, row.person_id, product_id, row.source_kind, row.source_id)
    emit(session, news, at=clock.now())
    return row.id


def end(
    session: Session, source_kinds: Sequence[SourceKind], source_id: UUID, *, reason: str, clock: Clock
) -> tuple[UUID, ...]:
    """End everything that `source_id` gave under `source_kinds`, now; return the ids of what ended by this call."""
    ended = []
    for kind in source_kinds:
        for row in session.scalars(_of_source(kind, source_id).where(Entitlement.ended_at.is_(None)).with_for_update()):
            row.ended_at, row.end_reason = clock.now(), reason
            news = EntitlementEnded(row.id, row.person_id, row.product_id, row.source_kind, row.source_id, reason)
            emit(session, news, at=clock.now())
            ended.append(row.id)
    return tuple(ended)


def _of_source(kind: str, source_id: UUID) -> Select[Entitlement]:
    return select(Entitlement).where(Entitlement.source_kind == kind, Entitlement.source_id == source_id)
