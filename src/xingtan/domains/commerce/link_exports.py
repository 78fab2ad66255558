"""What a person takes along of groups, commission and invitations: a part of «my data»."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.affiliates.statements import my_affiliate, statement
from xingtan.domains.commerce.groups.queries import my_groups
from xingtan.domains.commerce.referrals.reading import my_referrals
from xingtan.domains.commerce.rules.plain import amount_text

_ALL = 100_000


def affiliate_part(session: Session, viewer: Viewer, *, at: datetime) -> Mapping[str, Any]:
    """Return the viewer's groups, and what she earned by her own links, as plain data without other people's names."""
    return {
        "groups": [
            {
                "code": one.code, "title": one.title, "state": one.state, "price": amount_text(one.price),
                "ends_at": one.ends_at.isoformat(),
            }
            for one in my_groups(session, viewer)
        ],
        "affiliate": _affiliate(session, viewer, at=at),
        "invitations": _invitations(session, viewer),
    }  # fmt: skip


def _affiliate(session: Session, viewer: Viewer, *, at: datetime) -> Mapping[str, Any] | None:
    me = my_affiliate(session, viewer, at=at)
    if me is None:
        return None
    lines = statement(session, viewer, me.id, limit=_ALL)
    return {
        "code": me.code, "state": me.state, "about": me.about, "applied_at": me.applied_at.isoformat(),
        "statement": [{"at": it.at.isoformat(), "kind": it.kind, "amount": amount_text(it.amount)} for it in lines],
    }  # fmt: skip


def _invitations(session: Session, viewer: Viewer) -> Mapping[str, Any] | None:
    found = my_referrals(session, viewer)
    if found.code is None:
        return None
    rows = [{"at": it.created_at.isoformat(), "state": it.state, "reward": amount_text(it.reward)} for it in found.rows]
    return {"code": found.code, "friends": rows}
