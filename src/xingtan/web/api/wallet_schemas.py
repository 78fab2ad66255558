"""Wallets, credits and uses as programs read and write them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from xingtan.domains.commerce import api as commerce
from xingtan.web.api.fields import Amount, AmountIn, At, In, LessonId, LotId, OrderId, Out, ProductId, UseId

Unit = Literal["lesson", "minute", "question"]


class WalletOut(Out):
    """A wallet: all that can be spent, and how much of that is bonus. `warn_below`: when a letter is written."""

    currency: str
    balance: Amount
    bonus: Amount
    warn_below: Amount | None

    @classmethod
    def of(cls, wallet: commerce.WalletView) -> "WalletOut":
        """Return the wallet as programs read it."""
        return cls(
            currency=wallet.currency, balance=Amount.of(wallet.balance), bonus=Amount.of(wallet.purse.bonus),
            warn_below=Amount.of_any(wallet.warn_below),
        )  # fmt: skip


class WalletEntry(Out):
    """A line of a statement: what moved of paid money and of bonus, and all that was there after it."""

    number: int
    kind: str
    title: str
    paid: Amount
    bonus: Amount
    balance: Amount
    at: At

    @classmethod
    def of(cls, line: commerce.StatementLine) -> "WalletEntry":
        """Return the line as programs read it."""
        return cls(
            number=line.number, kind=line.kind, title=line.title, paid=Amount.of(line.moved.paid),
            bonus=Amount.of(line.moved.bonus), balance=Amount.of(line.after.whole), at=line.at,
        )  # fmt: skip


class WithdrawIn(In):
    """How much goes back; without it all that can."""

    amount: AmountIn | None = None


class WithdrawalOut(Out):
    """What goes back to one order's payment, and the bonus that goes with it."""

    order_id: OrderId
    order_number: str
    provider: str
    amount: Amount
    bonus: Amount

    @classmethod
    def of(cls, part: commerce.WithdrawalPart) -> "WithdrawalOut":
        """Return the part as programs read it."""
        return cls(
            order_id=part.order_id, order_number=part.order_number, provider=part.provider,
            amount=Amount.of(part.amount), bonus=Amount.of(part.bonus),
        )  # fmt: skip


class CreditsOut(Out):
    """A lot of credits, of one product or (null) of any."""

    id: LotId
    order_id: OrderId
    product_id: ProductId | None
    title: str
    unit: str
    total: int
    left: int
    is_usable: bool
    ends_at: At | None

    @classmethod
    def of(cls, lot: commerce.CreditsView) -> "CreditsOut":
        """Return the lot as programs read it."""
        return cls(
            id=lot.id, order_id=lot.order_id, product_id=lot.product_id, title=lot.title, unit=lot.unit,
            total=lot.total, left=lot.left, is_usable=lot.is_usable, ends_at=lot.ends_at,
        )  # fmt: skip


class UseIn(In):
    """Which lesson is to be opened; for one that is paid by the minute, how far the reader is."""

    lesson: LessonId
    fraction: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0


class UseOut(Out):
    """A use that is paid for. `is_new` is false when it was paid before."""

    id: UseId
    paid_by: Literal["credits", "wallet"]
    amount: Amount
    is_new: bool

    @classmethod
    def of(cls, used: commerce.Used) -> "UseOut":
        """Return the use as programs read it."""
        paid_by: Literal["credits", "wallet"] = "credits" if used.paid_by == "credits" else "wallet"
        return cls(id=used.id, paid_by=paid_by, amount=Amount.of(used.amount), is_new=used.is_new)


class UseLine(Out):
    """A use that was charged; `subject_id` is the lesson's or question's own id, `bucket` the minute of it."""

    id: UseId
    product_id: ProductId
    unit: str
    subject_id: UUID
    bucket: int
    paid_by: str
    amount: Amount
    charged_at: At
    reversed_at: At | None

    @classmethod
    def of(cls, use: commerce.UseView) -> "UseLine":
        """Return the use as programs read it."""
        return cls(
            id=use.id, product_id=use.product_id, unit=use.unit, subject_id=use.subject_id, bucket=use.bucket,
            paid_by=use.paid_by, amount=Amount.of(use.amount), charged_at=use.charged_at, reversed_at=use.reversed_at,
        )  # fmt: skip
