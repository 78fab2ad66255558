"""What is not decided yet, read by staff: payments that wait or do not match, refunds under way, disputes.

And each provider's sums beside the books.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce.machines import OPEN_REFUND
from xingtan.domains.commerce.models import Dispute, Payment, Refund, SalesOrder
from xingtan.domains.commerce.money_in import WALLET

OPEN_PAYMENTS = ("held", "unknown", "surplus", "started", "pending")
"""States in which a payment is not decided, those that need a person first."""
UNDECIDED_REFUNDS = (*OPEN_REFUND, "failed")
_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment that is not decided. `ask_at`: when its provider is asked again by itself."""

    id: UUID
    number: str
    provider: str
    state: str
    amount: Money
    received: Money | None
    created_at: datetime
    ask_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund in a list. `is_by_buyer`: she asked for it by herself."""

    id: UUID
    number: str
    provider: str
    state: str
    amount: Money
    reason: str
    is_by_buyer: bool
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeView:
    """Money that a buyer's bank took away until it is decided whose it is."""

    id: UUID
    number: str
    provider: str
    state: str
    amount: Money
    opened_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderSum:
    """What a provider holds for the academy in one currency: by its payments (`ours`), and by the books."""

    provider: str
    received: Money
    returned: Money
    disputed: Money
    fees: Money
    in_books: Money

    @property
    def ours(self) -> Money:
        """Return what came, less what went back, is disputed, or was kept as a fee."""
        return self.received - self.returned - self.disputed - self.fees

    @property
    def is_equal(self) -> bool:
        """Say whether payments and books agree."""
        return self.ours == self.in_books


def open_payments(session: Session, viewer: Viewer) -> tuple[OpenPayment, ...]:
    """Return payments that are not decided, those that need a person first, then the oldest."""
    viewer.require(Permission.ORDERS_READ)
    rows = session.execute(
        select(Payment, SalesOrder.number)
        .join(SalesOrder, SalesOrder.id == Payment.order_id)
        .where(Payment.state.in_(OPEN_PAYMENTS))
        .order_by(Payment.created_at)
        .limit(_AT_MOST)
    ).all()
    found = [_open_payment(row, number) for row, number in rows]
    return tuple(sorted(found, key=lambda one: (OPEN_PAYMENTS.index(one.state), one.created_at)))


def _open_payment(row: Payment, number: str) -> OpenPayment:
    received = None if row.received_minor is None else Money(row.received_minor, row.received_currency or row.currency)
    amount = Money(row.amount_minor, row.currency)
    return OpenPayment(row.id, number, row.provider, row.state, amount, received, row.created_at, row.ask_at)


def refunds(session: Session, viewer: Viewer, *, states: Sequence[str] = ()) -> tuple[RefundRow, ...]:
    """Return refunds in these states, or the newest of all; the newest first."""
    viewer.require(Permission.ORDERS_READ)
    wanted = (
        select(Refund, Payment.provider, SalesOrder.number, SalesOrder.person_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(SalesOrder, SalesOrder.id == Refund.order_id)
    )
    if states:
        wanted = wanted.where(Refund.state.in_(states))
    rows = session.execute(wanted.order_by(Refund.created_at.desc(), Refund.id.desc()).limit(_AT_MOST))
    return tuple(
        RefundRow(
            row.id, number, provider, row.state, Money(row.amount_minor, row.currency), row.reason,
            row.requested_by_id == person_id, row.failure_code, row.created_at, row.settled_at,
        )
        for row, provider, number, person_id in rows
    )  # fmt: skip


def disputes(session: Session, viewer: Viewer, *, order_id: UUID | None = None) -> tuple[DisputeView, ...]:
    """Return the disputes of one order or of all: the viewer's own, everybody's for staff; open ones first."""
    wanted = (
        select(Dispute, Payment.provider, SalesOrder.number)
        .join(Payment, Payment.id == Dispute.payment_id)
        .join(SalesOrder, SalesOrder.id == Payment.order_id)
    )
    if order_id is not None:
        wanted = wanted.where(SalesOrder.id == order_id)
    if not viewer.may(Permission.ORDERS_READ):
        wanted = wanted.where(SalesOrder.person_id == viewer.require_person())
    rows = session.execute(wanted.order_by(Dispute.opened_at.desc(), Dispute.id).limit(_AT_MOST)).all()
    found = [
        DisputeView(
            row.id, number, provider, row.state, Money(row.amount_minor, row.currency), row.opened_at, row.decided_at
        )
        for row, provider, number in rows
    ]
    return tuple(sorted(found, key=lambda one: one.state != "open"))


def provider_sums(session: Session, viewer: Viewer) -> tuple[ProviderSum, ...]:
    """Return what each provider holds, by payments and by the books; the wallet, the house's own, is left out."""
    viewer.require(Permission.NUMBERS_READ)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    came = select(
        Payment.provider, Payment.received_currency, func.sum(Payment.received_minor),
        func.sum(Payment.disputed_minor), func.sum(Payment.fee_minor),
    ).where(Payment.received_minor.is_not(None), Payment.provider != WALLET)  # fmt: skip
    for provider, currency, received, disputed, fees in session.execute(
        came.group_by(Payment.provider, Payment.received_currency)
    ):
        sums[provider, currency or ""] = [int(received or 0), 0, int(disputed or 0), int(fees or 0)]
    back = select(Payment.provider, Refund.currency, func.sum(Refund.amount_minor)).join(
        Payment, Payment.id == Refund.payment_id
    )
    gone = back.where(Refund.state == "succeeded", Payment.provider != WALLET)
    for provider, currency, minor in session.execute(gone.group_by(Payment.provider, Refund.currency)):
        sums[provider, currency][1] += int(minor)
    held = {(one.account, one.balance.currency): one.balance for one in books.trial_balance(session, viewer)}
    return tuple(
        _provider_sum(provider, currency, minors=minors, held=held)
        for (provider, currency), minors in sorted(sums.items())
    )


def _provider_sum(
    provider: str, currency: str, *, minors: Sequence[int], held: Mapping[tuple[str, str], Money]
) -> ProviderSum:
    received, returned, disputed, fees = (Money(minor, currency) for minor in minors)
    in_books = held.get((books.provider_account(provider), currency), Money(0, currency))
    return ProviderSum(provider, received, returned, disputed, fees, in_books)
