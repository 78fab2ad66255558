"""The promises of commerce, each by its name, and each reckoned here from the rows alone, without the code it judges.

M: money; E: entitlement; D: documents. What cannot be seen in rows is judged by the machine's own rules: M8 (a key has
one effect) and M11's first half (the preview is the charge). E6 and E7 are of media, and tested with learning.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.domains.books.models import Posting
from xingtan.domains.commerce.documents.models import FiscalDocument
from xingtan.domains.commerce.models import (
    BillingPeriod,
    BuyingGroup,
    CodeBatch,
    Commission,
    Coupon,
    CouponShare,
    CreditLot,
    Dispute,
    Gift,
    GroupPlace,
    Offer,
    OrderDiscount,
    OrderLine,
    Payment,
    Payout,
    RedeemCode,
    Refund,
    Reservation,
    SalesOrder,
    SandboxPayment,
    Subscription,
    UseCharge,
    WalletEntry,
)
from xingtan.domains.commerce.models.providers import SandboxDispute, SandboxTerms
from xingtan.domains.entitlements.models import Entitlement

Check = Callable[[Session, datetime], Iterator[str]]
PAID = ("paid", "partly_refunded")


def _grouped(session: Session, key: Any, value: Any, *where: Any) -> dict[Any, int]:
    rows = session.execute(select(key, func.sum(value)).where(*where).group_by(key))
    return {one: int(minor) for one, minor in rows}


def m1(session: Session, _at: datetime) -> Iterator[str]:
    """Each entry sums to nothing in each currency."""
    rows = select(Posting.entry_id).group_by(Posting.entry_id, Posting.currency)
    for entry in session.scalars(rows.having(func.sum(Posting.amount_minor) != 0)):
        yield f"entry {entry}"


def m2(session: Session, _at: datetime) -> Iterator[str]:
    """The trial balance is nothing in each currency."""
    for currency, minor in _grouped(session, Posting.currency, Posting.amount_minor).items():
        if minor:
            yield f"{minor} {currency} are left over"


def m3(session: Session, _at: datetime) -> Iterator[str]:
    """What is owed to wallets is what is in them, and on its way back from them."""
    held = -_balance(session, "liability:wallet")
    entries = _sum(session, WalletEntry.amount_minor)
    leaving = _sum(session, Refund.amount_minor, Refund.state.in_(("requested", "pending", "unknown")))
    if not entries <= held <= entries + leaving:
        yield f"wallets owe {held}, their entries say {entries}"


def m5(session: Session, _at: datetime) -> Iterator[str]:
    """What went back, and what the bank took, is at most what came."""
    back = _grouped(session, Refund.payment_id, Refund.amount_minor, Refund.state != "failed")
    lost = _grouped(session, Dispute.payment_id, Dispute.amount_minor, Dispute.state == "lost")
    for payment_id, received in session.execute(select(Payment.id, Payment.received_minor)):
        gone = back.get(payment_id, 0) + lost.get(payment_id, 0)
        if gone > (received or 0):
            yield f"{gone} of {received} went back of payment {payment_id}"


def m6(session: Session, _at: datetime) -> Iterator[str]:
    """Nothing with a floor goes below it: wallets, credits, what is held for us."""
    low = select(WalletEntry.id).where((WalletEntry.balance_minor < 0) | (WalletEntry.bonus_balance_minor < 0))
    yield from (f"wallet entry {one}" for one in session.scalars(low))
    lots = select(CreditLot.id).where((CreditLot.taken > CreditLot.total) | (CreditLot.unearned_minor < 0))
    yield from (f"credits {one}" for one in session.scalars(lots))
    for account in (
        "liability:wallet",
        "liability:deferred",
        "liability:gifts",
        "liability:escrow",
        "liability:credits",
    ):
        if _balance(session, account) > 0:
            yield f"{account} is owed to us: {_balance(session, account)}"


def m7(session: Session, _at: datetime) -> Iterator[str]:
    """One order keeps one payment."""
    kept = ("succeeded", "partly_refunded", "refunded", "charged_back")
    rows = select(Payment.order_id).where(Payment.state.in_(kept)).group_by(Payment.order_id)
    for order_id in session.scalars(rows.having(func.count() > 1)):
        yield f"order {order_id} keeps two payments"


def m9(session: Session, _at: datetime) -> Iterator[str]:
    """List less reductions plus added tax is the line; lines are the total; the total is what was kept."""
    less = _grouped(session, OrderDiscount.line_id, OrderDiscount.amount_minor)
    lines: dict[Any, int] = defaultdict(int)
    for row in session.scalars(select(OrderLine)):
        lines[row.order_id] += row.amount_minor
        added = row.tax_minor if row.tax_is_added else 0
        if row.list_minor - less.get(row.id, 0) + added != row.amount_minor:
            yield f"line {row.id} is {row.amount_minor}"
        if not 0 <= row.returned_minor <= row.amount_minor:
            yield f"line {row.id} gave back {row.returned_minor}"
    for order in session.scalars(select(SalesOrder)):
        if lines[order.id] != order.total_minor:
            yield f"order {order.number} is {order.total_minor}, its lines {lines[order.id]}"
    wrong = (
        select(SalesOrder.number)
        .join(Payment, Payment.order_id == SalesOrder.id)
        .where(Payment.state.in_((*PAID, "succeeded")), Payment.received_minor != SalesOrder.total_minor)
    )
    yield from (f"order {number} kept another amount" for number in session.scalars(wrong))


def m11(session: Session, _at: datetime) -> Iterator[str]:
    """No sequence of changes gains money: what a subscription gave was worth at most what was paid for it."""
    paid: dict[Any, int] = defaultdict(int)
    mine = select(OrderLine.subject_id, OrderLine.list_minor, OrderLine.id).join(SalesOrder)
    mine = mine.where(OrderLine.kind.in_(("subscription", "instalment")), SalesOrder.paid_at.is_not(None))
    balances = _grouped(session, OrderDiscount.line_id, OrderDiscount.amount_minor, OrderDiscount.kind == "proration")
    for subject, minor, line_id in session.execute(mine):
        paid[subject] += minor - balances.get(line_id, 0)
    worth: dict[Any, int] = defaultdict(int)
    for row in session.scalars(select(BillingPeriod).where(BillingPeriod.state == "paid")):
        worth[row.subscription_id] += _used(row)
    for sub in session.scalars(select(Subscription)):
        if worth[sub.id] + sub.carry_minor > paid[sub.id]:
            yield f"subscription {sub.id} got {worth[sub.id]} and {sub.carry_minor} for {paid[sub.id]}"


def _used(row: BillingPeriod) -> int:
    """Return what a period was worth: all of it, or the share of it that passed before another plan took its place."""
    ran, whole = row.ends_at - row.starts_at, row.whole_ends_at - row.starts_at
    return row.value_minor if ran >= whole else int(row.value_minor * (ran / whole))


def m12(session: Session, _at: datetime) -> Iterator[str]:
    """Nothing scarce is given more often than there is of it."""
    for row in (Coupon, CouponShare, CodeBatch):
        over = select(row.id).where(row.total.is_not(None), row.taken > row.total)
        yield from (f"{row.__tablename__} {one}" for one in session.scalars(over))
    holds = dict(
        session.execute(
            select(Reservation.source_id, func.count())
            .where(Reservation.state != "released")
            .group_by(Reservation.source_id)
        ).all()
    )
    limits: dict[Any, int | None] = dict(session.execute(select(Coupon.id, Coupon.total)).all())
    limits |= dict(session.execute(select(Offer.id, Offer.stock_total)).all())
    for source, count in holds.items():
        most = limits.get(source)
        if most is not None and count > most:
            yield f"{source} is held {count} times of {most}"


def m13(session: Session, at: datetime) -> Iterator[str]:
    """Whatever is unknown is asked for again, within the day."""
    waiting = select(Payment.id).where(
        Payment.state.in_(("started", "pending", "unknown")), Payment.created_at < at - timedelta(days=2)
    )
    yield from (f"payment {one} is not known" for one in session.scalars(waiting))


def m14(session: Session, _at: datetime) -> Iterator[str]:
    """An affiliate is paid at most what her commissions come to, and each follows its rule."""
    for row, line in session.execute(select(Commission, OrderLine).join(OrderLine, OrderLine.id == Commission.line_id)):
        left = line.amount_minor - line.tax_minor - (line.returned_minor - line.returned_tax_minor)
        if row.amount_minor * 10_000 > (line.amount_minor - line.tax_minor) * row.rate_bp:
            yield f"commission {row.id} exceeds its rule"
        if row.reversed_minor > row.amount_minor or left < 0:
            yield f"commission {row.id} was taken back too far"
    earned = _grouped(session, Commission.affiliate_id, Commission.amount_minor)
    for affiliate, minor in _grouped(session, Payout.affiliate_id, Payout.amount_minor, Payout.state == "paid").items():
        if minor > earned.get(affiliate, 0):
            yield f"affiliate {affiliate} was paid {minor}"


def e1(session: Session, at: datetime) -> Iterator[str]:
    """Who paid for ever, and got nothing back, can use it; claimed gifts and redeemed codes give what they say."""
    live = _live(session, at)
    rows = select(SalesOrder.id, SalesOrder.person_id, OrderLine.product_id, OrderLine.amount_minor).join(OrderLine)
    paid = rows.where(OrderLine.kind == "access", SalesOrder.state.in_(PAID), OrderLine.returned_minor == 0)
    for order_id, person_id, product_id, _ in session.execute(paid):
        if not any(key[:2] == (person_id, product_id) and key[3] == order_id for key in live):
            yield f"order {order_id} gives no access"
    for gift in session.scalars(select(Gift).where(Gift.state == "claimed")):
        if not any(key[0] == gift.claimed_by_id and key[3] == gift.id for key in live):
            yield f"gift {gift.id} gives no access"


def e2(session: Session, at: datetime) -> Iterator[str]:
    """No access before the money: each live right names something that is paid for, or was given."""
    paid = set(session.scalars(select(SalesOrder.id).where(SalesOrder.state.in_(PAID))))
    subs = dict(session.execute(select(Subscription.access_id, Subscription.state)).all())
    claimed = set(session.scalars(select(Gift.id).where(Gift.state == "claimed")))
    codes = set(session.scalars(select(RedeemCode.id).where(RedeemCode.state == "redeemed")))
    places = {
        place_id: state
        for order_id, line_id, state in session.execute(
            select(GroupPlace.order_id, GroupPlace.line_id, GroupPlace.state)
        )
        for place_id in (order_id, line_id)
    }
    lines = dict(session.execute(select(OrderLine.id, SalesOrder.state).join(SalesOrder)).all())
    for person_id, product_id, kind, source in _live(session, at):
        known = {
            "order": source in paid, "free": source in paid, "rental": lines.get(source) in PAID or source in paid,
            "subscription": source in subs, "tier": source in subs, "instalment": source in subs,
            "gift": source in claimed, "code": source in codes, "group": places.get(source, "kept") == "kept",
        }  # fmt: skip
        if not known.get(kind, True):
            yield f"{person_id} uses {product_id} by {kind} {source}"


def e3(session: Session, at: datetime) -> Iterator[str]:
    """What went back whole gives nothing any more."""
    gone = set(session.scalars(select(SalesOrder.id).where(SalesOrder.state.in_(("refunded", "charged_back")))))
    for person_id, product_id, kind, source in _live(session, at):
        if source in gone:
            yield f"{person_id} still uses {product_id} by {kind} {source}"


def e4(session: Session, _at: datetime) -> Iterator[str]:
    """One live right per person, product and source."""
    key = (Entitlement.person_id, Entitlement.product_id, Entitlement.source_kind, Entitlement.source_id)
    rows = select(*key).where(Entitlement.ended_at.is_(None)).group_by(*key).having(func.count() > 1)
    yield from (f"{tuple(row)}" for row in session.execute(rows))


def e5(session: Session, _at: datetime) -> Iterator[str]:
    """A gift is one person's; a group is no larger than it says; a code is redeemed once."""
    for group in session.scalars(select(BuyingGroup)):
        wanted = select(func.count()).where(GroupPlace.group_id == group.id, GroupPlace.state.in_(("paid", "kept")))
        count = session.scalar(wanted) or 0
        if count > group.size or (group.state == "open" and count >= group.size):
            yield f"group {group.id} of {group.size} has {count}"
    given = select(Entitlement.source_id).where(Entitlement.source_kind.in_(("gift", "code")))
    people = given.group_by(Entitlement.source_id).having(func.count(Entitlement.person_id.distinct()) > 1)
    yield from (f"{one} was given to two" for one in session.scalars(people))


