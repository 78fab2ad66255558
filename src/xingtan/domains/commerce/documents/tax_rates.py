"""Rates of tax: made, ended, looked up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.documents.billing import country_of
from xingtan.domains.commerce.documents.models import TaxRate
from xingtan.domains.commerce.documents.rules import country_code
from xingtan.domains.commerce.documents.views import TaxRateView
from xingtan.domains.commerce.rules.tax import MOST_BP, Rate, TaxRule, overlap, rate_for
from xingtan.infra.db import new_id


@dataclass(frozen=True, slots=True)
class MakeTaxRate:
    """A rate to hold from `starts_at` (None: now) until `ends_at`; an empty `country` or `kind` means any."""

    country: str
    kind: str
    rate: Rate
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def make_tax_rate(session: Session, viewer: Viewer, command: MakeTaxRate, *, clock: Clock) -> UUID:
    """Have a rate hold and return its id; `Conflict` when another one holds for the same at the same time."""
    viewer.require(Permission.SETTINGS_WRITE)
    new = _checked(command, now=clock.now())
    if any(overlap(new, _rule(one)) for one in session.scalars(select(TaxRate))):
        raise Conflict(say("Another rate holds for the same country and kind at that time; end it first."))
    row = TaxRate(
        id=new_id(), country=new.country, kind=new.kind, rate_bp=new.rate.rate_bp,
        is_inclusive=new.rate.mode == "inclusive", starts_at=new.holds.starts_at, ends_at=new.holds.ends_at,
        created_at=clock.now(), created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    details = {"country": row.country, "kind": row.kind, "rate_bp": row.rate_bp}
    note_action(session, Action("tax_rate.made", "tax_rate", row.id, viewer.person_id, details), clock=clock)
    return row.id


def end_tax_rate(session: Session, viewer: Viewer, rate_id: UUID, *, clock: Clock) -> None:
    """Have a rate hold no longer, from now on; one that has not begun never does."""
    viewer.require(Permission.SETTINGS_WRITE)
    row, now = session.get(TaxRate, rate_id, with_for_update=True), clock.now()
    if row is None:
        raise NotFound(say("There is nothing here."))
    if row.ends_at is not None and row.ends_at <= now:
        return
    row.ends_at = max(now, row.starts_at)
    session.flush()
    note_action(session, Action("tax_rate.ended", "tax_rate", row.id, viewer.person_id), clock=clock)


def tax_rates(session: Session, viewer: Viewer) -> tuple[TaxRateView, ...]:
    """Return every rate, those that hold or will hold first, the newest first."""
    viewer.require(Permission.SETTINGS_WRITE)
    rows = session.scalars(select(TaxRate).order_by(TaxRate.starts_at.desc(), TaxRate.id.desc())).all()
    views = [TaxRateView(one.id, one.country, one.kind, _rule(one).rate, one.starts_at, one.ends_at) for one in rows]
    return tuple(sorted(views, key=lambda one: one.ends_at is not None))


def tax_rate(
    session: Session, *, person_id: UUID | None, kind: str | None, at: datetime, country: str | None = None
) -> Rate:
    """Return the rate at which a product of `kind` is taxed for this buyer at `at`; `UNTAXED` where none holds.

    `country` is what the buyer said at the checkout; None: that of her invoice details, else the academy's.
    """
    rules = [_rule(one) for one in session.scalars(select(TaxRate))]
    return rate_for(rules, country=country or country_of(session, person_id), kind=kind, at=at)


def _rule(row: TaxRate) -> TaxRule:
    rate = Rate(row.rate_bp, "inclusive" if row.is_inclusive else "exclusive")
    return TaxRule(row.country, row.kind, rate, Period(row.starts_at, row.ends_at))


def _checked(command: MakeTaxRate, *, now: datetime) -> TaxRule:
    faults: dict[str, Sentence] = {}
    country = country_code(command.country) if command.country.strip() else None
    if command.country.strip() and country is None:
        faults["country"] = say("Write the country’s two letters, such as CN.")
    if command.kind and command.kind not in catalog.PRODUCT_KINDS:
        faults["kind"] = say("Please choose one of these.")
    if not 0 <= command.rate.rate_bp <= MOST_BP:
        faults["rate"] = say("A rate is between 0 and 100 percent.")
    starts_at = command.starts_at or now
    if command.ends_at is not None and command.ends_at <= starts_at:
        faults["ends_at"] = say("It has to end after it starts.")
    if faults:
        raise Invalid(faults)
    return TaxRule(country, command.kind or None, command.rate, Period(starts_at, command.ends_at))
