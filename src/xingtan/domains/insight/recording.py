"""Writing down what people do, if they allow it.

1. A signed-in person is recorded only while she agrees to analytics; a stranger only with the consent cookie's yes.
   Sec-GPC or DNT means no for both.
2. The row carries a pseudonym: the person's behaviour key, sealed for her, so that forgetting her unlinks her rows;
   or a stranger's key, random for each visit.
3. A yes is remembered for `REMEMBERED_S` seconds and forgotten as soon as its withdrawal is heard.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.identity import api as identity
from xingtan.domains.insight.rules.verbs import Deed
from xingtan.domains.privacy import api as privacy
from xingtan.infra.analytics import Behaviour, BehaviourBuffer, behaviour_row, insert_behaviour
from xingtan.infra.db import Database
from xingtan.infra.vault import Forgotten, Vault

REMEMBERED_S = 5.0
_MOST_REMEMBERED = 20_000
_CHANGES_OF_MIND = frozenset({privacy.ConsentGranted.kind, privacy.ConsentWithdrawn.kind})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the other end of a request, as far as the log may know.

    `visit_key` is the random key of a stranger's visit, 32 hex letters, given only to those who agreed; `refuses` is
    True when the browser sent Sec-GPC or DNT.
    """

    person_id: UUID | None = None
    visit_key: str | None = None
    refuses: bool = False


def actor_of(session: Session, person_id: UUID, *, vault: Vault) -> str | None:
    """Return the person's pseudonym while she agrees to analytics, else None."""
    if not privacy.allows(session, person_id, privacy.Purpose.ANALYTICS):
        return None
    try:
        return identity.behaviour_key(session, person_id, vault=vault)
    except Forgotten:
        return None


def record_at_once(session: Session, person_id: UUID, deeds: tuple[Deed, ...], *, vault: Vault, at: datetime) -> int:
    """Write what a person did in this transaction, if she agrees, and return how many rows; for jobs that hear news."""
    actor = actor_of(session, person_id, vault=vault)
    if actor is None:
        return 0
    insert_behaviour(session, [behaviour_row(_behaviour(deed, actor, None, at)) for deed in deeds])
    return len(deeds)


class Recorder:
    """Records what happens on pages: no waiting, no transaction of the page's own."""

    def __init__(self, database: Database, buffer: BehaviourBuffer, vault: Vault) -> None:
        self._database, self._buffer, self._vault = database, buffer, vault
        self._guard = threading.Lock()
        self._actors: dict[UUID, tuple[str | None, float]] = {}

    def record(self, visitor: Visitor, deed: Deed, *, at: datetime) -> bool:
        """Note that `visitor` did `deed`, if that is allowed; return whether a row was taken."""
        actor = self.actor(visitor)
        return actor is not None and self._buffer.add(_behaviour(deed, actor, visitor.visit_key, at))

    def actor(self, visitor: Visitor) -> str | None:
        """Return the pseudonym under which `visitor` may be recorded, else None."""
        if visitor.refuses:
            return None
        if visitor.person_id is None:
            return visitor.visit_key
        with self._guard:
            actor, until = self._actors.get(visitor.person_id, (None, 0.0))
        return actor if time.monotonic() < until else self._look_up(visitor.person_id)

    def hear(self, kind: str) -> None:
        """Forget every yes when somebody in this process changed her mind; others hear of it after `REMEMBERED_S`."""
        if kind in _CHANGES_OF_MIND:
            with self._guard:
                self._actors.clear()

    def _look_up(self, person_id: UUID) -> str | None:
        with self._database.reading() as session:
            actor = actor_of(session, person_id, vault=self._vault)
        with self._guard:
            if len(self._actors) >= _MOST_REMEMBERED:
                self._actors.clear()
            self._actors[person_id] = actor, time.monotonic() + REMEMBERED_S
        return actor


def _behaviour(deed: Deed, actor: str, session_key: str | None, at: datetime) -> Behaviour:
    return Behaviour(at, actor, deed.verb, deed.object_kind, deed.object_id, deed.product_id, deed.context, session_key)
