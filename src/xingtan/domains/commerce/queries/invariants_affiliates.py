"""What must hold of affiliates and referrals: nothing above its rule, moves that add up, books that say the same."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce.models import (
    Affiliate,
    Commission,
    CommissionMove,
    OrderLine,
    Payout,
    Referral,
    ReferralLink,
    SalesOrder,
    Wallet,
    WalletEntry,
)
from xingtan.domains.commerce.rules.commission import commission


def check(session: Session, *, at: datetime) -> Iterator[str]:  # noqa: ARG001 - as the other checks are called
    """Yield what does not hold of affiliates."""
    yield from _above_the_rule(session)
    yield from _moves_differ(session)
    yield from _books_differ(session)
    yield from _payouts_differ(session)
    yield from _rewards_differ(session)


def _above_the_rule(session: Session) -> Iterator[str]:
    rows = session.execute(
        select(Commission, OrderLine, SalesOrder.person_id, Affiliate.person_id)
        .join(OrderLine, OrderLine.id == Commission.line_id)
        .join(SalesOrder, SalesOrder.id == Commission.order_id)
        .join(Affiliate, Affiliate.id == Commission.affiliate_id)
    )
    for row, line, buyer, affiliate in rows:
        most = commission(line.amount_minor - line.tax_minor, row.rate_bp)
        if row.amount_minor > most or row.reversed_minor > row.amount_minor:
            yield f"M9: commission {row.id} is {row.amount_minor} less {row.reversed_minor}, its rule gives {most}"
        if buyer == affiliate:
            yield f"M9: commission {row.id} is for one's own purchase"


def _moves_differ(session: Session) -> Iterator[str]:
    sums = dict(
        session.execute(
            select(CommissionMove.commission_id, func.sum(CommissionMove.amount_minor))
            .where(CommissionMove.commission_id.is_not(None))
            .group_by(CommissionMove.commission_id)
        ).all()
    )
    for row in session.scalars(select(Commission)):
        if sums.get(row.id, 0) != row.amount_minor - row.reversed_minor:
            yield f"M3: the moves of commission {row.id} add up to {sums.get(row.id, 0)}"


def _books_differ(session: Session) -> Iterator[str]:
    off: dict[tuple[str, str], int] = defaultdict(int)
    for currency, minor in session.execute(
        select(CommissionMove.currency, func.sum(CommissionMove.amount_minor)).group_by(CommissionMove.currency)
    ):
        off[books.AFFILIATES, currency] += int(minor)
    for currency, minor in session.execute(
        select(Commission.currency, func.sum(Commission.amount_minor - Commission.reversed_minor)).group_by(
            Commission.currency
        )
    ):
        off[books.COMMISSION, currency] -= int(minor)
    for one in books.trial_balance(session, SYSTEM):
        if one.account in (books.AFFILIATES, books.COMMISSION):
            off[one.account, one.balance.currency] += one.balance.minor
    yield from (
        f"M3: {account} differs from its rows by {minor} {code}" for (account, code), minor in off.items() if minor
    )


def _payouts_differ(session: Session) -> Iterator[str]:
    taken = dict(
        session.execute(
            select(CommissionMove.payout_id, func.sum(CommissionMove.amount_minor))
            .where(CommissionMove.payout_id.is_not(None), CommissionMove.kind != "payout")
            .group_by(CommissionMove.payout_id)
        ).all()
    )
    for row in session.scalars(select(Payout)):
        wanted = 0 if row.state == "called_off" else row.amount_minor
        if taken.get(row.id, 0) != wanted:
            yield f"M14: payout {row.id} is {row.state} with {row.amount_minor}, its moves say {taken.get(row.id, 0)}"


def _rewards_differ(session: Session) -> Iterator[str]:
    """A reward is in the wallet of whoever sent the friend, once, within its share of the order; never for her own."""
    rows = session.execute(
        select(Referral, ReferralLink.person_id, SalesOrder.person_id, SalesOrder.total_minor)
        .join(ReferralLink, ReferralLink.id == Referral.link_id)
        .join(SalesOrder, SalesOrder.id == Referral.order_id)
    ).all()
    given: dict[UUID, list[tuple[UUID, str, int]]] = defaultdict(list)
    found = (
        select(WalletEntry.source_id, Wallet.person_id, Wallet.currency, WalletEntry.bonus_minor)
        .join(Wallet, Wallet.id == WalletEntry.wallet_id)
        .where(WalletEntry.kind == "given", WalletEntry.source_id.in_([row.id for row, *_ in rows]))
    )
    for source_id, person_id, currency, minor in session.execute(found):
        given[source_id].append((person_id, currency, minor))
    for row, owner_id, buyer_id, total in rows:
        wanted = [(owner_id, row.currency, row.reward_minor)] if row.state == "rewarded" else []
        if given[row.id] != wanted:
            yield f"M9: referral {row.id} is {row.state} with {row.reward_minor}, wallets say {given[row.id]}"
        if owner_id == buyer_id or row.reward_minor > commission(total, row.reward_bp):
            yield f"M9: referral {row.id} gives {row.reward_minor}, or is for one's own purchase"