def e8(session: Session, _at: datetime) -> Iterator[str]:
    """Billing periods follow one another without gap or overlap, whatever the clocks of the zone do."""
    rows: dict[Any, list[BillingPeriod]] = defaultdict(list)
    for row in session.scalars(select(BillingPeriod).order_by(BillingPeriod.number)):
        rows[row.subscription_id].append(row)
        if row.ends_at <= row.starts_at:
            yield f"period {row.id} ends before it begins"
    for found in rows.values():
        yield from (f"gap at {a.ends_at}" for a, b in pairwise(found) if a.ends_at != b.starts_at)


def d1(session: Session, _at: datetime) -> Iterator[str]:
    """The numbers of a series and year have no gap."""
    given: dict[Any, list[int]] = defaultdict(list)
    for name, year, number in session.execute(
        select(FiscalDocument.series, FiscalDocument.year, FiscalDocument.number).order_by(FiscalDocument.number)
    ):
        given[name, year].append(number)
    yield from (f"{key}: {numbers}" for key, numbers in given.items() if numbers != list(range(1, len(numbers) + 1)))


def once(session: Session, _at: datetime) -> Iterator[str]:
    """Nobody pays twice for what she owns."""
    key = (SalesOrder.person_id, OrderLine.product_id)
    paid = select(*key).join(OrderLine).where(SalesOrder.state.in_(PAID), OrderLine.kind == "access")
    kept = paid.where(OrderLine.returned_minor < OrderLine.amount_minor).group_by(*key).having(func.count() > 1)
    yield from (f"{tuple(row)}" for row in session.execute(kept))
    uses = (UseCharge.person_id, UseCharge.subject_id, UseCharge.unit, UseCharge.bucket)
    charged = select(*uses).where(UseCharge.reversed_at.is_(None)).group_by(*uses).having(func.count() > 1)
    yield from (f"{tuple(row)}" for row in session.execute(charged))


