"""What a person takes along: the identity domain's part of «my data», and the shape of every other domain's part."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.identity.queries import person, sessions, tokens
from xingtan.domains.privacy.api import consents
from xingtan.infra.vault import Vault


class ExportPart(Protocol):
    """One domain's answer to «give me my data»."""

    def __call__(self, session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:
        """Return section → plain JSON data (str, int, bool, None, lists and mappings of these)."""
        ...


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:
    """Return the person's profile, sessions, tokens and agreements."""
    view = person(session, Viewer(person_id), person_id, vault=vault)
    return {
        "profile": {
            "id": public_id("person", view.id),
            "name": view.name,
            "email": view.email,
            "language": view.language,
            "roles": list(view.roles),
            "created_at": view.created_at.isoformat(),
            "email_confirmed_at": view.email_confirmed_at.isoformat() if view.email_confirmed_at else None,
        },
        "sessions": [
            {
                "device": one.device,
                "created_at": one.created_at.isoformat(),
                "last_seen_at": one.last_seen_at.isoformat(),
                "factors": list(one.factors),
            }
            for one in sessions(session, person_id, clock=clock, vault=vault)
        ],
        "tokens": [
            {"label": one.label, "scopes": list(one.scopes), "created_at": one.created_at.isoformat()}
            for one in tokens(session, person_id, clock=clock, vault=vault)
        ],
        "consents": [
            {
                "purpose": one.purpose.value,
                "text_version": one.text_version,
                "granted_at": one.granted_at.isoformat(),
                "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
            }
            for one in consents(session, person_id)
        ],
    }
