"""Orders of the past, many at once, as a sample academy has them: placed, paid in the sandbox, perhaps refunded.

1. The rows are those that placing, settling and refunding one by one would have left (a test compares them), the
   sandbox's own books included; states move along the same tables.
2. History is no news: no event tells of it, no letter is written, no notice is sent.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from xingtan.core.errors import Broken
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.domains.books import api as books
from xingtan.domains.commerce.goods import Goods, goods
from xingtan.domains.commerce.machines import ORDER, PAYMENT, REFUND
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder, SandboxPayment
from xingtan.domains.commerce.providers.sandbox import NAME
from xingtan.domains.commerce.rules.numbers import BITS, order_number
from xingtan.domains.commerce.rules.refunds import POLICY
from xingtan.domains.commerce.use_cases.orders import PAYABLE_FOR
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id

_REASON = "buyer_asked"
_NEVER_STARTED = "never_started"
_NUMBERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One product bought at `placed_at`; `paid_at` None: left to expire; `refunded_at`: all of `total` went back."""

    person_id: UUID
    product_id: UUID
    offer_id: UUID
    total: Money
    language: str
    placed_at: datetime
    paid_at: datetime | None
    refunded_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.paid_at is None and not self.total) or (self.refunded_at and not (self.paid_at and self.total)):
            msg = "what is free is paid at once, and only money that came goes back"
            raise Broken(msg)


@dataclass(slots=True)
class _Rows:
    """What is inserted, by table."""

    orders: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    sandbox: list[dict[str, Any]]
    entries: list[books.DatedEntry]
    rights: list[entitlements.PastRight]


def keep_past_orders(session: Session, found: Sequence[PastOrder]) -> tuple[UUID, ...]:
    """Keep orders of the past with all that belongs to them, and return their ids in order."""
    things = {product_id: goods(session, product_id) for product_id in {one.product_id for one in found}}
    rows = _Rows([], [], [], [], [], [], [])
    for one, number in zip(found, _free_numbers(session, len(found)), strict=True):
        _write(rows, one, things[one.product_id], number)
    for table, some in (
        (SalesOrder, rows.orders), (OrderLine, rows.lines), (Payment, rows.payments), (Refund, rows.refunds),
        (SandboxPayment, rows.sandbox),
    ):  # fmt: skip
        if some:
            session.execute(insert(table), some)
    books.post_past(session, rows.entries)
    entitlements.keep_past_rights(session, rows.rights)
    return tuple(row["id"] for row in rows.orders)


