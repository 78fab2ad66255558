"""Letters to subscribers, in both languages: what is to be paid, what comes, what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from babel.dates import format_date
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.letter_paper import Note, hello, write_note
from xingtan.domains.commerce.subscriptions.queries import subscription
from xingtan.domains.commerce.subscriptions.views import SubscriptionView
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import compose
from xingtan.infra.platform import Platform

MAIL_SUBSCRIPTION = "commerce.mail_subscription"
_LOCALES = {"zh": "zh_Hans_CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    text: str
    button: str


_WORDS: Mapping[str, Mapping[str, _Words]] = {
    "zh": {
        "renewal_asked": _Words("{title}：下一期待付款", "本期到 {ends}。想继续，请在那之前付下一期。", "去付款"),
        "failed": _Words(
            "{title}：这次没有扣款成功",
            "下一期的费用没有收到。在 {until} 之前一切照常，您随时可以付款或者换一种付款方式。",
            "去付款",
        ),
        "resumed": _Words("{title}：暂停结束了", "付了下一期，就可以接着学。", "去付款"),
        "renewal": _Words(
            "{title}：将在 {at} 续订",
            "到 {at}，将按您当初同意的价格收取 {amount}。不想继续，现在取消即可，不用付费。",
            "查看订阅",
        ),
        "trial_end": _Words(
            "{title}：试用到 {at} 结束",
            "到那天开始收费：{amount}。不想继续，现在取消即可，不用付费。",
            "查看订阅",
        ),
        "new_price": _Words(
            "{title}：价格有变化",
            "从 {at} 之后的第一次续订起，价格是 {amount}。在那之前一分不变；不同意，可以随时取消。",
            "查看订阅",
        ),
        "cancelled": _Words(
            "{title}：已取消", "到 {ends} 之前照常使用，之后不再收费。改变主意，可以随时恢复。", "查看订阅"
        ),
        "ended": _Words("{title}：已结束", "这个订阅到此为止，不会再收费。谢谢您一路同行。", "查看订阅"),
        "paused": _Words(
            "{title}：暂停中", "到 {ends} 之前不收费，也不能打开内容。想早点回来，随时可以恢复。", "查看订阅"
        ),
        "completed": _Words("{title}：全部付清", "所有分期都已付清，内容永远归您。", "查看订阅"),
    },
    "en": {
        "renewal_asked": _Words(
            "{title}: the next period waits for you",
            "This period ends on {ends}. To go on, please pay for the next one before then.",
            "Pay",
        ),
        "failed": _Words(
            "{title}: the payment did not go through",
            "We have not received the payment for the next period. Everything stays open until {until}; until then you "
            "can pay, or choose another way to.",
            "Pay",
        ),
        "resumed": _Words("{title}: the pause is over", "Pay for the next period and go on where you left.", "Pay"),
        "renewal": _Words(
            "{title}: renews on {at}",
            "On {at} we will charge {amount}, the price that you agreed to. If you do not want to go on, cancel before "
            "and pay nothing.",
            "See the subscription",
        ),
        "trial_end": _Words(
            "{title}: your trial ends on {at}",
            "From that day on it costs {amount}. If you do not want to go on, cancel before and pay nothing.",
            "See the subscription",
        ),
        "new_price": _Words(
            "{title}: another price",
            "From the first renewal after {at} on, the price is {amount}. Until then nothing changes; if you do not "
            "agree, you can cancel at any time.",
            "See the subscription",
        ),
        "cancelled": _Words(
            "{title}: cancelled",
            "Everything stays open until {ends}; after that nothing is charged. You can change your mind until then.",
            "See the subscription",
        ),
        "ended": _Words(
            "{title}: ended",
            "This subscription has ended, and nothing more is charged. Thank you for having been here.",
            "See the subscription",
        ),
        "paused": _Words(
            "{title}: paused",
            "Until {ends} nothing is charged, and nothing is open. You can come back earlier at any time.",
            "See the subscription",
        ),
        "completed": _Words(
            "{title}: paid in full", "All parts are paid. It is yours for good.", "See the subscription"
        ),
    },
}


def mail_subscription(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail the subscriber what an event of hers says, if it asks for a letter. A second run is the same letter."""
    event, kind = args["event"], _letter(args["kind"], args["event"])
    if kind is None:
        return
    try:
        letter = platform.database.read(lambda session: _note(session, platform, event, kind=kind))
    except NotFound:  # the account is closed: nobody to write to
        return
    message_id = f"subscription-{event['subscription_id']}-{kind}-{args['occurred_at']}"
    message_id = "".join(one for one in message_id if one.isalnum() or one == "-")
    platform.mailer.send(
        compose(write_note(letter), platform.settings.mail_from, clock=platform.clock, message_id=message_id)
    )


def _letter(event_kind: str, event: Mapping[str, Any]) -> str | None:
    """Return which letter an event asks for; None: none."""
    if event_kind == "commerce.subscription_moved":
        return event["after"] if event["after"] in ("cancelled", "ended", "paused", "completed") else None
    return "renewal_asked" if event_kind.endswith("asked") and event["why"] == "renewal" else str(event["why"])


def _note(session: Session, platform: Platform, event: Mapping[str, Any], *, kind: str) -> Note:
    sub = subscription(session, SYSTEM, UUID(event["subscription_id"]))
    to = identity.mail_address(session, sub.person_id, vault=platform.vault)
    language = to.language if to.language in _WORDS else "en"
    academy = identity.academy(session)
    name = academy.name_in(language) if academy else "Xingtan"
    facts = _facts(session, sub, event, language=language)
    words = _WORDS[language][kind]
    page = f"{language}/account/subscriptions/{public_id('subscription', sub.id)}"
    return Note(
        to=to.email, subject=words.subject.format_map(facts), language=language,
        lines=(hello(to.name, language), words.text.format_map(facts)), button=words.button,
        url=f"{platform.settings.effective_base_url}/{page}", academy=name,
    )  # fmt: skip


def _facts(session: Session, sub: SubscriptionView, event: Mapping[str, Any], *, language: str) -> dict[str, str]:
    zone, locale = identity.zone(session), _LOCALES[language]

    def day(at: datetime | None) -> str:
        return format_date(at.astimezone(zone), "long", locale=locale) if at is not None else ""

    amount = event.get("amount")
    at = datetime.fromisoformat(event["at"]) if event.get("at") else None
    return {
        "title": sub.title, "ends": day(sub.period_ends_at), "until": day(sub.access_until), "at": day(at),
        "amount": _amount(amount) if amount else "",
    }  # fmt: skip


def _amount(amount: Mapping[str, Any]) -> str:
    money = Money(amount["minor"], amount["currency"])
    return f"{money.major()} {money.currency}"
