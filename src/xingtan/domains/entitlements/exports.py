"""What a person takes along of entitlements: every right, live or ended."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.entitlements.queries import holdings
from xingtan.infra.vault import Vault


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape that every domain's part has
    """Return the person's rights: to what, by what, from when until when."""
    return {
        "rights": [
            {
                "product": public_id("product", one.product_id),
                "by": one.source_kind,
                "from": one.starts_at.isoformat(),
                "until": one.ends_at.isoformat() if one.ends_at else None,
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
                "end_reason": one.end_reason,
            }
            for one in holdings(session, Viewer(person_id), at=clock.now())
        ]
    }
