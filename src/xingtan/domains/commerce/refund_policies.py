"""The refund rule of today, as the creator set it; the one of the first day until she does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.events import RefundPolicyChanged
from xingtan.domains.commerce.models import RefundRule
from xingtan.domains.commerce.rules.refunds import POLICY
from xingtan.domains.commerce.views import RefundPolicy
from xingtan.infra.outbox import emit

MOST_DAYS = 365
_WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version of the rule, and since when it holds; None: from the first day."""

    policy: RefundPolicy
    since: datetime | None


def refund_policy(session: Session) -> RefundPolicy:
    """Return the rule under which an order is placed now. One query."""
    row = session.scalar(select(RefundRule).order_by(RefundRule.version.desc()).limit(1))
    return POLICY if row is None else _policy(row)


def refund_policies(session: Session, viewer: Viewer) -> tuple[PolicyVersion, ...]:
    """Return every version of the rule, the newest first."""
    viewer.require(Permission.ORDERS_READ)
    rows = session.scalars(select(RefundRule).order_by(RefundRule.version.desc()))
    return (*(PolicyVersion(_policy(row), row.created_at) for row in rows), PolicyVersion(POLICY, None))


def set_refund_policy(
    session: Session, viewer: Viewer, *, days: int, most_completed_bp: int, clock: Clock
) -> RefundPolicy:
    """Have a rule hold for orders from now on, and return it; those placed before keep theirs."""
    viewer.require(Permission.SETTINGS_WRITE)
    faults: dict[str, Sentence] = {}
    if not 0 <= days <= MOST_DAYS:
        faults["days"] = say("A number of days between 0 and 365.")
    if not 0 <= most_completed_bp <= _WHOLE_BP:
        faults["most_completed"] = say("A share between 0 and 100 percent.")
    if faults:
        raise Invalid(faults)
    last = refund_policy(session)
    if (last.days, last.most_completed_bp) == (days, most_completed_bp):
        return last
    row = RefundRule(
        version=last.version + 1, days=days, most_completed_bp=most_completed_bp, created_at=clock.now(),
        created_by_id=viewer.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    made = _policy(row)
    note_action(session, Action("refund_policy.set", "refund_rule", None, viewer.person_id, made.as_row()), clock=clock)
    emit(session, RefundPolicyChanged(made.version), at=clock.now())
    return made


def _policy(row: RefundRule) -> RefundPolicy:
    return RefundPolicy(row.days, row.version, row.most_completed_bp)
