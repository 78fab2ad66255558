"""Paying per use: each use is charged once, by a credit where there is one, else from the wallet."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, NotFound, say
from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.books import api as books
from xingtan.domains.commerce.events import UseCharged, UseReversed
from xingtan.domains.commerce.models import UseCharge, Wallet, WalletEntry
from xingtan.domains.commerce.rules.purses import Purse, spend
from xingtan.domains.commerce.rules.tax import Rate, Taxed, tax_of
from xingtan.domains.commerce.views import OfferView
from xingtan.domains.commerce.wallets.credits import oldest_lot, put_back, take_one
from xingtan.domains.commerce.wallets.entries import NewEntry, add_entry, locked_wallet, purse_of
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit

LESSON_UNITS = ("lesson", "minute")
"""Units whose use opens a lesson."""


@dataclass(frozen=True, slots=True)
class UseOne:
    """One use: whose, by which offer, of what (a lesson, a question), which minute of it, and the tax on it.

    `title` stands in her statement.
    """

    person_id: UUID
    offer: OfferView
    subject_id: UUID
    title: str
    rate: Rate
    bucket: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """A use that is paid for: by ``credits`` or ``wallet``, for how much; `is_new` is False when it was paid before."""

    id: UUID
    paid_by: str
    amount: Money
    is_new: bool


def use_one(session: Session, command: UseOne, *, clock: Clock) -> Used:
    """Charge one use, or return how it was paid before. `NotEnough` when neither credits nor wallet suffice.

    A lesson, or a minute of one, gives the right to open it.
    """
    offer, unit = command.offer, str(command.offer.terms["unit"])
    assert offer.product_id is not None  # noqa: S101 - what is paid per use belongs to a product
    known = session.scalar(
        select(UseCharge).where(
            UseCharge.person_id == command.person_id, UseCharge.unit == unit,
            UseCharge.subject_id == command.subject_id, UseCharge.bucket == command.bucket,
            UseCharge.reversed_at.is_(None),
        )
    )  # fmt: skip
    if known is not None:
        _open(session, known, clock=clock)
        return _used(known, is_new=False)
    row = UseCharge(
        id=new_id(), person_id=command.person_id, product_id=offer.product_id, offer_id=offer.id, unit=unit,
        subject_id=command.subject_id, bucket=command.bucket, lot_id=None, wallet_entry_id=None,
        currency=offer.price.currency, amount_minor=0, tax_minor=0, charged_at=clock.now(), reversed_at=None,
    )  # fmt: skip
    lot = oldest_lot(session, command.person_id, unit=unit, product_id=offer.product_id, at=clock.now())
    if lot is None:
        _charge_wallet(session, row, command, clock=clock)
    else:
        earned = take_one(session, lot)
        row.lot_id, row.currency, row.amount_minor = lot.id, earned.currency, earned.minor
        _post(session, row, [(books.CREDITS, earned), (books.SALES, -earned)], clock=clock)
    session.add(row)
    session.flush()
    _open(session, row, clock=clock)
    news = UseCharged(row.id, row.person_id, row.product_id, row.unit, Money(row.amount_minor, row.currency))
    emit(session, news, at=clock.now())
    return _used(row, is_new=True)


def reverse_use(session: Session, viewer: Viewer, use_id: UUID, *, clock: Clock) -> Money:
    """Take a use back, for staff: its right ends, the credit or the money is there again. Return what it had cost."""
    viewer.require(Permission.ORDERS_REFUND)
    row = session.get(UseCharge, use_id, with_for_update=True)
    if row is None:
        raise NotFound(say("There is nothing here."))
    if row.reversed_at is not None:
        raise Conflict(say("This has been given back already."))
    row.reversed_at, amount = clock.now(), Money(row.amount_minor, row.currency)
    if row.wallet_entry_id is not None:
        _return_to_wallet(session, row, clock=clock)
    elif row.lot_id is not None and put_back(session, row.lot_id, amount, clock=clock):
        _post_back(session, row, [(books.REFUNDS, amount), (books.CREDITS, -amount)], clock=clock)
    else:
        raise Conflict(say("These credits have ended, so nothing can be put back."))
    if row.unit in LESSON_UNITS:
        entitlements.end_part(session, row.person_id, row.subject_id, reason="reversed", clock=clock)
    emit(session, UseReversed(row.id, row.person_id, row.product_id, amount), at=clock.now())
    details = {"minor": amount.minor, "currency": amount.currency, "unit": row.unit}
    note_action(session, Action("use.reversed", "use", row.id, viewer.person_id, details), clock=clock)
    return amount


def _charge_wallet(session: Session, row: UseCharge, command: UseOne, *, clock: Clock) -> None:
    taxed = taxed_price(command.offer.price, command.rate)
    wallet = locked_wallet(session, command.person_id, taxed.gross.currency, clock=clock)
    taken = spend(purse_of(session, wallet), taxed.gross)
    new = NewEntry("used", -taken, f"use:{row.id}", command.title, row.id, None)
    row.wallet_entry_id = add_entry(session, wallet, new, clock=clock).id
    row.amount_minor, row.tax_minor = taxed.gross.minor, taxed.tax.minor
    shares = [
        (books.WALLET, taken.paid),
        (books.BONUS, taken.bonus),
        (books.SALES, -taxed.net),
        (books.TAX, -taxed.tax),
    ]
    _post(session, row, shares, clock=clock)


def taxed_price(price: Money, rate: Rate) -> Taxed:
    """Return what one use costs with its tax."""
    return tax_of(price, rate.rate_bp, rate.mode)


def _return_to_wallet(session: Session, row: UseCharge, *, clock: Clock) -> None:
    spent = session.get_one(WalletEntry, row.wallet_entry_id)
    wallet = session.get_one(Wallet, spent.wallet_id, with_for_update=True, populate_existing=True)
    back = Purse(Money(-spent.amount_minor, wallet.currency), Money(-spent.bonus_minor, wallet.currency))
    new = NewEntry("returned", back, f"use-back:{row.id}", spent.title, row.id, None)
    add_entry(session, wallet, new, clock=clock)
    tax = Money(row.tax_minor, wallet.currency)
    shares = [
        (books.REFUNDS, back.whole - tax),
        (books.TAX, tax),
        (books.WALLET, -back.paid),
        (books.BONUS, -back.bonus),
    ]
    _post_back(session, row, shares, clock=clock)


def _open(session: Session, row: UseCharge, *, clock: Clock) -> None:
    if row.unit in LESSON_UNITS:
        given = entitlements.PartGrant(row.person_id, row.product_id, row.subject_id, row.id)
        entitlements.grant_part(session, given, clock=clock)


def _post(session: Session, row: UseCharge, shares: list[tuple[str, Money]], *, clock: Clock) -> None:
    _write(session, f"use:{row.id}", "use", row, shares, clock=clock)


def _post_back(session: Session, row: UseCharge, shares: list[tuple[str, Money]], *, clock: Clock) -> None:
    _write(session, f"use-back:{row.id}", "use_back", row, shares, clock=clock)


def _write(
    session: Session, key: str, memo: str, row: UseCharge, shares: list[tuple[str, Money]], *, clock: Clock
) -> None:
    lines = tuple(books.Line(account, amount) for account, amount in shares if amount)
    if lines:
        books.post(session, books.Entry(key, memo, "use", row.id, lines), clock=clock)


def _used(row: UseCharge, *, is_new: bool) -> Used:
    paid_by = "wallet" if row.lot_id is None else "credits"
    return Used(row.id, paid_by, Money(row.amount_minor, row.currency), is_new)
