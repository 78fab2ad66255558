"""What is written about a request is sealed for the learner, under these names."""

from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.infra.vault import Forgotten, Vault

BRIEF, SCOPE = "service_request.brief", "service_quote.scope"
MESSAGE, DELIVERY, FILE_NAME = "service_message.text", "service_delivery.text", "service_delivery.file_name"


def opened(session: Session, vault: Vault, owner_id: UUID, *, field: str, sealed: bytes) -> str:
    """Return the text, or nothing when its owner has been forgotten."""
    try:
        return vault.open(session, owner_id, field, sealed)
    except Forgotten:
        return ""
