"""Reading wallets: balances, statements line by line, what is left of each top-up, credits, uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.commerce.models import CreditLot, UseCharge, Wallet, WalletEntry
from xingtan.domains.commerce.rules.purses import Purse, Unused, unused
from xingtan.domains.commerce.wallets.entries import movement_of

_LONGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class WalletView:
    """A wallet and what is in it; `warn_below` is when its owner wants a letter (None: never)."""

    id: UUID
    person_id: UUID
    currency: str
    purse: Purse
    warn_below: Money | None

    @property
    def balance(self) -> Money:
        """Return all that can be spent."""
        return self.purse.whole


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of a statement: what moved, and what is there after it."""

    id: UUID
    number: int
    kind: str
    title: str
    moved: Purse
    after: Purse
    source_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """Lines of one wallet, newest first; `next_before` continues behind them, None at the end."""

    wallet: WalletView
    entries: tuple[StatementLine, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class CreditsView:
    """A lot of credits; `is_usable` says whether one can be taken of it now."""

    id: UUID
    order_id: UUID
    product_id: UUID | None
    title: str
    unit: str
    total: int
    taken: int
    created_at: datetime
    ends_at: datetime | None
    is_usable: bool

    @property
    def left(self) -> int:
        """Return how many uses are left."""
        return self.total - self.taken


@dataclass(frozen=True, slots=True)
class UseView:
    """A use that was charged."""

    id: UUID
    person_id: UUID
    product_id: UUID
    unit: str
    subject_id: UUID
    bucket: int
    paid_by: str
    amount: Money
    charged_at: datetime
    reversed_at: datetime | None


def my_wallets(session: Session, viewer: Viewer) -> tuple[WalletView, ...]:
    """Return the viewer's wallets, in the order of their currencies. One query."""
    return _wallets(session, viewer.require_person())


def wallets_of(session: Session, viewer: Viewer, person_id: UUID) -> tuple[WalletView, ...]:
    """Return a person's wallets, for staff who read orders."""
    viewer.require(Permission.ORDERS_READ)
    return _wallets(session, person_id)


def my_statement(
    session: Session, viewer: Viewer, currency: str, *, before: int | None = None, limit: int = 50
) -> Statement:
    """Return the viewer's statement in `currency`, newest first; `NotFound` without such a wallet. Two queries."""
    wallet = next((one for one in my_wallets(session, viewer) if one.currency == currency), None)
    if wallet is None:
        raise NotFound(say("There is no such wallet."))
    limit = max(1, min(limit, _LONGEST_PAGE))
    wanted = select(WalletEntry).where(WalletEntry.wallet_id == wallet.id)
    if before is not None:
        wanted = wanted.where(WalletEntry.number < before)
    rows = session.scalars(wanted.order_by(WalletEntry.number.desc()).limit(limit + 1)).all()
    shown = tuple(_entry(row, currency) for row in rows[:limit])
    return Statement(wallet, shown, shown[-1].number if len(rows) > limit else None)


def whole_statement(session: Session, viewer: Viewer, currency: str) -> tuple[StatementLine, ...]:
    """Return every line of the viewer's statement in `currency`, oldest first."""
    wanted = select(WalletEntry).join(Wallet, Wallet.id == WalletEntry.wallet_id)
    wanted = wanted.where(Wallet.person_id == viewer.require_person(), Wallet.currency == currency)
    return tuple(_entry(row, currency) for row in session.scalars(wanted.order_by(WalletEntry.number)))


def top_ups_left(session: Session, wallet: Wallet) -> tuple[Unused, ...]:
    """Return what is left of each top-up of the wallet, oldest first: a replay of all its entries."""
    rows = session.scalars(select(WalletEntry).where(WalletEntry.wallet_id == wallet.id).order_by(WalletEntry.number))
    return unused(movement_of(row, wallet.currency) for row in rows)


def my_credits(session: Session, viewer: Viewer, *, at: datetime) -> tuple[CreditsView, ...]:
    """Return the viewer's credits, those that can still be used first, then the newest."""
    rows = session.scalars(select(CreditLot).where(CreditLot.person_id == viewer.require_person())).all()
    found = [_credits(row, at) for row in rows]
    return tuple(sorted(found, key=lambda one: (not one.is_usable, -one.created_at.timestamp(), one.id)))


def credits_left(session: Session, person_id: UUID, *, unit: str, product_id: UUID, at: datetime) -> int:
    """Return how many uses of the product the person has bought and not taken."""
    rows = session.scalars(select(CreditLot).where(CreditLot.person_id == person_id, CreditLot.unit == unit)).all()
    views = [_credits(row, at) for row in rows if row.product_id in (None, product_id)]
    return sum(one.left for one in views if one.is_usable)


def my_uses(
    session: Session, viewer: Viewer, *, product_id: UUID | None = None, limit: int = 50
) -> tuple[UseView, ...]:
    """Return what the viewer was charged for, newest first."""
    return _uses(session, viewer.require_person(), product_id, limit)


def uses_of(session: Session, viewer: Viewer, person_id: UUID, *, limit: int = 50) -> tuple[UseView, ...]:
    """Return what a person was charged for, newest first, for staff who read orders."""
    viewer.require(Permission.ORDERS_READ)
    return _uses(session, person_id, None, limit)


def uses_in_full(session: Session, viewer: Viewer) -> tuple[UseView, ...]:
    """Return all that the viewer was ever charged for, oldest first."""
    mine = select(UseCharge).where(UseCharge.person_id == viewer.require_person())
    return tuple(map(_use, session.scalars(mine.order_by(UseCharge.charged_at, UseCharge.id))))


def minutes_charged(session: Session, person_id: UUID, lesson_id: UUID) -> int:
    """Return how many minutes of a lesson the person has paid for."""
    wanted = select(func.count()).where(
        UseCharge.person_id == person_id, UseCharge.unit == "minute", UseCharge.subject_id == lesson_id,
        UseCharge.reversed_at.is_(None),
    )  # fmt: skip
    return int(session.scalar(wanted) or 0)


def _uses(session: Session, person_id: UUID, product_id: UUID | None, limit: int) -> tuple[UseView, ...]:
    wanted = select(UseCharge).where(UseCharge.person_id == person_id)
    if product_id is not None:
        wanted = wanted.where(UseCharge.product_id == product_id)
    newest = wanted.order_by(UseCharge.charged_at.desc(), UseCharge.id.desc())
    return tuple(map(_use, session.scalars(newest.limit(max(1, min(limit, _LONGEST_PAGE))))))


def _wallets(session: Session, person_id: UUID) -> tuple[WalletView, ...]:
    wanted = select(Wallet, WalletEntry.balance_minor, WalletEntry.bonus_balance_minor)
    newest = (WalletEntry.wallet_id == Wallet.id) & (WalletEntry.number == Wallet.entries)
    rows: Sequence[tuple[Wallet, int | None, int | None]] = session.execute(
        wanted.outerjoin(WalletEntry, newest).where(Wallet.person_id == person_id).order_by(Wallet.currency)
    ).all()
    return tuple(_wallet(row, paid or 0, bonus or 0) for row, paid, bonus in rows)


def _wallet(row: Wallet, paid: int, bonus: int) -> WalletView:
    line = None if row.warn_below_minor is None else Money(row.warn_below_minor, row.currency)
    purse = Purse(Money(paid, row.currency), Money(bonus, row.currency))
    return WalletView(row.id, row.person_id, row.currency, purse, line)


def _entry(row: WalletEntry, currency: str) -> StatementLine:
    moved = Purse(Money(row.amount_minor, currency), Money(row.bonus_minor, currency))
    after = Purse(Money(row.balance_minor, currency), Money(row.bonus_balance_minor, currency))
    return StatementLine(row.id, row.number, row.kind, row.title, moved, after, row.source_id, row.at)


def _credits(row: CreditLot, at: datetime) -> CreditsView:
    is_over = row.ended_at is not None or (row.ends_at is not None and row.ends_at <= at)
    return CreditsView(
        row.id, row.order_id, row.product_id, row.title, row.unit, row.total, row.taken, row.created_at, row.ends_at,
        is_usable=not is_over and row.taken < row.total,
    )  # fmt: skip


def _use(row: UseCharge) -> UseView:
    return UseView(
        row.id, row.person_id, row.product_id, row.unit, row.subject_id, row.bucket,
        "wallet" if row.lot_id is None else "credits", Money(row.amount_minor, row.currency), row.charged_at,
        row.reversed_at,
    )  # fmt: skip
