"""The checkout's page: what is bought, other ways to have it, what it comes to, how it is paid."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import Money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.entitlements import api as entitlements
from xingtan.web.commerce.checkout_form import Chosen, Said, chosen, countries
from xingtan.web.commerce.pages import Errors, NotBuyablePage, Part
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.ways import PLANS, Way, way_of
from xingtan.web.edge import Edge
from xingtan.web.storefront.cards import picture
from xingtan.web.storefront.seo import Picture

_NOT_HERE = ("per_use",)
"""Ways to pay that have no order of their own: they are paid where they are used."""
GIVEN = ("once", "pay_what_you_want")
"""Ways to sell by which something can be bought for somebody else."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What is bought, whatever it is. `slug` is empty for what has no page of its own."""

    title: str
    kind: str
    slug: str = ""
    author: str = ""
    lesson_count: int = 0
    summary: str = ""
    product: catalog.ProductCard | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A product that can be taken along; nobody ticks it but the buyer."""

    offer_id: str
    title: str
    price: Money
    note: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Paying:
    """A way to pay; `is_recurring`: it can be charged again by itself."""

    name: str
    is_recurring: bool


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What is bought, for how much, under which rule, by whom. `what` names the checkout in its own address."""

    template: ClassVar[str] = "commerce/checkout.html"
    what: str
    thing: Thing
    cover: Picture | None
    way: Way
    offer_public_id: str
    parts: Sequence[Part]
    ways: Sequence[Way]
    currencies: Sequence[Way]
    quote: commerce.Quote | None
    has_codes: bool
    group: commerce.GroupView | None
    add_ons: Sequence[Beside]
    countries: Mapping[str, str]
    policy: commerce.RefundPolicy
    providers: Sequence[Paying]
    invoice_title: str | None
    may_be_given: bool
    key: str
    said: Said
    email: str = ""
    errors: Errors = field(default_factory=dict)


def build(
    session: Session, here: Edge, what: str, *, said: Said, email: str = "", errors: Errors | None = None
) -> CheckoutPage | NotBuyablePage:
    """Return the page for an offer or a product, with what the form said so far; or why it cannot be bought."""
    thing, offer = named(session, here, what)
    at = here.platform.clock.now()
    if offer is None or not offer.is_live(at):
        return NotBuyablePage(thing.title, thing.slug, "gone")
    try:
        wanted, priced, refusals = _priced(session, here, offer, said)
    except AlreadyOwned as error:
        return NotBuyablePage(thing.title, thing.slug, "owned", error.sentence)
    except OfferGone:
        return NotBuyablePage(thing.title, thing.slug, "gone")
    total = priced.quote.total if priced is not None else offer.price
    return CheckoutPage(
        what=what, thing=thing, cover=_cover(session, thing), way=way_of(offer, is_chosen=True),
        offer_public_id=public_id("offer", offer.id),
        parts=_parts(session, here, thing), ways=_ways(session, offer, at=at),
        currencies=_currencies(session, offer, at=at), quote=priced.quote if priced is not None else None,
        has_codes=bool(wanted is not None and wanted.codes), group=_group(session, here, said),
        add_ons=_add_ons(session, here, offer, said),
        countries=countries(here.language) if commerce.asks_country(session) else {},
        policy=commerce.refund_policy(session), providers=ways_to_pay(session, here, offer, total),
        invoice_title=_invoice_title(session, here), may_be_given=thing.product is not None and offer.model in GIVEN,
        key=secrets.token_urlsafe(18),
        said=_said(offer, said), email=email,
        errors={**refusals, **(errors or {})},
    )  # fmt: skip


def _said(offer: commerce.OfferView, said: Said) -> Said:
    """Return the form as it is shown again: with the amount suggested, where the buyer decides and has not yet."""
    if not offer.is_open_priced:
        return replace(said, amount=None)
    return replace(said, amount=offer.price.major()) if said.amount is None else said


def named(session: Session, here: Edge, what: str) -> tuple[Thing, commerce.OfferView | None]:
    """Return what is sold at an address, and by which offer; `NotFound` for what is neither offer nor product."""
    if what.startswith("ofr_"):
        offer = commerce.offer(session, private_id("offer", what))
        return _thing(session, here, offer), offer
    product = catalog.product_by_slug(session, what)
    if product.state in {"draft", "scheduled"}:
        raise NotFound(say("There is nothing here."))
    currency = here.request.app.state.academy.view(here.language).currency
    found = commerce.live_offers(session, [product.id], currency=currency, at=here.platform.clock.now())
    ways = (one for one in found.get(product.id, ()) if one.model not in _NOT_HERE)
    return _of_product(product), next(ways, None)


def _thing(session: Session, here: Edge, offer: commerce.OfferView) -> Thing:
    if offer.product_id is not None:
        return _of_product(catalog.find_products(session, [offer.product_id])[offer.product_id])
    if offer.tier_id is not None:
        tier = subscribing.tier(session, offer.tier_id)
        return Thing(tier.name_in(here.language), "membership", summary=tier.summary_in(here.language))
    return Thing(str(offer.terms.get("title", "")), offer.model)


