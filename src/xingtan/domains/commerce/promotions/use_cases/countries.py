"""Purchasing power: what living in a country takes off every price."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.models import PurchasingPower
from xingtan.domains.commerce.promotions.views import PurchasingPowerView

MOST_BP = 9_000
_COUNTRY = re.compile(r"[A-Z]{2}")


def set_purchasing_power(session: Session, viewer: Viewer, country: str, *, off_bp: int, clock: Clock) -> None:
    """Take `off_bp` of every price off for buyers in `country` (ISO 3166-1 alpha-2); 0 takes the row out."""
    viewer.require(Permission.CATALOG_WRITE)
    if not _COUNTRY.fullmatch(country):
        raise Invalid.of("country", say("A country has two letters, such as IN or BR."))
    if not 0 <= off_bp <= MOST_BP:
        raise Invalid.of("off", say("Write a share from 0 to %(most)s %%.", most=MOST_BP // 100))
    row = session.get(PurchasingPower, country, with_for_update=True)
    if row is not None and not off_bp:
        session.delete(row)
    elif row is not None:
        row.off_bp, row.changed_at = off_bp, clock.now()
    elif off_bp:
        session.add(PurchasingPower(country=country, off_bp=off_bp, changed_at=clock.now()))
    session.flush()
    details = {"country": country, "off_bp": off_bp}
    note_action(session, Action("country.priced", "country", None, viewer.person_id, details), clock=clock)


def purchasing_powers(session: Session) -> tuple[PurchasingPowerView, ...]:
    """Return the table, by country; empty until somebody fills it."""
    rows = session.scalars(select(PurchasingPower).order_by(PurchasingPower.country))
    return tuple(PurchasingPowerView(row.country, row.off_bp) for row in rows)
