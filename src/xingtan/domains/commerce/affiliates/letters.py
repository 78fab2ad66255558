"""Letters to affiliates, in both languages: welcome, and a payout is on its way."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.money import Money
from xingtan.domains.commerce.letter_paper import Note, hello, write_note
from xingtan.domains.commerce.models import Affiliate, Payout
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import compose
from xingtan.infra.platform import Platform

MAIL_DECIDED, MAIL_PAYOUT = "commerce.mail_affiliate", "commerce.mail_payout"


class _Words(NamedTuple):
    """What a letter says."""

    subject: str
    line: str
    button: str


_WELCOME: Mapping[str, _Words] = {
    "zh": _Words(
        "您现在是{academy}的推广员了",
        "申请通过了。您的链接是 {link} ——有人从这里来、同意浏览器记住、在期限内买了东西，"
        "您就得到约定的佣金。每一笔都能在推广台上逐行核对。",
        "打开推广台",
    ),
    "en": _Words(
        "You are an affiliate of {academy} now",
        "Your link is {link} – when somebody comes by it, lets her browser remember it, and buys in time, you earn "
        "what was agreed. Each line of it can be checked at your desk.",
        "Open the desk",
    ),
}  # fmt: skip
_PAID: Mapping[str, _Words] = {
    "zh": _Words(
        "{academy}付给您 {amount}", "{amount} 的佣金已经付出，流水号：{reference}。到账时间由银行决定。", "查看对账单",
    ),
    "en": _Words(
        "{academy} has paid you {amount}",
        "{amount} of commission was paid to you. Reference: {reference}. When it arrives is up to the bank.",
        "See the statement",
    ),
}  # fmt: skip


def mail_decided(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail who was approved that she may begin; other decisions are hers to read at the desk. Twice is once."""
    event = args["event"]
    if event["state"] == "active":
        _mail(
            platform, UUID(event["affiliate_id"]), {}, words=_WELCOME, message_id=f"affiliate-{event['affiliate_id']}"
        )


def mail_payout(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail an affiliate that she was paid, by which reference. Twice is once."""
    event = args["event"]
    amount, payout_id = Money(event["amount"]["minor"], event["amount"]["currency"]), UUID(event["payout_id"])
    reference = platform.database.read(lambda session: session.get_one(Payout, payout_id).reference)
    facts = {"amount": f"{amount.major()} {amount.currency}", "reference": reference or "–"}
    _mail(platform, UUID(event["affiliate_id"]), facts, words=_PAID, message_id=f"payout-{payout_id}")


def _mail(
    platform: Platform, affiliate_id: UUID, facts: Mapping[str, str], *, words: Mapping[str, _Words], message_id: str
) -> None:  # fmt: skip
    try:
        note = platform.database.read(lambda session: _note(session, platform, affiliate_id, facts, words=words))
    except NotFound:  # the account is closed: nobody to write to
        return
    platform.mailer.send(
        compose(write_note(note), platform.settings.mail_from, clock=platform.clock, message_id=message_id)
    )


def _note(
    session: Session, platform: Platform, affiliate_id: UUID, facts: Mapping[str, str], *, words: Mapping[str, _Words]
) -> Note:  # fmt: skip
    row = session.get_one(Affiliate, affiliate_id)
    to = identity.mail_address(session, row.person_id, vault=platform.vault)
    language = to.language if to.language in words else "en"
    academy, base = identity.academy(session), platform.settings.effective_base_url
    name = academy.name_in(language) if academy else "Xingtan"
    known = {"academy": name, "link": f"{base}/?ref={row.code}", **facts}
    subject, line, button = (one.format_map(known) for one in words[language])
    return Note(
        to=to.email, subject=subject, language=language, lines=(hello(to.name, language), line), button=button,
        url=f"{base}/{language}/affiliate", academy=name,
    )  # fmt: skip
