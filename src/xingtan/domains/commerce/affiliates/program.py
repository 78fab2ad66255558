"""The program: its terms, who takes part, whose link brought a buyer."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.events import AffiliateDecided
from xingtan.domains.commerce.machines import AFFILIATE
from xingtan.domains.commerce.models import (
    Affiliate,
    AffiliateDay,
    AffiliateProgram,
    CommissionRule,
    OrderAttribution,
    ReferralLink,
)
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

MOST_RATE_BP = 9_000
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{2,22}[a-z0-9]")
_LONGEST_ABOUT = 1_000


@dataclass(frozen=True, slots=True)
class Program:
    """The terms: whether people may apply, for how many days a click counts, which click, when money is mature."""

    is_open: bool = False
    window_days: int = 30
    mature_days: int = 14
    click: str = "last"
    version: int = 0


@dataclass(frozen=True, slots=True)
class MakeRule:
    """A commission rule from now on; None means any. It takes the place of the rule for the very same."""

    rate_bp: int
    affiliate_id: UUID | None = None
    product_id: UUID | None = None
    product_kind: str | None = None
    renewals: str = "first"
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Click:
    """That somebody came by an affiliate's link, as her browser keeps it."""

    code: str
    at: datetime


def program_of(session: Session) -> Program:
    """Return the terms as they are now."""
    row = session.scalar(select(AffiliateProgram).order_by(AffiliateProgram.version.desc()).limit(1))
    if row is None:
        return Program()
    return Program(row.is_open, row.window_days, row.mature_days, row.click, row.version)


def set_program(session: Session, viewer: Viewer, wanted: Program, *, clock: Clock) -> Program:
    """Write a new version of the terms and return it."""
    viewer.require(Permission.SETTINGS_WRITE)
    faults: dict[str, Sentence] = {}
    if not 1 <= wanted.window_days <= 365:  # noqa: PLR2004 - days of a year
        faults["window_days"] = say("A number of days between 1 and 365.")
    if not 0 <= wanted.mature_days <= 365:  # noqa: PLR2004 - days of a year
        faults["mature_days"] = say("A number of days between 0 and 365.")
    if wanted.click not in ("first", "last"):
        faults["click"] = say("Please choose one of these.")
    if faults:
        raise Invalid(faults)
    version = program_of(session).version + 1
    session.add(
        AffiliateProgram(
            version=version, is_open=wanted.is_open, window_days=wanted.window_days, mature_days=wanted.mature_days,
            click=wanted.click, created_at=clock.now(), created_by_id=viewer.person_id,
        )
    )  # fmt: skip
    session.flush()
    note_action(session, Action("affiliates.terms", "affiliate_program", None, viewer.person_id), clock=clock)
    return program_of(session)


