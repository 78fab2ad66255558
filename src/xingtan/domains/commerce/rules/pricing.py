"""What an offer costs. The price is the server's; the buyer chooses only above a floor."""

from xingtan.core.errors import Invalid, say
from xingtan.core.money import Money, zero
from xingtan.domains.commerce.views import OfferView


def price_of(offer: OfferView, chosen: Money | None) -> Money:
    """Return what is to be paid: the price, nothing, or `chosen` where the buyer decides.

    `chosen` counts for pay-what-you-want alone; `Invalid` when it is below the floor or in another currency.
    """
    if offer.is_free:
        return zero(offer.price.currency)
    if not offer.is_open_priced:
        return offer.price
    amount = offer.price if chosen is None else chosen
    if amount.currency != offer.price.currency:
        raise Invalid.of("amount", say("This is sold in %(currency)s.", currency=offer.price.currency))
    if amount < (offer.floor or zero(amount.currency)):
        raise Invalid.of("amount", say("This is less than the least amount that was asked for."))
    return amount
