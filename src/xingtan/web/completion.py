"""How much of an order has been learned: asked of learning, told to commerce as a number."""

from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.domains.commerce import api as commerce
from xingtan.domains.learning import api as learning

_WHOLE_BP = 10_000


def completed_bp(session: Session, person_id: UUID, order: commerce.OrderView) -> int:
    """Return the share of lessons done of that line of which most is done, in basis points, rounded up."""
    return max((_of_product(session, person_id, one) for one in order.product_ids), default=0)


def _of_product(session: Session, person_id: UUID, product_id: UUID) -> int:
    gives = commerce.goods(session, product_id).gives
    found = learning.product_progress(session, person_id, gives).values()
    lessons, done = sum(one.lesson_count for one in found), sum(one.done_count for one in found)
    return -(-done * _WHOLE_BP // lessons) if lessons else 0
