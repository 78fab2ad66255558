"""Gifts after they are paid: claimed, sent to another address, lapsed. A gift's order is locked before the gift."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce.errors import AlreadyOwned, GiftGone
from xingtan.domains.commerce.events import GiftClaimed, GiftLapsed
from xingtan.domains.commerce.goods import goods, part_ids
from xingtan.domains.commerce.lines.gift import ask_for_letter
from xingtan.domains.commerce.machines import GIFT
from xingtan.domains.commerce.models import Gift, OrderLine, SalesOrder
from xingtan.domains.commerce.promotions.links import EMAIL, MESSAGE, TOKEN, new_token, token_hash
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

LONGEST_MESSAGE = 1_000
UNPAID_KEPT_FOR = timedelta(days=30)
_LAPSED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """For whom a gift is (None: the giver hands the link over herself), with which words, from which instant on."""

    email: str | None = None
    message: str = ""
    send_at: datetime | None = None


def write_gift(
    session: Session, giver_id: UUID, product_id: UUID, letter: Letter, *, language: str, clock: Clock, vault: Vault
) -> UUID:
    """Write a gift that waits for its order to be paid, and return its id."""
    checked, now, token = _checked(letter, at=clock.now()), clock.now(), new_token()
    gift = Gift(
        id=new_id(), giver_id=giver_id, product_id=product_id, order_id=None, state=GIFT.initial,
        token_hash=token_hash(token), token_sealed=vault.seal(session, giver_id, TOKEN, token),
        email_sealed=vault.seal(session, giver_id, EMAIL, checked.email) if checked.email else None,
        message_sealed=vault.seal(session, giver_id, MESSAGE, checked.message), language=language,
        send_at=checked.send_at, sent_at=None, ends_at=None, claimed_by_id=None, claimed_at=None, created_at=now,
    )  # fmt: skip
    session.add(gift)
    session.flush()
    return gift.id


def _checked(letter: Letter, *, at: datetime) -> Letter:
    message = letter.message.replace("\r\n", "\n").strip()
    if len(message) > LONGEST_MESSAGE or "\x00" in message:
        raise Invalid.of("message", say("Write at most %(most)s letters.", most=LONGEST_MESSAGE))
    if letter.email is None:
        return Letter(None, message, None)
    return Letter(identity.parse_address(letter.email), message, letter.send_at or at)


def claim_gift(session: Session, viewer: Viewer, token: str, *, clock: Clock) -> UUID:
    """Give the viewer what is behind the link, and return the product; claiming again what is hers changes nothing.

    `NotFound` for a link that is none, `GiftGone` for one that somebody else has used or that is over, `AlreadyOwned`,
    which leaves the link good, when she has it for ever.
    """
    person_id, now = viewer.require_person(), clock.now()
    gift, line = _locked(session, Gift.token_hash == token_hash(token))
    if gift.state == "claimed" and gift.claimed_by_id == person_id:
        return gift.product_id
    if not GIFT.may(gift.state, "claimed") or (gift.ends_at is not None and now >= gift.ends_at):
        raise GiftGone(say("This gift has been claimed or taken back, or its time is over."))
    _refuse_what_is_owned(session, person_id, gift, at=now)
    gift.state, gift.claimed_by_id, gift.claimed_at = GIFT.after(gift.state, "claimed"), person_id, now
    gift.send_at = None
    parts = part_ids(session, [gift.product_id])
    given = entitlements.Grant(person_id, (gift.product_id, *parts), "gift", gift.id, Period(now))
    entitlements.grant(session, given, clock=clock)
    _move(session, gift, line, to=books.SALES, memo="gift claimed", clock=clock)
    emit(session, GiftClaimed(gift.id, line.order_id, gift.giver_id, person_id, gift.product_id), at=now)
    session.flush()
    return gift.product_id


def _refuse_what_is_owned(session: Session, person_id: UUID, gift: Gift, *, at: datetime) -> None:
    given = goods(session, gift.product_id)
    owned = entitlements.owned_for_good(session, person_id, at=at)
    if given.product_id in owned or owned.issuperset(given.gives):
        raise AlreadyOwned(
            say("“%(title)s” is yours already. The link stays good: pass it on to somebody else.", title=given.title),
            product_ids=given.gives,
        )


def send_gift_to(
    session: Session, viewer: Viewer, gift_id: UUID, letter: Letter, *, clock: Clock, vault: Vault
) -> None:
    """Write the viewer's own gift to another address, or take the address off it. The link of before dies."""
    gift = _own(session, viewer, gift_id)
    if gift.state != "waiting":
        raise Conflict(say("This gift does not wait to be claimed any more."))
    checked, token = _checked(letter, at=clock.now()), new_token()
    owner = gift.giver_id
    gift.token_hash, gift.token_sealed = token_hash(token), vault.seal(session, owner, TOKEN, token)
    gift.email_sealed = vault.seal(session, owner, EMAIL, checked.email) if checked.email else None
    gift.message_sealed = vault.seal(session, owner, MESSAGE, checked.message)
    gift.send_at, gift.sent_at = checked.send_at, None
    session.flush()
    ask_for_letter(session, gift, at=clock.now())


