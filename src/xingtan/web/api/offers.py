"""Prices: read by all, made by those who write the catalogue."""

from sqlalchemy.orm import Session

from xingtan.core.ids import public_id
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.web.api.caller import PUBLIC_READ, AskDep, staff
from xingtan.web.api.fields import Name, OfferPath
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.product_schemas import Offer, OfferIn, money_or_none
from xingtan.web.api.products import product_of

router = operations("prices")

_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_DRAFTS = staff("read:catalog", Permission.CATALOG_READ)


@operation(router, "GET", "/offers/{offer}", PUBLIC_READ)
def get_offer(ask: AskDep, offer: OfferPath) -> Offer:
    """A price, on sale or not, of a product that the caller may see."""

    def work(session: Session) -> Offer:
        found = commerce.offer(session, offer)
        product_of(session, ask, _public(found))
        return Offer.of(found)

    return ask.read(work)


@operation(router, "GET", "/products/{product}/offers", _DRAFTS)
def list_offers(ask: AskDep, product: Name, cursor: Cursor = None, limit: Limit = 50) -> Page[Offer]:
    """Every price that a product ever had, newest first."""
    found = ask.read(lambda session: commerce.offers_of(session, ask.viewer, product_of(session, ask, product).id))
    return sliced(found, cursor=cursor, limit=limit, show=Offer.of)


@operation(router, "POST", "/products/{product}/offers", _WRITES, status=201)
def make_offer(ask: AskDep, product: Name, body: OfferIn) -> Offer:
    """Make a price. It takes the place of the prices that it overlaps."""

    def work(session: Session) -> Offer:
        command = commerce.MakeOffer(
            product_of(session, ask, product).id, body.model, body.price.money, floor=money_or_none(body.floor),
            starts_at=body.starts_at, ends_at=body.ends_at,
        )  # fmt: skip
        return Offer.of(commerce.make_offer(session, ask.viewer, command, clock=ask.clock))

    return ask.write(work)


@operation(router, "POST", "/offers/{offer}/retire", _WRITES, also=(409,))
def retire_offer(ask: AskDep, offer: OfferPath) -> Offer:
    """Take a price off sale, now. Orders placed before can still be paid."""
    return Offer.of(ask.write(lambda session: commerce.retire_offer(session, ask.viewer, offer, clock=ask.clock)))


def _public(offer: commerce.OfferView) -> str:
    return public_id("product", offer.product_id)
