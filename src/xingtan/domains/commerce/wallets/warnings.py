"""When the owner of a wallet wants a letter."""

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, say
from xingtan.core.money import CURRENCIES, MAX_MINOR, Money
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.wallets.entries import locked_wallet


def warn_below(session: Session, viewer: Viewer, currency: str, *, amount: Money | None, clock: Clock) -> None:
    """Have a letter written when less than `amount` is left in the viewer's wallet; None: never."""
    if currency not in CURRENCIES:
        raise Invalid.of("currency", say("This currency is not known here."))
    if amount is not None and not (amount.currency == currency and 0 < amount.minor <= MAX_MINOR):
        raise Invalid.of("amount", say("Write an amount above nothing, or nothing for no letter."))
    wallet = locked_wallet(session, viewer.require_person(), currency, clock=clock)
    wallet.warn_below_minor, wallet.warned_at = None if amount is None else amount.minor, None
    session.flush()
