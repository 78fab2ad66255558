"""The letter to the owners when an endpoint was turned off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.ids import public_id
from xingtan.core.viewer import SYSTEM
from xingtan.domains.identity import api as identity
from xingtan.domains.webhooks.queries import endpoint_view
from xingtan.domains.webhooks.views import EndpointView
from xingtan.infra.mail import Letter, compose
from xingtan.infra.platform import Platform


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    lines: Sequence[str]
    button: str


_WORDS: Mapping[tuple[str, str], _Words] = {
    ("failing", "zh"): _Words(
        "{academy}的一个 Webhook 已停用",
        (
            "你好：",
            "五天来，没有一条消息送达 {url}，所以不再往那里发送了。",
            "接下来 30 天里的消息都留着。修好之后，在这里恢复，它们就会一起送到：",
        ),
        "查看日志",
    ),
    ("failing", "en"): _Words(
        "A webhook of {academy} was turned off",
        (
            "Hello,",
            "For five days no message got through to {url}, so nothing is sent there any more.",
            "The messages of the next 30 days are kept. When it is mended, resume it here, and they are all sent:",
        ),
        "See the log",
    ),
    ("gone", "zh"): _Words(
        "{academy}的一个 Webhook 已停用",
        (
            "你好：",
            "{url} 回答说它不再接收消息（410），所以不再往那里发送了。",
            "如果这不是你的意思，可以在这里恢复：",
        ),
        "查看日志",
    ),
    ("gone", "en"): _Words(
        "A webhook of {academy} was turned off",
        (
            "Hello,",
            "{url} answered that it wants no messages any more (410), so nothing is sent there.",
            "If you did not mean that, resume it here:",
        ),
        "See the log",
    ),
}


def mail_owners(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Tell every owner that an endpoint was turned off; a second run is the same letter."""
    endpoint_id, reason = UUID(args["event"]["endpoint_id"]), str(args["event"]["reason"])
    try:
        endpoint = platform.database.read(lambda session: endpoint_view(session, endpoint_id))
    except NotFound:
        return
    for owner_id in platform.database.read(lambda session: _owners(session, platform)):
        to, academy = platform.database.read(partial(_addressee, platform=platform, owner_id=owner_id))
        letter = _letter(to, endpoint, reason, academy=academy, base_url=platform.settings.effective_base_url)
        message_id = f"webhook-off-{endpoint_id}-{args['occurred_at'].replace(':', '')}-{owner_id}"
        platform.mailer.send(
            compose(letter, platform.settings.mail_from, clock=platform.clock, message_id=message_id)
        )  # fmt: skip


def _owners(session: Session, platform: Platform) -> list[UUID]:
    staff = identity.people(session, SYSTEM, vault=platform.vault, staff_only=True, limit=200).people
    return [person.id for person in staff if identity.Role.OWNER in person.roles and person.closed_at is None]


def _addressee(session: Session, *, platform: Platform, owner_id: UUID) -> tuple[identity.MailAddress, str]:
    to, academy = identity.mail_address(session, owner_id, vault=platform.vault), identity.academy(session)
    return to, academy.name_in(to.language) if academy else "Xingtan"


def _letter(
    to: identity.MailAddress, endpoint: EndpointView, reason: str, *, academy: str, base_url: str
) -> Letter:  # fmt: skip
    words = _WORDS[reason, to.language]
    facts = {"academy": academy, "url": endpoint.url}
    link = f"{base_url}/{to.language}/studio/webhooks/{public_id('webhook', endpoint.id)}"
    lines = [line.format_map(facts) for line in words.lines]
    return Letter(
        to=to.email,
        subject=words.subject.format_map(facts),
        text="\n\n".join([*lines, link, f"-- \n{academy}"]) + "\n",
        html=_html(lines, link=link, words=words, language=to.language, academy=academy),
    )


def _html(lines: Sequence[str], *, link: str, words: _Words, language: str, academy: str) -> str:
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    tag = "zh-Hans" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{tag}"><body style="margin:0;background:#faf7f0">'
        '<div style="max-width:34em;margin:0 auto;padding:32px 24px;font:16px/1.7 system-ui,sans-serif;color:#2a2318">'
        f'{said}<p><a href="{escape(link)}" style="display:inline-block;padding:12px 28px;border-radius:8px;'
        f'background:#2a2318;color:#fff;text-decoration:none">{escape(words.button)}</a></p>'
        f'<p style="color:#7a6f60;font-size:14px">{escape(academy)}</p></div></body></html>'
    )
