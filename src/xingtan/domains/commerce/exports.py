"""What a person takes along of her purchases: her part of «my data»."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.queries.orders import my_orders
from xingtan.infra.vault import Vault

_PAGE = 100


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of every domain's part
    """Return the person's orders, oldest last, as plain data."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = my_orders(session, Viewer(person_id), cursor=cursor, limit=_PAGE)
        found += [
            {
                "number": row.number,
                "state": row.state,
                "titles": list(row.titles),
                "total": f"{row.total.major()} {row.total.currency}",
                "refunded": f"{row.refunded.major()} {row.refunded.currency}",
                "placed_at": row.placed_at.isoformat(),
                "paid_at": row.paid_at.isoformat() if row.paid_at else None,
            }
            for row in page.orders
        ]
        cursor = page.next_cursor
        if cursor is None:
            return {"orders": found}
