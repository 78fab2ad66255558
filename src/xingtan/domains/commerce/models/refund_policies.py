"""The academy's refund rule. 1. A version never changes: a new rule is a new row, and orders keep theirs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xingtan.infra.db import Base


class RefundRule(Base):
    """One version of the rule: all of it back within `days`, while at most `most_completed_bp` of it was learned."""

    __tablename__ = "refund_rule"
    __table_args__ = (
        CheckConstraint("days >= 0 AND days <= 365", name="days"),
        CheckConstraint("most_completed_bp >= 0 AND most_completed_bp <= 10000", name="most_completed_bp"),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[int]
    most_completed_bp: Mapped[int]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None]
