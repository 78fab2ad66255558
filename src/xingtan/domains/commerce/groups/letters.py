"""Letters to everybody in a group, in both languages: it is complete, or it has failed and the money goes back."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.domains.commerce.letter_paper import Note, hello, write_note
from xingtan.domains.commerce.models import BuyingGroup, GroupPlace, OrderLine, SalesOrder
from xingtan.domains.identity import api as identity
from xingtan.infra.mail import compose
from xingtan.infra.platform import Platform

MAIL_COMPLETE, MAIL_FAILED = "commerce.mail_group_complete", "commerce.mail_group_failed"


class _Words(NamedTuple):
    """What a letter says."""

    subject: str
    line: str
    button: str
    path: str


_COMPLETE: Mapping[str, _Words] = {
    "zh": _Words(
        "拼团成功：{title}", "{size} 个人都付了款，这个团成了。《{title}》已经放到您的书架上，随时可以打开。",
        "打开书架", "shelf",
    ),
    "en": _Words(
        "Your group is complete: {title}",
        "All {size} people have paid, and the group is complete. “{title}” is on your shelf, ready to open.",
        "Open the shelf", "shelf",
    ),
}  # fmt: skip
_FAILED: Mapping[str, _Words] = {
    "zh": _Words(
        "拼团没有成：{title}",
        "时间到了，{size} 个名额只有 {paid} 个人付款，所以这个团不成立。"
        "您付的钱会全部自动退回原来的付款方式，什么都不用做。",
        "查看订单", "orders/{number}",
    ),
    "en": _Words(
        "Your group has ended: {title}",
        "The time is up, and of {size} places {paid} were paid, so there will be no group. All of your money goes back "
        "to where you paid from, by itself.",
        "See the order", "orders/{number}",
    ),
}  # fmt: skip


def mail_complete(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail everybody in a complete group that it is theirs. A second run is the same letters."""
    _mail(platform, UUID(args["event"]["group_id"]), {}, words=_COMPLETE, name="group-complete")


def mail_failed(platform: Platform, args: Mapping[str, Any], _report: object) -> None:
    """Mail everybody in a failed group that her money goes back. A second run is the same letters."""
    paid = {"paid": args["event"]["paid"]}
    _mail(platform, UUID(args["event"]["group_id"]), paid, words=_FAILED, name="group-failed")


def _mail(
    platform: Platform, group_id: UUID, facts: Mapping[str, object], *, words: Mapping[str, _Words], name: str
) -> None:  # fmt: skip
    for place_id in platform.database.read(lambda session: _places(session, group_id)):
        note = platform.database.read(lambda session, it=place_id: _note(session, platform, it, facts, words=words))  # type: ignore[misc]
        if note is not None:
            letter = compose(
                write_note(note), platform.settings.mail_from, clock=platform.clock, message_id=f"{name}-{place_id}"
            )
            platform.mailer.send(letter)


def _places(session: Session, group_id: UUID) -> tuple[UUID, ...]:
    """Return all places that were ever paid; who left before the end had her own letter, about her refund."""
    decided = session.get_one(BuyingGroup, group_id).decided_at
    wanted = select(GroupPlace.id).where(GroupPlace.group_id == group_id, GroupPlace.taken_at <= decided)
    return tuple(session.scalars(wanted.order_by(GroupPlace.id)))


def _note(
    session: Session, platform: Platform, place_id: UUID, facts: Mapping[str, object], *, words: Mapping[str, _Words]
) -> Note | None:  # fmt: skip
    place = session.get_one(GroupPlace, place_id)
    group, order = session.get_one(BuyingGroup, place.group_id), session.get_one(SalesOrder, place.order_id)
    try:
        to = identity.mail_address(session, place.person_id, vault=platform.vault)
    except NotFound:  # the account is closed: nobody to write to
        return None
    language = order.language if order.language in words else "en"
    academy = identity.academy(session)
    title = session.get_one(OrderLine, place.line_id).title
    known = {"title": title, "size": group.size, "number": order.number, **facts}
    subject, line, button, path = (one.format_map(known) for one in words[language])
    return Note(
        to=to.email, subject=subject, language=language, lines=(hello(to.name, language), line), button=button,
        url=f"{platform.settings.effective_base_url}/{language}/{path}",
        academy=academy.name_in(language) if academy else "Xingtan",
    )  # fmt: skip