def _of_product(product: catalog.ProductCard) -> Thing:
    return Thing(
        product.title, product.kind, product.slug, product.author, product.lesson_count, product=product
    )  # fmt: skip


def preview(here: Edge, offer: commerce.OfferView, wanted: Chosen) -> commerce.PreviewOrder:
    """Return the question what this would cost the reader now."""
    return commerce.PreviewOrder(
        here.person_id, offer.id, wanted.chosen, also=wanted.also, codes=wanted.codes, country=wanted.country,
        group_id=wanted.group_id,
    )  # fmt: skip


def _priced(
    session: Session, here: Edge, offer: commerce.OfferView, said: Said
) -> tuple[Chosen | None, commerce.Priced | None, Errors]:
    """Return what the form means, what that costs, and what cannot be: then the price without it."""
    clock = here.platform.clock
    try:
        wanted = chosen(session, here, offer, said)
        priced = commerce.preview_order(session, preview(here, offer, wanted), clock=clock)
    except Invalid as error:
        plain = commerce.PreviewOrder(here.person_id, offer.id)
        return None, commerce.preview_order(session, plain, clock=clock), words_of(here, error)
    except (AlreadyOwned, OfferGone):
        raise
    except Conflict as error:
        return None, None, words_of(here, error)
    refused = Invalid({"code": priced.refused[0][1]}) if priced.refused else None
    return wanted, priced, words_of(here, refused) if refused is not None else {}


def ways_to_pay(session: Session, here: Edge, offer: commerce.OfferView, total: Money) -> tuple[Paying, ...]:
    """Return the ways to pay that fit: the wallet only where enough is in it, and never to fill a wallet."""
    providers = commerce.open_providers(here.platform)
    names = commerce.offered(providers, total.currency, language=here.language)
    has_wallet = offer.model != "top_up" and commerce.wallet_covers(session, here.person_id, total)
    found = [Paying(one, "recurring" in providers[one].abilities) for one in names if one != "wallet" or has_wallet]
    if offer.model in PLANS:
        found.sort(key=lambda one: not one.is_recurring)
    return tuple(found)


def _ways(session: Session, current: commerce.OfferView, *, at: datetime) -> tuple[Way, ...]:
    """Return every way to have the same thing in the same currency, the chosen one among them; empty for only one."""
    currency = current.price.currency
    if current.product_id is not None:
        found = commerce.live_offers(session, [current.product_id], currency=currency, at=at)
        offers = [one for one in found.get(current.product_id, ()) if one.model not in _NOT_HERE]
    elif current.tier_id is not None:
        plans = subscribing.plans_on_sale(session, currency=currency, at=at)
        offers = [one.offer for one in plans if one.offer.tier_id == current.tier_id]
    else:
        offers = []
    ways = [way_of(one, is_chosen=one.id == current.id) for one in offers if one.price.currency == currency]
    return tuple(ways) if len(ways) > 1 else ()


def _currencies(session: Session, current: commerce.OfferView, *, at: datetime) -> tuple[Way, ...]:
    """Return the very same in every currency in which it is sold; empty for only one."""
    others = commerce.in_other_currencies(session, current, at=at)
    return tuple(way_of(one, is_chosen=one.id == current.id) for one in (current, *others)) if others else ()


def _cover(session: Session, thing: Thing) -> Picture | None:
    cover_id = thing.product.cover_asset_id if thing.product is not None else None
    covers = catalog.find_assets(session, [cover_id] if cover_id else [])
    return picture(next(iter(covers.values()), None))


def _parts(session: Session, here: Edge, thing: Thing) -> tuple[Part, ...]:
    if thing.product is None:
        return ()
    goods = commerce.goods(session, thing.product.id)
    at = here.platform.clock.now()
    owned = entitlements.owned_for_good(session, here.person_id, at=at) if here.person_id else frozenset()
    return tuple(Part(it.title, it.kind, it.product_id in owned) for it in goods.parts if it.was_published)


def _group(session: Session, here: Edge, said: Said) -> commerce.GroupView | None:
    try:
        return commerce.group_by_code(session, here.viewer, said.group) if said.group else None
    except NotFound:  # the form's error says so
        return None


def _add_ons(session: Session, here: Edge, offer: commerce.OfferView, said: Said) -> tuple[Beside, ...]:
    if offer.product_id is None:
        return ()
    found = promotions.add_ons_for(
        session, here.person_id, [offer.product_id], place="checkout", currency=offer.price.currency,
        at=here.platform.clock.now(),
    )  # fmt: skip
    ids = {one.offer.id: public_id("offer", one.offer.id) for one in found}
    return tuple(
        Beside(
            ids[one.offer.id],
            one.title,
            one.offer.price,
            one.note.get(here.language, ""),
            ids[one.offer.id] in said.also,
        )
        for one in found
    )


def _invoice_title(session: Session, here: Edge) -> str | None:
    if here.person_id is None:
        return None
    details = documents.billing(session, here.viewer, vault=here.platform.vault)
    return details.title if details is not None else None
