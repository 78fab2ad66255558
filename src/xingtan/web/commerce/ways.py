"""A way to have something: an offer, with what it promises for later and the address of its checkout."""

from dataclasses import dataclass

from xingtan.core.ids import public_id
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing

PLANS = ("subscription", "instalments")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have it. `plan` is what is promised for later, if anything."""

    offer: commerce.OfferView
    plan: subscribing.Plan | None
    path: str
    is_chosen: bool = False


def way_of(offer: commerce.OfferView, *, is_chosen: bool = False) -> Way:
    """Return an offer with what its terms mean."""
    plan = subscribing.plan_of(offer.model, offer.price, offer.terms) if offer.model in PLANS else None
    return Way(offer, plan, f"/checkout/{public_id('offer', offer.id)}", is_chosen)
