"""Money that leaves an order again, line by line: what the books take back, what the buyer loses with it.

Refunds and lost disputes share this. The caller has locked order and payment, and posts nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce import reservations
from xingtan.domains.commerce.events import LineRefunded
from xingtan.domains.commerce.lines import LINES
from xingtan.domains.commerce.lines.kinds import PaidLine
from xingtan.domains.commerce.models import RefundLine, SalesOrder
from xingtan.domains.commerce.rules.refunds import tax_within, which_lines
from xingtan.domains.commerce.use_cases.fulfilment import paid_lines
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


@dataclass(frozen=True, slots=True)
class Return:
    """An amount that leaves an order; `line_id` None: all lines in proportion. It is a refund's, or a dispute's."""

    amount: Money
    reason: str
    line_id: UUID | None = None
    refund_id: UUID | None = None
    dispute_id: UUID | None = None


def take_out(session: Session, order: SalesOrder, back: Return, *, clock: Clock) -> tuple[books.Line, ...]:
    """Note what leaves which line, end what a line gave once all of it is gone, and return what the books debit.

    When the whole order is gone, lines that were free end too, and what the order used is released.
    """
    lines = paid_lines(session, order)
    left = [paid.line.amount_minor - paid.line.returned_minor for paid in lines]
    parts = which_lines(left, back.amount.minor, only=_place(lines, back.line_id))
    debits: list[books.Line] = []
    for paid, part in zip(lines, parts, strict=True):
        if part:
            debits += _take(session, paid, Money(part, order.currency), back, clock=clock)
    is_gone = all(paid.line.returned_minor == paid.line.amount_minor for paid in lines)
    for paid, part in zip(lines, parts, strict=True):
        is_last = part and paid.line.returned_minor == paid.line.amount_minor
        if is_last or (is_gone and not paid.line.amount_minor):
            LINES[paid.line.kind].revoke(session, paid, reason=back.reason, clock=clock)
    if is_gone:
        reservations.release(session, order.id)
    session.flush()
    return tuple(debits)


def _place(lines: Sequence[PaidLine], line_id: UUID | None) -> int | None:
    return None if line_id is None else next(n for n, paid in enumerate(lines) if paid.line.id == line_id)


def _take(session: Session, paid: PaidLine, part: Money, back: Return, *, clock: Clock) -> list[books.Line]:
    line = paid.line
    tax = tax_within(line.amount_minor, line.tax_minor, returned=line.returned_minor, part=part.minor)
    tax -= line.returned_tax_minor
    line.returned_minor += part.minor
    line.returned_tax_minor += tax
    session.add(
        RefundLine(
            id=new_id(), refund_id=back.refund_id, dispute_id=back.dispute_id, line_id=line.id,
            amount_minor=part.minor, tax_minor=tax,
        )
    )  # fmt: skip
    net = Money(part.minor - tax, part.currency)
    shares = LINES[line.kind].unearn(session, paid, net, clock=clock) if net else ()
    is_full = line.returned_minor == line.amount_minor
    news = LineRefunded(paid.order.id, line.id, paid.order.person_id, line.product_id, part, is_full)
    emit(session, news, at=clock.now())
    debits = [books.Line(account, amount) for account, amount in shares if amount]
    return debits + ([books.Line(books.TAX, Money(tax, part.currency))] if tax else [])
