"""A person's sealed fields, sealed and opened in one place; many people's keys are fetched in one query."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.infra.vault import Forgotten, Vault, VaultKey

EMAIL, NAME, BEHAVIOUR_KEY = "person.email", "person.name", "person.behaviour_key"
DEVICE, TOTP_SECRET = "sign_in_session.device", "totp.secret"
PASSKEY_LABEL, TOKEN_LABEL = "passkey.label", "api_token.label"
_BATCH = 500


def email_index(vault: Vault, address: str) -> bytes:
    """Return what an address is looked up by."""
    return vault.blind_index(EMAIL, address)


def opened(session: Session, vault: Vault, *, field: str, sealed: Iterable[tuple[UUID, bytes]]) -> dict[UUID, str]:
    """Return owner → opened text, one query for 500 keys; people whose key is gone are left out."""
    pairs = dict(sealed)
    owners, found = list(pairs), {}
    for start in range(0, len(owners), _BATCH):
        batch = owners[start : start + _BATCH]
        # Held while the fields are opened: the vault finds the rows in the session instead of asking one by one.
        keys = session.scalars(select(VaultKey).where(VaultKey.owner_id.in_(batch))).all()
        for owner in {key.owner_id for key in keys if key.wrapped is not None}:
            found[owner] = vault.open(session, owner, field, pairs[owner])
    return found


def opened_or_empty(session: Session, vault: Vault, owner: UUID, *, field: str, sealed: bytes) -> str:
    """Return the text behind `sealed`, or an empty one when its owner has been forgotten."""
    try:
        return vault.open(session, owner, field, sealed)
    except Forgotten:
        return ""
