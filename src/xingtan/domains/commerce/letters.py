"""Letters to buyers, in both languages: the receipt, and what went back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.queries.orders import order_by_id
from xingtan.domains.commerce.views import OrderView
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import Letter, compose
from xingtan.infra.platform import Platform

MAIL_RECEIPT, MAIL_REFUND = "commerce.mail_receipt", "commerce.mail_refund"


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    before: Sequence[str]
    after: Sequence[str]
    button: str
    total: str


_RECEIPT: Mapping[str, _Words] = {
    "zh": _Words(
        "{academy}的收据 {number}",
        ("{hello}", "谢谢您。下面的内容已经放到您的书架上，随时可以打开。"),
        ("付款后 {days} 天内，如果觉得不合适，回信说一声就全额退款。",),
        "查看收据",
        "合计",
    ),
    "en": _Words(
        "Your receipt {number} from {academy}",
        ("{hello}", "Thank you. What you bought is on your shelf, ready to open."),
        ("If it is not right for you, write to us within {days} days of paying and you get all of it back.",),
        "See the receipt",
        "Total",
    ),
}
_GIFT: Mapping[str, _Words] = {
    "zh": _Words(
        "已放到您的书架上：{title}",
        ("{hello}", "下面的内容已经放到您的书架上，随时可以打开。"),
        (),
        "打开书架",
        "合计",
    ),
    "en": _Words(
        "On your shelf: {title}",
        ("{hello}", "This is on your shelf now, ready to open."),
        (),
        "Open the shelf",
        "Total",
    ),
}
_REFUND: Mapping[str, _Words] = {
    "zh": _Words(
        "{academy}已退款 {amount}",
        ("{hello}", "订单 {number} 的 {amount} 已经退回原来的付款方式，到账时间由付款渠道决定，一般几天之内。"),
        (),
        "查看订单",
        "已退",
    ),
    "en": _Words(
        "{academy} has refunded {amount}",
        (
            "{hello}",
            "{amount} of order {number} is on its way back to where you paid from.",
            "It usually arrives within a few days.",
        ),
        (),
        "See the order",
        "Refunded",
    ),
}


def mail_receipt(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail the buyer the receipt of a paid order; of a free one, that it is there. A second run is the same letter."""
    order_id = UUID(args["event"]["order_id"])
    _mail(platform, order_id, message_id=f"receipt-{order_id}")


def mail_refund(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail the buyer how much went back. A second run is the same letter."""
    event = args["event"]
    amount = Money(event["amount"]["minor"], event["amount"]["currency"])
    _mail(platform, UUID(event["order_id"]), message_id=f"refund-{event['refund_id']}", refunded=amount)


def _mail(platform: Platform, order_id: UUID, *, message_id: str, refunded: Money | None = None) -> None:
    try:
        order, to, academy = platform.database.read(lambda session: _facts(session, platform, order_id))
    except NotFound:  # the buyer's account is closed: nobody to write to
        return
    letter = write_letter(order, to, academy=academy, base_url=platform.settings.effective_base_url, refunded=refunded)
    platform.mailer.send(compose(letter, platform.settings.mail_from, clock=platform.clock, message_id=message_id))


def _facts(session: Session, platform: Platform, order_id: UUID) -> tuple[OrderView, identity.MailAddress, str]:
    order = order_by_id(session, SYSTEM, order_id)
    to = identity.mail_address(session, order.person_id, vault=platform.vault)
    academy = identity.academy(session)
    return order, to, academy.name_in(order.language) if academy else "Xingtan"


def write_letter(
    order: OrderView, to: identity.MailAddress, *, academy: str, base_url: str, refunded: Money | None
) -> Letter:
    """Return the letter in the order's language: a receipt, or a note about `refunded`."""
    language = order.language if order.language in _RECEIPT else "en"
    kind = _REFUND if refunded else (_RECEIPT if order.total else _GIFT)
    words = kind[language]
    facts = {
        "academy": academy, "number": order.number, "days": order.policy.days, "title": order.lines[0].title,
        "amount": _amount(refunded) if refunded else "", "hello": _hello(to.name, language),
    }  # fmt: skip
    before, after = ([line.format_map(facts) for line in lines] for lines in (words.before, words.after))
    sum_line = (words.total, _amount(refunded or order.total))
    rows = [(one.title, _amount(one.amount)) for one in order.lines]
    rows = [*rows, sum_line] if order.total else [(title, "") for title, _ in rows]
    path = "shelf" if kind is _GIFT else f"orders/{order.number}"
    url = f"{base_url}/{language}/{path}"
    table = "\n".join(f"  {title}  {amount}".rstrip() for title, amount in rows)
    return Letter(
        to=to.email,
        subject=words.subject.format_map(facts),
        text="\n\n".join([*before, table, url, *after, f"-- \n{academy}"]) + "\n",
        html=_html(before, rows, after, url=url, button=words.button, language=language, academy=academy),
    )


def _amount(amount: Money) -> str:
    return f"{amount.major()} {amount.currency}"


def _hello(name: str, language: str) -> str:
    if language == "zh":
        return f"{name}，您好：" if name else "您好："
    return f"Hello {name}," if name else "Hello,"


def _html(
    before: Sequence[str], rows: Sequence[tuple[str, str]], after: Sequence[str], *,
    url: str, button: str, language: str, academy: str,
) -> str:  # fmt: skip
    table = "".join(
        f'<tr><td style="padding:8px 16px 8px 0;border-top:1px solid #e4dccb">{escape(title)}</td>'
        '<td style="padding:8px 0;border-top:1px solid #e4dccb;text-align:right;white-space:nowrap">'
        f"{escape(amount)}</td></tr>"
        for title, amount in rows
    )
    link = (
        f'<p><a href="{escape(url)}" style="display:inline-block;padding:12px 28px;border-radius:8px;'
        f'background:#2a2318;color:#fff;text-decoration:none">{escape(button)}</a></p>'
    )
    words = "".join(f"<p>{escape(line)}</p>" for line in before)
    end = "".join(f"<p>{escape(line)}</p>" for line in after)
    tag = "zh-Hans" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{tag}"><body style="margin:0;background:#faf7f0">'
        '<div style="max-width:34em;margin:0 auto;padding:32px 24px;font:16px/1.7 system-ui,sans-serif;color:#2a2318">'
        f'{words}<table style="width:100%;border-collapse:collapse">{table}</table>{link}{end}'
        f'<p style="color:#7a6f60;font-size:14px">{escape(academy)}</p></div></body></html>'
    )
