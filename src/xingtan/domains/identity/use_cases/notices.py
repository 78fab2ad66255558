"""Letters about the account itself, sent by job."""

from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue

About = Literal["password_changed", "second_factor_removed"]


def enqueue_notice(session: Session, person_id: UUID, *, about: About, clock: Clock) -> None:
    """Have a letter written to the person about a change of the account's locks."""
    notice_id = str(new_id())
    args = {"person_id": str(person_id), "about": about, "notice_id": notice_id}
    enqueue(session, "identity.send_notice", args, key=f"identity.notice:{notice_id}", at=clock.now())
