"""How much may go back, and what a refund makes of payment and order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from xingtan.core.errors import Invalid, say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import RefundTooLarge
from xingtan.domains.commerce.views import RefundPolicy

POLICY = RefundPolicy(days=7, version=1)
"""The academy's refund rule. It is stored with each order, so that a change never touches orders placed before."""

REASONS = ("buyer_asked", "goodwill", "not_delivered", "duplicate", "mismatch")
"""Why money goes back; the last two are the academy's own."""


BY_RULE = ("access", "rental", "subscription", "instalment")
"""What goes back whole by the rule. Gifts, wallets, credits and services have rules and pages of their own; a place
in a group goes back when the group fails, or else anybody could fill one with friends who leave again."""

_ASKED_BACK = ("checkout", "renewal")
NotBack = Literal["not_paid", "other_kind", "group", "too_late", "too_far"]


def why_not_back(
    policy: RefundPolicy, *, order_kind: str, paid_at: datetime | None, at: datetime, completed_bp: int,
    kinds: Iterable[str],
) -> NotBack | None:  # fmt: skip
    """Return why the rule does not give an order's money back for the asking at `at`; None when it does."""
    if paid_at is None:
        return "not_paid"
    kinds = set(kinds)
    if "group" in kinds:
        return "group"
    if order_kind not in _ASKED_BACK or not kinds <= set(BY_RULE):
        return "other_kind"
    if at >= policy.until(paid_at):
        return "too_late"
    return "too_far" if completed_bp > policy.most_completed_bp else None


def refund_amount(wanted: Money | None, *, left: Money) -> Money:
    """Return how much goes back: all that is left when `wanted` is None. Nothing or too much is refused."""
    amount = left if wanted is None else wanted
    if amount.currency != left.currency:
        raise Invalid.of("amount", say("This was paid in %(currency)s.", currency=left.currency))
    if amount.minor <= 0 and left:
        raise Invalid.of("amount", say("A refund is more than nothing."))
    if not left or amount > left:
        raise RefundTooLarge(say("That is more than what is left of this payment."))
    return amount


def refund_event(*, received: Money, returned: Money) -> str:
    """Return the event for the payment's and the order's table, from what came and what is back by now."""
    return "refunded" if returned == received else "refunded in part"


def which_lines(left: Sequence[int], amount: int, *, only: int | None) -> list[int]:
    """Return how much of `amount` comes from each line, of which `left` minor units are left; it adds up exactly.

    From the line `only` first, or from all in proportion to what is left (largest remainders, never more than is left).
    """
    if only is not None:
        own = min(amount, left[only])
        others = [0 if place == only else one for place, one in enumerate(left)]
        rest = which_lines(others, amount - own, only=None)
        return [own if place == only else one for place, one in enumerate(rest)]
    if not amount:
        return [0] * len(left)
    if amount == sum(left):
        return list(left)
    whole = sum(left)
    parts = [amount * one // whole for one in left]
    by_remainder = sorted(range(len(left)), key=lambda place: (-(amount * left[place] % whole), place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def tax_within(amount: int, tax: int, *, returned: int, part: int) -> int:
    """Return how much tax has gone back once `part` more of a line has: in proportion, all of it with the last unit."""
    return tax * (returned + part) // amount
