"""The letter that brings a gift: from whom, the giver's words, the link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound
from xingtan.domains.commerce.goods import goods
from xingtan.domains.commerce.lines.gift import SEND_GIFT
from xingtan.domains.commerce.models import Gift
from xingtan.domains.commerce.promotions.links import EMAIL, MESSAGE, TOKEN
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import Letter, compose
from xingtan.infra.platform import Platform
from xingtan.infra.vault import Forgotten

__all__ = ["SEND_GIFT", "GiftLetter", "send_gift", "write_gift_letter"]


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    opening: str
    until: str
    how: str
    button: str


_WORDS: Mapping[str, _Words] = {
    "zh": _Words(
        "{giver} 送您一份礼物：{title}",
        "{giver} 在{academy}为您买了《{title}》。",
        "请在 {until} 之前领取。",
        "打开下面的链接，登录后就是您的了。链接只能领取一次，请不要公开。",
        "领取礼物",
    ),
    "en": _Words(
        "A gift from {giver}: {title}",
        "{giver} has bought “{title}” for you at {academy}.",
        "Please claim it before {until}.",
        "Open the link and sign in, and it is yours. The link works once, so keep it to yourself.",
        "Claim the gift",
    ),
}
_SOMEBODY = {"zh": "一位朋友", "en": "A friend"}


@dataclass(frozen=True, slots=True)
class GiftLetter:
    """What the letter says: to whom, from whom, what, with which words, by which link, until which day."""

    to: str
    giver: str
    title: str
    message: str
    url: str
    ends_at: datetime | None
    academy: str
    language: str


def send_gift(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Send a gift's letter, if its link is still the one that the letter was asked for; twice is the same letter."""
    gift_id, link = UUID(args["gift_id"]), str(args["link"])
    found = platform.database.read(lambda session: _facts(session, platform, gift_id, link))
    if found is None:
        return
    letter = write_gift_letter(found)
    message_id = f"gift-{gift_id}-{link}"
    platform.mailer.send(compose(letter, platform.settings.mail_from, clock=platform.clock, message_id=message_id))
    platform.database.write(lambda session: _note_sent(session, gift_id, link, clock=platform.clock))


def _facts(session: Session, platform: Platform, gift_id: UUID, link: str) -> GiftLetter | None:
    gift, vault = session.get(Gift, gift_id), platform.vault
    if gift is None or gift.state != "waiting" or gift.email_sealed is None or not _is_link(gift, link):
        return None
    try:
        email = vault.open(session, gift.giver_id, EMAIL, gift.email_sealed)
        message = vault.open(session, gift.giver_id, MESSAGE, gift.message_sealed)
        token = vault.open(session, gift.giver_id, TOKEN, gift.token_sealed)
        giver = identity.mail_address(session, gift.giver_id, vault=vault).name
    except (Forgotten, NotFound):  # the giver's account is closed: so are her letters
        return None
    language, academy = gift.language if gift.language in _WORDS else "en", identity.academy(session)
    return GiftLetter(
        to=email, giver=giver or _SOMEBODY[language], title=goods(session, gift.product_id).title, message=message,
        url=f"{platform.settings.effective_base_url}/{language}/gift/{token}", ends_at=gift.ends_at,
        academy=academy.name_in(language) if academy else "Xingtan", language=language,
    )  # fmt: skip


def _is_link(gift: Gift, link: str) -> bool:
    return gift.token_hash.hex()[:16] == link


def _note_sent(session: Session, gift_id: UUID, link: str, *, clock: Clock) -> None:
    gift = session.get(Gift, gift_id, with_for_update=True)
    if gift is not None and _is_link(gift, link):
        gift.sent_at, gift.send_at = clock.now(), None


def write_gift_letter(found: GiftLetter) -> Letter:
    """Return the letter in the giver's language."""
    words = _WORDS[found.language]
    facts = {
        "giver": found.giver, "title": found.title, "academy": found.academy,
        "until": found.ends_at.date().isoformat() if found.ends_at else "",
    }  # fmt: skip
    opening, until = words.opening.format_map(facts), words.until.format_map(facts) if found.ends_at else ""
    before = [part for part in (opening, found.message) if part]
    after = [part for part in (words.how, until) if part]
    return Letter(
        to=found.to,
        subject=_one_line(words.subject.format_map(facts)),
        text="\n\n".join([*before, *after, found.url, f"-- \n{found.academy}"]) + "\n",
        html=_html(found, opening, after, button=words.button),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _html(found: GiftLetter, opening: str, after: list[str], *, button: str) -> str:
    message = escape(found.message).replace("\n", "<br>")
    quoted = f'<p style="padding-left:16px;border-left:3px solid #e4dccb">{message}</p>' if message else ""
    words = "".join(f"<p>{escape(line)}</p>" for line in after)
    link = (
        f'<p><a href="{escape(found.url)}" style="display:inline-block;padding:12px 28px;border-radius:8px;'
        f'background:#2a2318;color:#fff;text-decoration:none">{escape(button)}</a></p>'
    )
    tag = "zh-Hans" if found.language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{tag}"><body style="margin:0;background:#faf7f0">'
        '<div style="max-width:34em;margin:0 auto;padding:32px 24px;font:16px/1.7 system-ui,sans-serif;color:#2a2318">'
        f"<p>{escape(opening)}</p>{quoted}{words}{link}"
        f'<p style="color:#7a6f60;font-size:14px">{escape(found.academy)}</p></div></body></html>'
    )
