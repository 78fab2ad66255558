"""Refunds, their rule, disputes and undecided payments, as programs read and write them."""

from typing import Annotated

from pydantic import Field

from xingtan.domains.commerce import api as commerce
from xingtan.web.api.fields import Amount, At, In, Out, PaymentId, RefundId, Whole


class RefundRule(Out):
    """Within how many days a buyer has all of it back by herself, while at most so much of it is completed."""

    version: int
    days: int
    most_completed_bp: int

    @classmethod
    def of(cls, policy: commerce.RefundPolicy) -> "RefundRule":
        """Return the rule as programs read it."""
        return cls(version=policy.version, days=policy.days, most_completed_bp=policy.most_completed_bp)


class RefundRuleIn(In):
    """A rule for orders from now on."""

    days: Annotated[Whole, Field(ge=0, le=365)]
    most_completed_bp: Annotated[Whole, Field(ge=0, le=10_000)]


class RefundSummary(Out):
    """A refund as lists show it; `is_by_buyer`: she had it by the rule."""

    id: RefundId
    order: str
    provider: str
    state: str
    amount: Amount
    reason: str
    is_by_buyer: bool
    failure_code: str | None
    created_at: At
    settled_at: At | None

    @classmethod
    def of(cls, row: commerce.RefundRow) -> "RefundSummary":
        """Return the refund as lists show it."""
        return cls(
            id=row.id, order=row.number, provider=row.provider, state=row.state, amount=Amount.of(row.amount),
            reason=row.reason, is_by_buyer=row.is_by_buyer, failure_code=row.failure_code, created_at=row.created_at,
            settled_at=row.settled_at,
        )  # fmt: skip


class DisputeOut(Out):
    """Money that a buyer's bank took away until it is decided whose it is."""

    order: str
    provider: str
    state: str
    amount: Amount
    opened_at: At
    decided_at: At | None

    @classmethod
    def of(cls, one: commerce.DisputeView) -> "DisputeOut":
        """Return the dispute as programs read it."""
        return cls(
            order=one.number, provider=one.provider, state=one.state, amount=Amount.of(one.amount),
            opened_at=one.opened_at, decided_at=one.decided_at,
        )  # fmt: skip


class OpenPayment(Out):
    """A payment that is not decided."""

    id: PaymentId
    order: str
    provider: str
    state: str
    amount: Amount
    received: Amount | None
    created_at: At
    ask_at: At | None

    @classmethod
    def of(cls, one: commerce.OpenPayment) -> "OpenPayment":
        """Return the payment as programs read it."""
        return cls(
            id=one.id, order=one.number, provider=one.provider, state=one.state, amount=Amount.of(one.amount),
            received=Amount.of_any(one.received), created_at=one.created_at, ask_at=one.ask_at,
        )  # fmt: skip


class Asked(Out):
    """About how much providers were asked, and how often there was no answer."""

    asked: int
    unanswered: int


class ProviderSumOut(Out):
    """What a provider holds, by its payments and by the books; both say the same, or something is wrong."""

    provider: str
    received: Amount
    returned: Amount
    disputed: Amount
    fees: Amount
    by_payments: Amount
    by_books: Amount
    is_equal: bool

    @classmethod
    def of(cls, one: commerce.ProviderSum) -> "ProviderSumOut":
        """Return the sums as programs read them."""
        return cls(
            provider=one.provider, received=Amount.of(one.received), returned=Amount.of(one.returned),
            disputed=Amount.of(one.disputed), fees=Amount.of(one.fees), by_payments=Amount.of(one.ours),
            by_books=Amount.of(one.in_books), is_equal=one.is_equal,
        )  # fmt: skip
