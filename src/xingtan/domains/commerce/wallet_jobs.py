"""The jobs of wallets and credits, and who hears what."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from xingtan.domains.commerce.use_cases.withdrawals import mend_withdrawals
from xingtan.domains.commerce.wallet_letters import MAIL_LOW_WALLET, mail_low_wallet
from xingtan.domains.commerce.wallets.credits import lapse_credits
from xingtan.infra.jobs import Periodic
from xingtan.infra.platform import Platform

MEND_WITHDRAWALS, LAPSE_CREDITS = "commerce.mend_withdrawals", "commerce.lapse_credits"


def _mend(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    mend_withdrawals(session, clock=platform.clock)


def _lapse(session: Session, platform: Platform, _args: Mapping[str, Any]) -> None:
    lapse_credits(session, clock=platform.clock)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {
    MEND_WITHDRAWALS: _mend,
    LAPSE_CREDITS: _lapse,
}
"""Jobs whose effect is rows."""

LONG: Mapping[str, Callable[[Platform, Mapping[str, Any], Any], None]] = {MAIL_LOW_WALLET: mail_low_wallet}
"""Jobs that talk to others; each may run twice."""

PERIODIC: tuple[Periodic, ...] = (
    Periodic(MEND_WITHDRAWALS, timedelta(minutes=10)),
    Periodic(LAPSE_CREDITS, timedelta(hours=1)),
)

HANDLERS: Mapping[str, tuple[str, ...]] = {"commerce.wallet_low": (MAIL_LOW_WALLET,)}
"""Event kind → the jobs of wallets that hear it."""
