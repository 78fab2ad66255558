"""What the sandbox owes the academy by word: a notice for each thing that happened, delivered by jobs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce.models import SandboxNotice, SandboxPayment
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue

DELIVER_NOTICE = "sandbox.deliver_notice"


def notify(session: Session, row: SandboxPayment, kind: str, *, delays_s: Sequence[int], at: datetime) -> None:
    """Write one notice, and have it delivered as often as there are delays, that many seconds from `at`."""
    notice_id = new_id()
    body = {
        "id": f"evt_{notice_id.hex}", "type": kind, "created": int(at.timestamp()), "reference": row.reference,
        "payment": row.merchant_key,
    }  # fmt: skip
    session.add(
        SandboxNotice(
            id=notice_id, reference=row.reference, body=json.dumps(body).encode(), deliveries=0, created_at=at
        )
    )
    for turn, delay_s in enumerate(delays_s):
        args: Mapping[str, Any] = {"notice_id": str(notice_id)}
        sent_at = at + timedelta(seconds=delay_s)
        enqueue(session, DELIVER_NOTICE, args, key=f"sandbox-notice:{notice_id}:{turn}", at=sent_at)


def take_notice(session: Session, notice_id: UUID) -> bytes:
    """Return the raw body of a notice that is being delivered now, and count the delivery."""
    notice = session.get_one(SandboxNotice, notice_id, with_for_update=True)
    notice.deliveries += 1
    return notice.body