def _free_numbers(session: Session, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        wanted = [order_number(secrets.randbits(BITS)) for _ in range(min(_NUMBERS_AT_ONCE, count - len(found)))]
        taken = set(session.scalars(select(SalesOrder.number).where(SalesOrder.number.in_(wanted))))
        found |= dict.fromkeys(number for number in wanted if number not in taken)
    return list(found)


def _write(rows: _Rows, one: PastOrder, thing: Goods, number: str) -> None:
    order_id = new_id()
    rows.orders.append(_order(one, order_id, number))
    rows.lines.append({
        "id": new_id(), "order_id": order_id, "product_id": one.product_id, "offer_id": one.offer_id, "position": 0,
        "title": thing.title, "amount_minor": one.total.minor,
    })  # fmt: skip
    rows.rights += _rights(one, order_id, thing)
    if one.total:
        _pay(rows, one, order_id, f"{number} · {thing.title}", number)


def _order(one: PastOrder, order_id: UUID, number: str) -> dict[str, Any]:
    state = ORDER.after(ORDER.initial, "paid" if one.paid_at else "expired")
    return {
        "id": order_id, "number": number, "person_id": one.person_id,
        "state": ORDER.after(state, "refunded") if one.refunded_at else state, "currency": one.total.currency,
        "total_minor": one.total.minor, "placed_at": one.placed_at, "expires_at": one.placed_at + PAYABLE_FOR,
        "paid_at": one.paid_at, "policy": {"days": POLICY.days, "version": POLICY.version}, "language": one.language,
    }  # fmt: skip


def _rights(one: PastOrder, order_id: UUID, thing: Goods) -> Iterator[entitlements.PastRight]:
    if one.paid_at is None:
        return
    own: entitlements.SourceKind = "order" if one.total else "free"
    given: list[tuple[UUID, entitlements.SourceKind]] = [(one.product_id, own)]
    given += [(part.product_id, "bundle-part") for part in thing.parts]
    for product_id, kind in given:
        yield entitlements.PastRight(
            one.person_id, product_id, kind, order_id, Period(one.paid_at), ended_at=one.refunded_at,
            end_reason="refunded" if one.refunded_at else None,
        )  # fmt: skip


def _pay(rows: _Rows, one: PastOrder, order_id: UUID, description: str, number: str) -> None:
    payment_id, refund_id = new_id(), new_id()
    reference = f"sbx_{secrets.token_urlsafe(18)}" if one.paid_at else None
    rows.payments.append(_payment(one, payment_id, order_id, reference))
    if one.paid_at is None or reference is None:
        return
    rows.entries += _entries(one, order_id, payment_id, refund_id)
    rows.sandbox.append(_sandbox(one, payment_id, refund_id, reference) | {
        "description": description, "return_url": f"/pay/{number}/return",
    })  # fmt: skip
    if one.refunded_at:
        rows.refunds.append({
            "id": refund_id, "order_id": order_id, "payment_id": payment_id,
            "state": REFUND.after(REFUND.initial, "succeeded"), "amount_minor": one.total.minor,
            "currency": one.total.currency, "reason": _REASON, "requested_by_id": None, "failure_code": None,
            "created_at": one.refunded_at, "settled_at": one.refunded_at,
        })  # fmt: skip


def _payment(one: PastOrder, payment_id: UUID, order_id: UUID, reference: str | None) -> dict[str, Any]:
    state = PAYMENT.after(PAYMENT.initial, "succeeded" if one.paid_at else "failed")
    return {
        "id": payment_id, "order_id": order_id, "provider": NAME,
        "state": PAYMENT.after(state, "refunded") if one.refunded_at else state, "amount_minor": one.total.minor,
        "currency": one.total.currency, "provider_reference": reference,
        "redirect_url": f"/sandbox/pay/{reference}" if reference else None,
        "received_minor": one.total.minor if one.paid_at else None,
        "received_currency": one.total.currency if one.paid_at else None,
        "refunding_minor": one.total.minor if one.refunded_at else 0,
        "failure_code": None if one.paid_at else _NEVER_STARTED, "created_at": one.placed_at,
        "updated_at": one.refunded_at or one.paid_at or one.placed_at + PAYABLE_FOR,
        "settled_at": one.paid_at or one.placed_at + PAYABLE_FOR, "ask_at": None,
    }  # fmt: skip


def _sandbox(one: PastOrder, payment_id: UUID, refund_id: UUID, reference: str) -> dict[str, Any]:
    back = one.total.minor if one.refunded_at else 0
    return {
        "reference": reference, "merchant_key": str(payment_id), "state": "succeeded",
        "amount_minor": one.total.minor, "currency": one.total.currency, "paid_minor": one.total.minor,
        "paid_currency": one.total.currency, "refunded_minor": back, "failure_code": None, "challenges": 0,
        "refunds": {f"refund-{refund_id}": back} if back else {}, "created_at": one.placed_at,
    }  # fmt: skip


def _entries(one: PastOrder, order_id: UUID, payment_id: UUID, refund_id: UUID) -> Iterable[books.DatedEntry]:
    ours, sales, back = books.provider_account(NAME), books.SALES, books.REFUNDS
    if one.paid_at:
        lines = (books.Line(ours, one.total), books.Line(sales, -one.total))
        yield books.DatedEntry(one.paid_at, books.Entry(f"payment:{payment_id}", "sale", "order", order_id, lines))
    if one.refunded_at:
        lines = (books.Line(back, one.total), books.Line(ours, -one.total))
        yield books.DatedEntry(one.refunded_at, books.Entry(f"refund:{refund_id}", "refund", "order", order_id, lines))
