"""How much may go back, and what a refund makes of payment and order."""

from xingtan.core.errors import Invalid, say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import RefundTooLarge
from xingtan.domains.commerce.views import RefundPolicy

POLICY = RefundPolicy(days=7, version=1)
"""The academy's refund rule. It is stored with each order, so that a change never touches orders placed before."""

REASONS = ("buyer_asked", "goodwill", "not_delivered", "duplicate", "mismatch")
"""Why money goes back; the last two are the academy's own."""


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