def ask_gift_back(session: Session, viewer: Viewer, gift_id: UUID) -> UUID:
    """Let nobody claim the viewer's own gift any more, because its money is to go back, and return its order."""
    gift = _own(session, viewer, gift_id)
    if not GIFT.may(gift.state, "asked back"):
        raise Conflict(say("This gift does not wait to be claimed any more."))
    gift.state, gift.send_at = GIFT.after(gift.state, "asked back"), None
    session.flush()
    return session.get_one(Gift, gift_id).order_id or gift_id


def lapse_gifts(session: Session, *, clock: Clock) -> int:
    """Let gifts whose time is over lapse, some hundreds at most, and return how many. Their money is breakage."""
    now = clock.now()
    due = select(Gift.id).where(Gift.state == "waiting", Gift.ends_at <= now).order_by(Gift.ends_at, Gift.id)
    found = session.scalars(due.limit(_LAPSED_AT_ONCE)).all()
    for gift_id in found:
        gift, line = _locked(session, Gift.id == gift_id)
        gift.state, gift.send_at = GIFT.after(gift.state, "lapsed"), None
        _move(session, gift, line, to=books.BREAKAGE, memo="gift lapsed", clock=clock)
        emit(session, GiftLapsed(gift.id, gift.giver_id, gift.product_id), at=now)
    return len(found)


def forget_unpaid_gifts(session: Session, *, clock: Clock) -> None:
    """Delete gifts that nobody has paid within 30 days, with the address that was written for them."""
    before = clock.now() - UNPAID_KEPT_FOR
    session.execute(delete(Gift).where(Gift.state == GIFT.initial, Gift.created_at < before))


def _move(session: Session, gift: Gift, line: OrderLine, *, to: str, memo: str, clock: Clock) -> None:
    """Post what the gift's line still owes to the account `to`."""
    order = session.get_one(SalesOrder, line.order_id)
    owed = line.amount_minor - line.tax_minor - (line.returned_minor - line.returned_tax_minor)
    if not owed:
        return
    amount = Money(owed, order.currency)
    lines = (books.Line(books.GIFTS, amount), books.Line(to, -amount))
    books.post(session, books.Entry(f"gift:{gift.id}", memo, "order", order.id, lines), clock=clock)


def _own(session: Session, viewer: Viewer, gift_id: UUID) -> Gift:
    owner = viewer.require_person()
    gift, _ = _locked(session, Gift.id == gift_id)
    if gift.giver_id != owner:
        raise NotFound(say("There is no such gift."))
    return gift


def _locked(session: Session, which: ColumnElement[bool]) -> tuple[Gift, OrderLine]:
    """Return a paid gift and its line, with their order locked before them; `NotFound` when there is none."""
    found = session.execute(
        select(Gift.id, OrderLine.id, OrderLine.order_id)
        .join(OrderLine, OrderLine.subject_id == Gift.id)
        .where(which, OrderLine.kind == "gift", Gift.order_id == OrderLine.order_id)
    ).one_or_none()
    if found is None:
        raise NotFound(say("There is no such gift."))
    gift_id, line_id, order_id = found
    session.get_one(SalesOrder, order_id, with_for_update=True)
    gift = session.get_one(Gift, gift_id, with_for_update=True)
    return gift, session.get_one(OrderLine, line_id, with_for_update=True)
