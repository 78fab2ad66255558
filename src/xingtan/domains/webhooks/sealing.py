"""Secrets at rest: sealed under a key of the endpoint's own."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from xingtan.domains.webhooks.models import Endpoint
from xingtan.domains.webhooks.rules.signatures import SECRET_BYTES, written_secret
from xingtan.infra.vault import Vault

SECRET, OLD_SECRET = "webhook_endpoint.secret", "webhook_endpoint.old_secret"


def new_secret() -> str:
    """Return a fresh secret, ``whsec_…``."""
    return written_secret(secrets.token_bytes(SECRET_BYTES))


def live_secrets(session: Session, endpoint: Endpoint, *, vault: Vault, at: datetime) -> Sequence[str]:
    """Return the secrets that sign now: the newest first, and the one before it while both are good."""
    found = [vault.open(session, endpoint.id, SECRET, endpoint.secret_sealed)]
    if (
        endpoint.old_secret_sealed is not None
        and endpoint.old_secret_until is not None
        and at < endpoint.old_secret_until
    ):
        found.append(vault.open(session, endpoint.id, OLD_SECRET, endpoint.old_secret_sealed))
    return found
