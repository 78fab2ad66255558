"""The letter that says that a wallet is running low, in both languages."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.money import Money
from xingtan.domains.commerce.letter_paper import Note, hello, write_note
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import compose
from xingtan.infra.platform import Platform

MAIL_LOW_WALLET = "commerce.mail_low_wallet"

_WORDS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "zh": (
        "{academy}：钱包余额不多了",
        ("您的钱包里还有 {balance}。", "想继续按次学习，可以先充值；提醒的金额，也可以在钱包页面里改或者关掉。"),
        "打开钱包",
    ),
    "en": (
        "{academy}: your wallet is running low",
        (
            "There is {balance} left in your wallet.",
            "To go on learning lesson by lesson you can top it up. There you also decide when this letter comes.",
        ),
        "Open the wallet",
    ),
}


def mail_low_wallet(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail the owner of a wallet that little is left. A second run is the same letter."""
    event = args["event"]
    balance = Money(event["balance"]["minor"], event["balance"]["currency"])
    try:
        to, academy, language = platform.database.read(lambda session: _facts(session, platform, event["person_id"]))
    except NotFound:  # the account is closed: nobody to write to
        return
    subject, lines, button = _WORDS[language]
    facts = {"academy": academy, "balance": f"{balance.major()} {balance.currency}"}
    note = Note(
        to=to.email, subject=subject.format_map(facts), language=language,
        lines=(hello(to.name, language), *(line.format_map(facts) for line in lines)), button=button,
        url=f"{platform.settings.effective_base_url}/{language}/wallet", academy=academy,
    )  # fmt: skip
    message_id = f"low-wallet-{event['entry_id']}"
    platform.mailer.send(
        compose(write_note(note), platform.settings.mail_from, clock=platform.clock, message_id=message_id)
    )


def _facts(session: Session, platform: Platform, person_id: str) -> tuple[identity.MailAddress, str, str]:
    to = identity.mail_address(session, UUID(person_id), vault=platform.vault)
    language = to.language if to.language in _WORDS else "en"
    academy = identity.academy(session)
    return to, academy.name_in(language) if academy else "Xingtan", language
