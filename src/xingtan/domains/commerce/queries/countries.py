"""Whether it matters where a buyer lives: asked at the checkout only where something depends on it."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from xingtan.domains.commerce.documents.models import TaxRate
from xingtan.domains.commerce.models import PurchasingPower


def asks_country(session: Session) -> bool:
    """Say whether a price or a tax depends on the buyer's country. One query."""
    depends = or_(exists().where(TaxRate.country.is_not(None)), exists().where(PurchasingPower.off_bp > 0))
    return bool(session.scalar(select(depends)))
