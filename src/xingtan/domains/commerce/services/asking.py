"""Asking for a service, and what both sides write about it."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, say
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.events import ServiceMessageWritten, ServiceMoved
from xingtan.domains.commerce.goods import goods
from xingtan.domains.commerce.idempotency import OneTimeKey, recall, remember
from xingtan.domains.commerce.machines import SERVICE_REQUEST
from xingtan.domains.commerce.models import ServiceMessage, ServiceRequest
from xingtan.domains.commerce.rules.numbers import BITS, order_number
from xingtan.domains.commerce.rules.quotes import check_text
from xingtan.domains.commerce.services.rows import READS, any_request, own_request
from xingtan.domains.commerce.services.sealing import BRIEF, MESSAGE
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

KIND = "consulting"
"""The kind of product that is asked for."""


@dataclass(frozen=True, slots=True)
class AskForService:
    """What somebody wants to have done; `key` is the form's."""

    product_id: UUID
    brief: str
    language: str
    key: str


def ask_for_service(session: Session, viewer: Viewer, command: AskForService, *, clock: Clock, vault: Vault) -> str:
    """Keep a request and return its number; the same key again returns the same. `Conflict` for what is not offered."""
    person_id, brief = viewer.require_person(), check_text("brief", command.brief)
    request = {"product": str(command.product_id), "brief": brief}
    one_time = OneTimeKey(f"service:{person_id}", command.key, request)
    known = recall(session, one_time)
    if known is not None:
        return str(known["number"])
    wanted = goods(session, command.product_id)
    if wanted.kind != KIND or not wanted.is_for_sale:
        raise Conflict(say("This cannot be asked for."))
    now = clock.now()
    row = ServiceRequest(
        id=new_id(), number=_free_number(session), person_id=person_id, product_id=wanted.product_id,
        state=SERVICE_REQUEST.initial, language=command.language,
        brief_sealed=vault.seal(session, person_id, BRIEF, brief), quote_id=None, deliver_by=None, delivered_at=None,
        reminded_at=None, accepted_at=None, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    remember(session, one_time, {"number": row.number}, at=now)
    news = ServiceMoved(row.id, row.number, person_id, row.product_id, happened="requested", state=row.state)
    emit(session, news, at=now)
    return row.number


def write_message(
    session: Session, viewer: Viewer, number: str, *, text: str, clock: Clock, vault: Vault
) -> UUID:  # fmt: skip
    """Say something about one's own request, and return the message's id."""
    row = own_request(session, viewer, number).request
    return _write(session, row, _Words("learner", viewer.person_id, text), clock=clock, vault=vault)


def answer_message(
    session: Session, viewer: Viewer, number: str, *, text: str, clock: Clock, vault: Vault
) -> UUID:  # fmt: skip
    """Say something about a request, for the academy."""
    row = any_request(session, viewer, number, permission=READS).request
    return _write(session, row, _Words("academy", viewer.person_id, text), clock=clock, vault=vault)


@dataclass(frozen=True, slots=True)
class _Words:
    author: str
    author_id: UUID | None
    text: str


def _write(session: Session, request: ServiceRequest, words: _Words, *, clock: Clock, vault: Vault) -> UUID:
    plain = check_text("text", words.text)
    row = ServiceMessage(
        id=new_id(), request_id=request.id, author=words.author, author_id=words.author_id,
        text_sealed=vault.seal(session, request.person_id, MESSAGE, plain), at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    emit(session, ServiceMessageWritten(request.id, row.id, request.person_id, words.author), at=clock.now())
    return row.id


def _free_number(session: Session) -> str:
    while True:
        number = order_number(secrets.randbits(BITS))
        if session.scalar(select(ServiceRequest.id).where(ServiceRequest.number == number)) is None:
            return number