def m10(session: Session) -> Iterator[str]:
    """What the provider holds for us by its own books is what ours say; asked when all is settled."""
    back = _grouped(session, Refund.payment_id, Refund.amount_minor, Refund.state == "succeeded")
    fees = dict(session.execute(select(SandboxTerms.reference, SandboxTerms.fee_minor)).all())
    taken = _grouped(session, SandboxDispute.payment, SandboxDispute.amount_minor, SandboxDispute.state != "won")
    payments = {str(one.id): one for one in session.scalars(select(Payment).where(Payment.provider == "sandbox"))}
    theirs = 0
    for row in session.scalars(select(SandboxPayment)):
        kept = row.paid_minor - fees[row.reference] if row.state == "succeeded" else 0
        kept -= row.refunded_minor + taken.get(row.reference, 0)
        theirs += kept
        ours = payments[row.merchant_key]
        says = (ours.received_minor or 0) - ours.fee_minor - ours.disputed_minor - back.get(ours.id, 0)
        if says != kept:
            yield f"payment {ours.id} is {ours.state}: they hold {kept}, we say {says}"
    held = _balance(session, "assets:provider:sandbox")
    if held != theirs:
        yield f"they hold {theirs}, the books say {held}"


def _balance(session: Session, account: str) -> int:
    return _sum(session, Posting.amount_minor, Posting.account == account)


def _sum(session: Session, column: Any, *where: Any) -> int:
    return int(session.scalar(select(func.sum(column)).where(*where)) or 0)


def _live(session: Session, at: datetime) -> set[tuple[Any, Any, str, Any]]:
    wanted = select(Entitlement.person_id, Entitlement.product_id, Entitlement.source_kind, Entitlement.source_id)
    live = wanted.where(Entitlement.ended_at.is_(None), (Entitlement.ends_at.is_(None)) | (Entitlement.ends_at > at))
    return {tuple(row) for row in session.execute(live)}  # type: ignore[misc]


ALWAYS: Mapping[str, Check] = {
    "M1": m1, "M2": m2, "M3": m3, "M5": m5, "M6": m6, "M7": m7, "M9": m9, "M11": m11, "M12": m12, "M14": m14,
    "E1": e1, "E2": e2, "E3": e3, "E4": e4, "E5": e5, "E8": e8, "D1": d1, "once": once,
}  # fmt: skip
"""What holds at any moment. M4, M8, M10, M11's preview and M13 are asked by the machine."""


def broken(session: Session, at: datetime) -> list[str]:
    """Return what does not hold, each with its name."""
    return [f"{name}: {what}" for name, check in ALWAYS.items() for what in check(session, at)]
