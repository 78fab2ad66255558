"""The private address of a podcast's feed: one for each person and product, which she can change."""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Viewer
from xingtan.domains.learning.lessons import held_since
from xingtan.domains.learning.models import FeedToken
from xingtan.domains.learning.sealing import FEED
from xingtan.infra.vault import Vault

_TOKEN_BYTES = 24


def feed_token(session: Session, viewer: Viewer, *, product_id: UUID, clock: Clock, vault: Vault) -> str:
    """Return the secret in the address of the viewer's own feed of the product; made at the first call."""
    person_id = viewer.require_person()
    row = session.get(FeedToken, (person_id, product_id))
    if row is not None:
        return vault.open(session, person_id, FEED, row.token_sealed)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        FeedToken(
            person_id=person_id,
            product_id=product_id,
            token_hash=_hash(token),
            token_sealed=vault.seal(session, person_id, FEED, token),
            created_at=clock.now(),
        )
    )
    session.flush()
    return token


def renew_feed_token(session: Session, viewer: Viewer, *, product_id: UUID, clock: Clock, vault: Vault) -> str:
    """End the address that may have leaked and return a new one."""
    row = session.get(FeedToken, (viewer.require_person(), product_id), with_for_update=True)
    if row is not None:
        session.delete(row)
        session.flush()
    return feed_token(session, viewer, product_id=product_id, clock=clock, vault=vault)


def feed_owner(session: Session, token: str, *, product_id: UUID, clock: Clock) -> UUID:
    """Return whose feed this secret opens; `NotFound` when it opens none, or when she no longer holds the product."""
    row = session.scalar(
        select(FeedToken).where(FeedToken.token_hash == _hash(token), FeedToken.product_id == product_id)
    )
    if row is None or held_since(session, Viewer(row.person_id), product_id, at=clock.now()) is None:
        raise NotFound(say("There is no such feed."))
    return row.person_id


def feed_audience(token: str) -> str:
    """Return the audience for which enclosure addresses in this feed are signed; it ends with the feed's secret."""
    return f"feed:{hashlib.sha256(token.encode()).hexdigest()}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
