"""What a person takes along of the behaviour log: her rows under her pseudonym."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.identity import api as identity
from xingtan.infra.analytics import BehaviourEvent
from xingtan.infra.vault import Vault

_MOST_ROWS = 100_000


def export_insight(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of every domain's part
    """Return the newest rows that the log holds of the person, whether or not she agrees to it any more."""
    actor = identity.behaviour_key(session, person_id, vault=vault)
    wanted = select(BehaviourEvent).where(BehaviourEvent.actor == actor).order_by(BehaviourEvent.at.desc())
    return {
        "behaviour": [
            {
                "at": row.at.isoformat(),
                "verb": row.verb,
                "object_kind": row.object_kind,
                "object_id": row.object_id,
                "context": row.context,
            }
            for row in session.scalars(wanted.limit(_MOST_ROWS))
        ]
    }
