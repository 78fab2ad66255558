"""Letters about requests: to the learner what the academy did, to the academy what the learner did."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound
from xingtan.domains.commerce.letter_paper import Note, hello, write_note
from xingtan.domains.commerce.services.reading import RequestRow, request_by_id
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import compose
from xingtan.infra.platform import Platform

MAIL_MOVED, MAIL_MESSAGE, MAIL_REMINDER = (
    "commerce.mail_service_moved", "commerce.mail_service_message", "commerce.mail_service_reminder",
)  # fmt: skip

_Words = tuple[str, str]
"""A subject, and the one line of the letter."""

_TO_LEARNER: Mapping[str, Mapping[str, _Words]] = {
    "quoted": {
        "zh": ("报价来了：{number}", "{academy}给您的需求 {number} 报了价：做什么、何时交付、多少钱，都写着。"),
        "en": ("A quote for your request {number}", "{academy} has quoted: what will be done, by when, how much."),
    },
    "lapsed": {
        "zh": ("报价已过期：{number}", "需求 {number} 的报价已经过期。还想做的话，回来说一声就好。"),
        "en": ("The quote for {number} has lapsed", "The quote for your request has lapsed. Still want it? Write."),
    },
    "work begun": {
        "zh": ("开工了：{number}", "需求 {number} 已经开工。"),
        "en": ("Work on {number} has begun", "Work on your request has begun."),
    },
    "delivered": {
        "zh": ("交付了：{number}", "需求 {number} 已经交付。满意就验收，不对就说出来；7 天没有回音，就算验收。"),
        "en": (
            "Your request {number} is delivered",
            "Please look at it within 7 days: accept it, or say what is wrong. After that it counts as accepted.",
        ),
    },
    "declined": {
        "zh": ("需求 {number} 做不了", "很抱歉，{academy}做不了需求 {number}。已付的钱会全部退回。"),
        "en": ("Your request {number} was declined", "{academy} cannot do this. All that you paid goes back to you."),
    },
    "settled": {
        "zh": ("争议已处理：{number}", "需求 {number} 的争议已经处理完，请看页面上的说明。"),
        "en": ("The dispute about {number} is settled", "The dispute is settled. See what was decided."),
    },
    "accepted": {
        "zh": ("已验收：{number}", "需求 {number} 已经验收，谢谢您。"),
        "en": ("Your request {number} is accepted", "The work has been accepted. Thank you."),
    },
}  # fmt: skip
_TO_ACADEMY: Mapping[str, _Words] = {
    "requested": ("{number}: a new request · 新的需求", "Somebody has asked for a service. 有人提出了需求。"),
    "accepted": ("{number}: accepted · 已同意", "The learner has accepted. 学员已同意或验收。"),
    "paid": ("{number}: paid · 已付款", "The first part is paid; the work can begin. 首款已付，可以开工了。"),
    "disputed": ("{number}: disputed · 有异议", "The learner says that it is not right. 学员提出了异议。"),
    "withdrawn": ("{number}: withdrawn · 已撤回", "The learner has left. 学员撤回了需求。"),
}
_MESSAGE: Mapping[str, _Words] = {
    "zh": ("有新留言：{number}", "需求 {number} 有一条新留言。"),
    "en": ("A message about {number}", "There is a new message about your request."),
}
_REMINDER: Mapping[str, _Words] = {
    "zh": ("快到验收期限了：{number}", "需求 {number} 的交付到 {when} 没有回音，就算验收。"),
    "en": (
        "{number} will soon count as accepted",
        "Without a word from you the delivery counts as accepted on {when}.",
    ),
}
_BUTTON = {"zh": "打开需求", "en": "Open the request"}


def mail_moved(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail whoever did not do it that a request moved on. A second run is the same letter."""
    event, key = args["event"], f"service-{args['event']['request_id']}-{args['occurred_at']}"
    happened = event["happened"]
    if happened in _TO_LEARNER and event["state"] != "agreed":
        _to_learner(platform, UUID(event["request_id"]), _TO_LEARNER[happened], message_id=f"{key}-learner")
    if happened in _TO_ACADEMY:
        _to_academy(platform, UUID(event["request_id"]), _TO_ACADEMY[happened], message_id=f"{key}-academy")


def mail_message(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail the other side that there is a message. What it says stands on the page alone."""
    event = args["event"]
    message_id = f"service-message-{event['message_id']}"
    if event["author"] == "academy":
        _to_learner(platform, UUID(event["request_id"]), _MESSAGE, message_id=message_id)
    else:
        words = ("{number}: a message · 新留言", "The learner has written. 学员留言了。")
        _to_academy(platform, UUID(event["request_id"]), words, message_id=message_id)


def mail_reminder(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Remind the learner that a delivery will soon count as accepted."""
    event = args["event"]
    when = datetime.fromisoformat(event["accepted_at"]).date().isoformat()
    request_id = UUID(event["request_id"])
    _to_learner(platform, request_id, _REMINDER, message_id=f"service-reminder-{request_id}-{when}", when=when)


def _to_learner(
    platform: Platform, request_id: UUID, words: Mapping[str, _Words], *, message_id: str, when: str = ""
) -> None:
    try:
        found, to, academy = platform.database.read(lambda session: _learner(session, platform, request_id))
    except NotFound:  # the account is closed: nobody to write to
        return
    language = to.language if to.language in words else "en"
    name = academy.name_in(language) if academy else "Xingtan"
    subject, line = (
        text.format(number=found.number, academy=name, when=when) for text in words[language]
    )  # fmt: skip
    note = Note(
        to=to.email, subject=subject, language=language, lines=(hello(to.name, language), line),
        button=_BUTTON[language], url=f"{platform.settings.effective_base_url}/{language}/services/{found.number}",
        academy=name,
    )  # fmt: skip
    platform.mailer.send(
        compose(write_note(note), platform.settings.mail_from, clock=platform.clock, message_id=message_id)
    )


def _to_academy(platform: Platform, request_id: UUID, words: _Words, *, message_id: str) -> None:
    """Write to the academy's own address, in both languages; an academy without one looks at its board."""
    found, academy = platform.database.read(
        lambda session: (request_by_id(session, request_id), identity.academy(session))
    )
    if academy is None:
        return
    try:
        to = identity.parse_address(academy.contact)
    except Invalid:
        return
    subject, line = (text.format(number=found.number) for text in words)
    note = Note(
        to=to, subject=subject, language="en", lines=(line,), button="Open · 打开",
        url=f"{platform.settings.effective_base_url}/studio/services/{found.number}", academy=academy.name_in("en"),
    )  # fmt: skip
    platform.mailer.send(
        compose(write_note(note), platform.settings.mail_from, clock=platform.clock, message_id=message_id)
    )


def _learner(
    session: Session, platform: Platform, request_id: UUID
) -> tuple[RequestRow, identity.MailAddress, identity.AcademyView | None]:
    found = request_by_id(session, request_id)
    return found, identity.mail_address(session, found.person_id, vault=platform.vault), identity.academy(session)
