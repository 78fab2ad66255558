"""Redeem codes: a batch is described, its codes are made and handed over once, and each is redeemed by one person."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.errors import AlreadyOwned, RedeemRefused
from xingtan.domains.commerce.events import CodeRedeemed, CodesMade
from xingtan.domains.commerce.goods import goods, part_ids
from xingtan.domains.commerce.machines import REDEEM_CODE
from xingtan.domains.commerce.models import CodeBatch, RedeemCode, Tier
from xingtan.domains.commerce.promotions.queries.codes import batch_state, batch_view
from xingtan.domains.commerce.promotions.rules.codes import CODE_BITS, code_hash, read_code, redeem_code
from xingtan.domains.commerce.promotions.views import BatchView, RedeemedView
from xingtan.domains.commerce.subscriptions.given import given_days
from xingtan.domains.commerce.subscriptions.rows import is_paying_member
from xingtan.domains.commerce.subscriptions.tiers import opened, tier
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

MOST_BATCH = 10_000
MOST_DAYS = 3_660
_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class MakeBatch:
    """What each code of a batch gives: a product for `days` (None: for ever), or days of a tier; how many; to when."""

    title: str
    product_id: UUID | None
    total: int
    days: int | None = None
    per_person: int = 1
    ends_at: datetime | None = None
    tier_id: UUID | None = None


def make_batch(session: Session, viewer: Viewer, command: MakeBatch, *, clock: Clock) -> BatchView:
    """Describe a batch and return it; it has no codes yet."""
    viewer.require(Permission.CATALOG_WRITE)
    now = clock.now()
    _must_make_sense(command, at=now)
    _must_be_there(session, command)
    row = CodeBatch(
        id=new_id(), title=command.title.strip(), product_id=command.product_id, tier_id=command.tier_id,
        days=command.days, total=command.total, taken=0, per_person=command.per_person, ends_at=command.ends_at,
        made_at=None, paused_at=None, ended_at=None, created_at=now, created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, viewer, row, action="codes.described", clock=clock)
    return batch_view(row, at=now)


def make_codes(session: Session, viewer: Viewer, batch_id: UUID, *, clock: Clock) -> tuple[str, ...]:
    """Make the batch's codes and return them, for this once. Made anew, the codes of before die.

    `Conflict` once somebody has redeemed one, and for a batch that is over.
    """
    viewer.require(Permission.CATALOG_WRITE)
    row, now = _locked(session, batch_id), clock.now()
    if not batch_view(row, at=now).may_be_made:
        raise Conflict(say("These codes are in use or over. Make another batch instead."))
    session.execute(
        update(RedeemCode)
        .where(RedeemCode.batch_id == row.id, RedeemCode.state == "fresh")
        .values(state=REDEEM_CODE.after("fresh", "replaced"))
    )
    codes = tuple(redeem_code(secrets.randbits(CODE_BITS)) for _ in range(row.total))
    session.execute(insert(RedeemCode), [_fresh(row.id, code) for code in codes])
    row.made_at = now
    emit(session, CodesMade(row.id, len(codes)), at=now)
    _note(session, viewer, row, action="codes.made", clock=clock)
    return codes


def _fresh(batch_id: UUID, code: str) -> dict[str, object]:
    return {
        "id": new_id(), "batch_id": batch_id, "code_hash": code_hash(code), "state": REDEEM_CODE.initial,
        "person_id": None, "redeemed_at": None,
    }  # fmt: skip


def pause_batch(session: Session, viewer: Viewer, batch_id: UUID, *, clock: Clock) -> None:
    """Let nobody redeem these codes until they are resumed."""
    row = _open_batch(session, viewer, batch_id)
    row.paused_at = row.paused_at or clock.now()
    _note(session, viewer, row, action="codes.paused", clock=clock)


def resume_batch(session: Session, viewer: Viewer, batch_id: UUID, *, clock: Clock) -> None:
    """Let these codes be redeemed again."""
    row = _open_batch(session, viewer, batch_id)
    row.paused_at = None
    _note(session, viewer, row, action="codes.resumed", clock=clock)


def end_batch(session: Session, viewer: Viewer, batch_id: UUID, *, clock: Clock) -> None:
    """Let nobody redeem these codes any more; what was redeemed stays."""
    row = _open_batch(session, viewer, batch_id)
    row.ended_at = clock.now()
    _note(session, viewer, row, action="codes.ended", clock=clock)


def redeem(session: Session, viewer: Viewer, typed: str, *, clock: Clock) -> RedeemedView:
    """Give the viewer what the code gives, and use the code up.

    `RedeemRefused` in the same words for every code that gives nothing; `AlreadyOwned`, which leaves the code good,
    when she has it for ever.
    """
    person_id, now = viewer.require_person(), clock.now()
    batch, code = _good_code(session, person_id, typed, at=now)
    opens = _product_days if batch.product_id is not None else _tier_days
    product_ids, period = opens(session, batch, person_id, at=now)
    code.state, code.person_id, code.redeemed_at = REDEEM_CODE.after(code.state, "redeemed"), person_id, now
    batch.taken += 1
    entitlements.grant(session, entitlements.Grant(person_id, product_ids, "code", code.id, period), clock=clock)
    emit(session, CodeRedeemed(batch.id, code.id, person_id, batch.product_id, batch.tier_id), at=now)
    session.flush()
    return RedeemedView(batch.product_id, batch.tier_id, period.starts_at, period.ends_at)


def _good_code(session: Session, person_id: UUID, typed: str, *, at: datetime) -> tuple[CodeBatch, RedeemCode]:
    letters = read_code(typed)
    known = select(RedeemCode.id, RedeemCode.batch_id).where(RedeemCode.code_hash == code_hash(letters or ""))
    found = session.execute(known).one_or_none()
    if found is None:
        raise _refused()
    batch = session.get_one(CodeBatch, found.batch_id, with_for_update=True)  # the batch first: it puts many in line
    code = session.get_one(RedeemCode, found.id, with_for_update=True)
    used = select(func.count()).where(RedeemCode.batch_id == batch.id, RedeemCode.person_id == person_id)
    is_open = batch_state(batch, at=at) == "live" and REDEEM_CODE.may(code.state, "redeemed")
    if not is_open or (session.scalar(used) or 0) >= batch.per_person:
        raise _refused()
    return batch, code


def _refused() -> RedeemRefused:
    return RedeemRefused(say("This code gives nothing. It may be mistyped, used already, or out of date."))


def _product_days(
    session: Session, batch: CodeBatch, person_id: UUID, *, at: datetime
) -> tuple[tuple[UUID, ...], Period]:
    """Return what the code opens, and when: from now, or from the end of the days that other codes gave."""
    assert batch.product_id is not None  # noqa: S101 - the caller's choice
    bought = goods(session, batch.product_id)
    owned = entitlements.owned_for_good(session, person_id, at=at)
    if batch.product_id in owned or owned.issuperset(bought.gives):
        raise AlreadyOwned(
            say("“%(title)s” is yours already. The code stays good for somebody else.", title=bought.title),
            product_ids=bought.gives,
        )
    opens = (batch.product_id, *part_ids(session, [batch.product_id]))
    if batch.days is None:
        return opens, Period(at)
    starts_at = entitlements.last_end(session, person_id, batch.product_id, source_kind="code", at=at) or at
    return opens, Period(starts_at, starts_at + timedelta(days=batch.days))


def _tier_days(
    session: Session, batch: CodeBatch, person_id: UUID, *, at: datetime
) -> tuple[tuple[UUID, ...], Period]:  # fmt: skip
    """Return what the tier opens now, and when: from now, or from the end of the days that other codes gave."""
    assert batch.tier_id is not None and batch.days is not None  # noqa: PT018, S101 - constraints of the row
    session.get_one(Tier, batch.tier_id, with_for_update=True)  # two codes of one person wait for each other
    product_ids = tuple(sorted(opened(session, batch.tier_id)))
    if is_paying_member(session, person_id, batch.tier_id):
        raise AlreadyOwned(
            say("This membership is yours already. The code stays good, for later or for somebody else."),
            product_ids=product_ids,
        )
    before = given_days(session, [person_id], at=at, tier_ids=[batch.tier_id])
    starts_at = max((one.ends_at for one in before), default=at)
    return product_ids, Period(starts_at, starts_at + timedelta(days=batch.days))


def _locked(session: Session, batch_id: UUID) -> CodeBatch:
    row = session.get(CodeBatch, batch_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    return row


def _open_batch(session: Session, viewer: Viewer, batch_id: UUID) -> CodeBatch:
    viewer.require(Permission.CATALOG_WRITE)
    row = _locked(session, batch_id)
    if row.ended_at is not None:
        raise Conflict(say("These codes were taken back already."))
    return row


def _must_make_sense(command: MakeBatch, *, at: datetime) -> None:
    faults: dict[str, Sentence] = {}
    if not 0 < len(command.title.strip()) <= _TITLE_LENGTH or "\x00" in command.title:
        faults["title"] = say("Give it a name of at most %(most)s letters.", most=_TITLE_LENGTH)
    if (command.product_id is None) == (command.tier_id is None):
        faults["gives"] = say("Please choose one of these.")
    if command.tier_id is not None and command.days is None:
        faults["days"] = say("A membership is given for some days. Write how many.")
    for name, value, most in (
        ("total", command.total, MOST_BATCH), ("days", command.days, MOST_DAYS),
        ("per_person", command.per_person, MOST_BATCH),
    ):  # fmt: skip
        if value is not None and not 0 < value <= most:
            faults[name] = say("Write a number from 1 to %(most)s.", most=most)
    if command.ends_at is not None and command.ends_at <= at:
        faults["ends_at"] = say("That day is over.")
    if faults:
        raise Invalid(faults)


def _must_be_there(session: Session, command: MakeBatch) -> None:
    if command.product_id is not None:
        goods(session, command.product_id)
    elif command.tier_id is not None and tier(session, command.tier_id).retired_at is not None:
        raise Invalid.of("gives", say("Please choose one of these."))


def _note(session: Session, viewer: Viewer, row: CodeBatch, *, action: str, clock: Clock) -> None:
    gives = {"tier_id": str(row.tier_id)} if row.tier_id is not None else {"product_id": str(row.product_id)}
    details = {**gives, "total": row.total, "days": row.days}
    note_action(session, Action(action, "code_batch", row.id, viewer.person_id, details), clock=clock)