def make_rule(session: Session, viewer: Viewer, command: MakeRule, *, clock: Clock) -> UUID:
    """Make a commission rule that holds from now on, and return its id. Orders placed before keep the rule they had."""
    viewer.require(Permission.SETTINGS_WRITE)
    faults: dict[str, Sentence] = {}
    if not 0 <= command.rate_bp <= MOST_RATE_BP:
        faults["rate"] = say("A share between 0 and 90 percent.")
    if command.renewals not in ("first", "months", "always"):
        faults["renewals"] = say("Please choose one of these.")
    if (command.renewals == "months") != (command.months is not None) or not _may_be(command.months):
        faults["months"] = say("For how many months? A number between 1 and 120.")
    if command.product_id is not None and command.product_kind is not None:
        faults["product_kind"] = say("Choose a product or a kind of product, not both.")
    if command.product_kind is not None and command.product_kind not in catalog.PRODUCT_KINDS:
        faults["product_kind"] = say("Please choose one of these.")
    if command.product_id is not None and not catalog.find_products(session, [command.product_id]):
        faults["product"] = say("Please choose one of these.")
    if command.affiliate_id is not None and session.get(Affiliate, command.affiliate_id) is None:
        faults["affiliate"] = say("Please choose one of these.")
    if faults:
        raise Invalid(faults)
    now = clock.now()
    for old in session.scalars(_same_scope(command)):
        old.ends_at = now
    row = CommissionRule(
        id=new_id(), affiliate_id=command.affiliate_id, product_id=command.product_id,
        product_kind=command.product_kind, rate_bp=command.rate_bp, renewals=command.renewals, months=command.months,
        starts_at=now, ends_at=None, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    details = {"rate_bp": row.rate_bp, "renewals": row.renewals}
    note_action(session, Action("affiliates.rule", "commission_rule", row.id, viewer.person_id, details), clock=clock)
    return row.id


def end_rule(session: Session, viewer: Viewer, rule_id: UUID, *, clock: Clock) -> None:
    """Let a rule hold no longer; ending it twice is ending it once."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = session.get(CommissionRule, rule_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    if row.ends_at is None:
        row.ends_at = clock.now()
        note_action(session, Action("affiliates.rule_ended", "commission_rule", row.id, viewer.person_id), clock=clock)


def apply(session: Session, viewer: Viewer, *, code: str, about: str, clock: Clock) -> UUID:
    """Ask to take part, with a code of one's own choice; return the affiliate's id."""
    person_id = viewer.require_person()
    if not program_of(session).is_open:
        raise Conflict(say("This academy takes no affiliates at the moment."))
    wanted = code.strip().lower() or secrets.token_hex(4)
    faults: dict[str, Sentence] = {}
    if not _CODE.fullmatch(wanted):
        faults["code"] = say("4 to 24 letters, digits or hyphens.")
    if len(about.strip()) > _LONGEST_ABOUT:
        faults["about"] = say("At most %(limit)s characters.", limit=_LONGEST_ABOUT)
    if faults:
        raise Invalid(faults)
    if session.scalar(select(Affiliate.id).where(Affiliate.person_id == person_id)) is not None:
        raise Conflict(say("You have applied already."))
    taken = (
        select(Affiliate.id).where(Affiliate.code == wanted),
        select(ReferralLink.id).where(ReferralLink.code == wanted),
    )
    if any(session.scalar(one) is not None for one in taken):
        raise Invalid.of("code", say("This code is taken. Please choose another."))
    row = Affiliate(
        id=new_id(), person_id=person_id, code=wanted, state=AFFILIATE.initial, about=about.strip(),
        applied_at=clock.now(), decided_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def decide(session: Session, viewer: Viewer, affiliate_id: UUID, event: str, *, clock: Clock) -> str:
    """Approve, decline, pause, resume or end an affiliate (`event` of the table) and return the state that follows."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = session.get(Affiliate, affiliate_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    row.state, row.decided_at = AFFILIATE.after(row.state, event), clock.now()
    session.flush()
    note_action(session, Action(f"affiliate.{event}", "affiliate", row.id, viewer.person_id), clock=clock)
    emit(session, AffiliateDecided(row.id, row.person_id, row.state), at=clock.now())
    return row.state


def affiliate_behind(session: Session, click: Click | None, *, person_id: UUID | None, at: datetime) -> UUID | None:
    """Return the active affiliate whose link brought this buyer in time; nobody brings herself."""
    if click is None or not click.at <= at < click.at + timedelta(days=program_of(session).window_days):
        return None
    row = session.scalar(select(Affiliate).where(Affiliate.code == click.code.lower(), Affiliate.state == "active"))
    return None if row is None or row.person_id == person_id else row.id


def count_click(session: Session, code: str, *, clock: Clock) -> bool:
    """Count that an active affiliate's link was opened today; False when there is no such link."""
    row = session.scalar(select(Affiliate).where(Affiliate.code == code.lower(), Affiliate.state == "active"))
    if row is None:
        return False
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = insert(AffiliateDay).values(affiliate_id=row.id, day=clock.now().date(), clicks=1)
    same_day = ("affiliate_id", "day")
    session.execute(first.on_conflict_do_update(index_elements=same_day, set_={"clicks": AffiliateDay.clicks + 1}))
    return True


def attribute(session: Session, order_id: UUID, person_id: UUID, click: Click | None, *, clock: Clock) -> None:
    """Keep with a new order whose link brought its buyer, if anybody's; again changes nothing."""
    affiliate_id = affiliate_behind(session, click, person_id=person_id, at=clock.now())
    if affiliate_id is None or click is None or session.get(OrderAttribution, order_id) is not None:
        return
    session.add(OrderAttribution(order_id=order_id, affiliate_id=affiliate_id, clicked_at=click.at))
    session.flush()


def clicks_of(session: Session, affiliate_id: UUID) -> int:
    """Return how often the affiliate's link was opened."""
    wanted = select(func.sum(AffiliateDay.clicks)).where(AffiliateDay.affiliate_id == affiliate_id)
    return int(session.scalar(wanted) or 0)


def _may_be(months: int | None) -> bool:
    return months is None or 1 <= months <= 120  # noqa: PLR2004 - ten years


def _same_scope(command: MakeRule):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a select of rules
    return select(CommissionRule).where(
        CommissionRule.ends_at.is_(None),
        CommissionRule.affiliate_id == command.affiliate_id
        if command.affiliate_id
        else CommissionRule.affiliate_id.is_(None),
        CommissionRule.product_id == command.product_id if command.product_id else CommissionRule.product_id.is_(None),
        CommissionRule.product_kind == command.product_kind
        if command.product_kind
        else CommissionRule.product_kind.is_(None),
    )
