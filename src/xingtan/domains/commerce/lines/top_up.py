"""Money that is paid ahead: a wallet grows by it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.money import Money
from xingtan.domains.books import api as books
from xingtan.domains.commerce.lines.kinds import PaidLine, Shares, Wish
from xingtan.domains.commerce.machines import WITHDRAWAL
from xingtan.domains.commerce.models import Wallet, Withdrawal
from xingtan.domains.commerce.rules.purses import Purse, Unused, lapsing_bonus, take_at_most, warning_line
from xingtan.domains.commerce.rules.quoting import NewLine
from xingtan.domains.commerce.wallets.entries import NewEntry, add_entry, locked_wallet, purse_of
from xingtan.domains.commerce.wallets.statements import top_ups_left


class TopUp:
    """The wallet gets what was paid, and as a bonus what the pack promises and what a reduction took off its price."""

    def earn(self, _session: Session, paid: PaidLine, /) -> Shares:
        """Nothing is earned: it is the buyer's, in our hands."""
        return [(books.WALLET, paid.net)]

    def unearn(self, session: Session, paid: PaidLine, net: Money, /, *, clock: Clock) -> Shares:
        """What a withdrawal took out before is on its way; anything else is taken out now, as far as it is there.

        What she has used already is gone from the wallet: that part of a refund is the academy's loss.
        """
        if _arrive(session, paid, net, clock=clock):
            return [(books.WALLET, net)]
        wallet = locked_wallet(session, paid.order.person_id, net.currency, clock=clock)
        moved = Purse(take_at_most(purse_of(session, wallet), net), _lapsing(session, wallet, paid, net))
        if moved.whole:
            key = f"taken-back:{paid.line.id}:{paid.line.returned_minor}"
            new = NewEntry("taken_back", -moved, key, paid.line.title, paid.order.id, books.REWARD_COSTS)
            add_entry(session, wallet, new, clock=clock)
        taken = moved.paid
        shares = [(books.WALLET, taken), (books.REFUNDS, net - taken)]
        return [(account, amount) for account, amount in shares if amount]

    def is_wanted(self, _session: Session, _paid: PaidLine, /, *, at: datetime) -> bool:  # noqa: ARG002
        """Money ahead is always welcome."""
        return True

    def fulfil(self, session: Session, paid: PaidLine, /, *, clock: Clock) -> None:
        """Put the money and the bonus in."""
        wallet = locked_wallet(session, paid.order.person_id, paid.order.currency, clock=clock)
        if not wallet.entries:
            wallet.warn_below_minor = warning_line(paid.net)
        moved = _whole(paid)
        if moved.whole:
            new = NewEntry(
                "top_up", moved, f"top-up:{paid.line.id}", paid.line.title, paid.order.id, books.REWARD_COSTS
            )
            add_entry(session, wallet, new, clock=clock)

    def revoke(self, session: Session, paid: PaidLine, /, *, reason: str, clock: Clock) -> None:
        """Nothing is left to end: each return took its part out of the wallet."""


def offered(_session: Session, wish: Wish) -> NewLine:
    """Return the line for a top-up."""
    terms = wish.offer.terms
    return NewLine(
        "top_up", str(terms["title"]), wish.offer.price, offer_id=wish.offer.id,
        facts={"bonus_minor": int(terms.get("bonus_minor", 0))},
    )  # fmt: skip


def _arrive(session: Session, paid: PaidLine, net: Money, *, clock: Clock) -> bool:
    """Note that a withdrawal of this order arrived; False when `net` is none of one."""
    wanted = select(Withdrawal).where(
        Withdrawal.order_id == paid.order.id, Withdrawal.state == "open", Withdrawal.amount_minor == net.minor
    )
    row = session.scalar(wanted.order_by(Withdrawal.id).limit(1).with_for_update())
    if row is None:
        return False
    row.state, row.settled_at = WITHDRAWAL.after(row.state, "arrived"), clock.now()
    session.flush()
    return True


def _whole(paid: PaidLine) -> Purse:
    bonus = int(paid.line.facts.get("bonus_minor", 0)) + paid.line.discount_minor
    return Purse(paid.net, Money(bonus, paid.order.currency))


def _lapsing(session: Session, wallet: Wallet, paid: PaidLine, net: Money) -> Money:
    """Return how much of its bonus goes with `net` of a top-up, whether or not that money is still there."""
    left = next((lot.left for lot in top_ups_left(session, wallet) if lot.source_id == paid.order.id), None)
    if left is None:
        return Money(0, net.currency)
    return lapsing_bonus(Unused(paid.order.id, left, _whole(paid)), net)
