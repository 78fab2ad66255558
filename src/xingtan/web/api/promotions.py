"""Promotion: coupons, redeem codes, gifts, add-ons, purchasing power, checkouts that were left."""

from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, AskDep, staff
from xingtan.web.api.fields import AddOnPath, BatchPath, CouponPath, GiftPath, Name
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.order_schemas import OneTimeKey, Placed
from xingtan.web.api.orders import presented
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.promotion_schemas import (
    AbandonedCheckout,
    AddOn,
    AddOnIn,
    Batch,
    BatchIn,
    Claimed,
    ClaimIn,
    Codes,
    Country,
    CountryIn,
    Coupon,
    CouponIn,
    CouponSales,
    Gift,
    GiftIn,
    GiftLetterIn,
    Redeemed,
    RedeemIn,
)

router = operations("promotion")

_READS = staff("read:catalog", Permission.CATALOG_READ)
_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_COUNTS = staff("read:numbers", Permission.NUMBERS_READ)
_ORDERS = staff("read:orders", Permission.ORDERS_READ)
REDEEMING = (("10/hour", "redeem"), ("30/hour", "redeem from"))


@operation(router, "GET", "/coupons", _READS)
def list_coupons(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Coupon]:
    """Every coupon, newest first."""
    found = ask.read(lambda session: promotions.coupons(session, ask.viewer, at=ask.clock.now()))
    return sliced(found, cursor=cursor, limit=limit, show=Coupon.of)


@operation(router, "POST", "/coupons", _WRITES, status=201)
def make_coupon(ask: AskDep, body: CouponIn) -> Coupon:
    """Make a coupon. What it takes off never changes."""
    return Coupon.of(
        ask.write(lambda session: promotions.make_coupon(session, ask.viewer, body.command, clock=ask.clock))
    )


@operation(router, "GET", "/coupons/{coupon}", _READS)
def get_coupon(ask: AskDep, coupon: CouponPath) -> Coupon:
    """One coupon."""
    return Coupon.of(ask.read(lambda session: promotions.coupon(session, ask.viewer, coupon, at=ask.clock.now())))


@operation(router, "GET", "/coupons/{coupon}/sales", _COUNTS)
def get_coupon_sales(ask: AskDep, coupon: CouponPath) -> list[CouponSales]:
    """What paid orders with a coupon came to, by currency."""
    found = ask.read(lambda session: promotions.coupon_figures(session, ask.viewer, [coupon]))
    return [CouponSales.of(one) for one in found.get(coupon, ())]


@operation(router, "POST", "/coupons/{coupon}/pause", _WRITES, also=(409,))
def pause_coupon(ask: AskDep, coupon: CouponPath) -> Coupon:
    """Let nobody use a coupon until it is resumed."""

    def work(session: Session) -> promotions.CouponView:
        promotions.pause_coupon(session, ask.viewer, coupon, clock=ask.clock)
        return promotions.coupon(session, ask.viewer, coupon, at=ask.clock.now())

    return Coupon.of(ask.write(work))


@operation(router, "POST", "/coupons/{coupon}/resume", _WRITES, also=(409,))
def resume_coupon(ask: AskDep, coupon: CouponPath) -> Coupon:
    """Let a coupon be used again."""

    def work(session: Session) -> promotions.CouponView:
        promotions.resume_coupon(session, ask.viewer, coupon, clock=ask.clock)
        return promotions.coupon(session, ask.viewer, coupon, at=ask.clock.now())

    return Coupon.of(ask.write(work))


@operation(router, "POST", "/coupons/{coupon}/end", _WRITES, also=(409,))
def end_coupon(ask: AskDep, coupon: CouponPath) -> Coupon:
    """Take a coupon back for good; orders placed before keep it."""

    def work(session: Session) -> promotions.CouponView:
        promotions.end_coupon(session, ask.viewer, coupon, clock=ask.clock)
        return promotions.coupon(session, ask.viewer, coupon, at=ask.clock.now())

    return Coupon.of(ask.write(work))


@operation(router, "GET", "/code-batches", _READS)
def list_code_batches(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Batch]:
    """Every batch of redeem codes, newest first."""
    found = ask.read(lambda session: promotions.batches(session, ask.viewer, at=ask.clock.now()))
    return sliced(found, cursor=cursor, limit=limit, show=Batch.of)


@operation(router, "POST", "/code-batches", _WRITES, status=201, also=(404,))
def make_code_batch(ask: AskDep, body: BatchIn) -> Batch:
    """Describe a batch of redeem codes; it has no codes yet."""
    command = promotions.MakeBatch(
        body.title, body.product, body.total, body.days, body.per_person, body.ends_at, body.tier
    )
    return Batch.of(ask.write(lambda session: promotions.make_batch(session, ask.viewer, command, clock=ask.clock)))


@operation(router, "POST", "/code-batches/{batch}/codes", _WRITES, status=201, also=(409,))
def make_codes(ask: AskDep, batch: BatchPath) -> Codes:
    """Make the codes of a batch and tell them, for this once; those made before die."""
    made = ask.write(lambda session: promotions.make_codes(session, ask.viewer, batch, clock=ask.clock))
    return Codes(codes=list(made))


@operation(router, "POST", "/code-batches/{batch}/pause", _WRITES, also=(409,))
def pause_code_batch(ask: AskDep, batch: BatchPath) -> Batch:
    """Let nobody redeem the codes of a batch until they are resumed."""

    def work(session: Session) -> promotions.BatchView:
        promotions.pause_batch(session, ask.viewer, batch, clock=ask.clock)
        return promotions.batch(session, ask.viewer, batch, at=ask.clock.now())

    return Batch.of(ask.write(work))


@operation(router, "POST", "/code-batches/{batch}/resume", _WRITES, also=(409,))
def resume_code_batch(ask: AskDep, batch: BatchPath) -> Batch:
    """Let the codes of a batch be redeemed again."""

    def work(session: Session) -> promotions.BatchView:
        promotions.resume_batch(session, ask.viewer, batch, clock=ask.clock)
        return promotions.batch(session, ask.viewer, batch, at=ask.clock.now())

    return Batch.of(ask.write(work))


@operation(router, "POST", "/code-batches/{batch}/end", _WRITES, also=(409,))
def end_code_batch(ask: AskDep, batch: BatchPath) -> Batch:
    """Let nobody redeem the codes of a batch any more."""

    def work(session: Session) -> promotions.BatchView:
        promotions.end_batch(session, ask.viewer, batch, clock=ask.clock)
        return promotions.batch(session, ask.viewer, batch, at=ask.clock.now())

    return Batch.of(ask.write(work))


@operation(router, "POST", "/redeem", WRITE_MINE, also=(409,))
def redeem_code(ask: AskDep, body: RedeemIn) -> Redeemed:
    """Redeem a code for oneself. Every code that gives nothing gets the same answer."""
    for (rule, name), key in zip(REDEEMING, (str(ask.person_id), ask.here.client), strict=True):
        ask.platform.limiter.check(rule, name, key)
    found = ask.write(lambda session: promotions.redeem(session, ask.viewer, body.code, clock=ask.clock))
    return Redeemed.model_validate(found, from_attributes=True)


@operation(router, "GET", "/me/gifts", READ_MINE)
def list_my_gifts(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Gift]:
    """The gifts that one has paid for, newest first, with their links."""
    found = ask.read(lambda session: promotions.my_gifts(session, ask.viewer, vault=ask.vault))
    return sliced(found, cursor=cursor, limit=limit, show=Gift.of)


@operation(router, "POST", "/gifts", WRITE_MINE, status=201, also=(404, 409))
def place_gift(ask: AskDep, body: GiftIn, key: OneTimeKey) -> Placed:
    """Buy something for somebody else: place the order, and get the address of the page on which it is paid."""
    providers = commerce.open_providers(ask.platform)
    provider = body.provider or next(iter(providers), "")
    if provider and provider not in providers:
        raise Invalid.of("provider", say("This way to pay is not offered here."))
    order = commerce.PlaceOrder(
        ask.person_id, body.offer, key, provider, ask.viewer.language, body.amount.money if body.amount else None,
        codes=body.codes,
    )  # fmt: skip
    command = commerce.PlaceGift(order, body.letter, ask.platform.settings.gift_days or None)
    placed = ask.write(lambda session: commerce.place_gift(session, command, clock=ask.clock, vault=ask.vault))
    return presented(ask, placed, providers)


@operation(router, "POST", "/gifts/{gift}/send", WRITE_MINE, also=(409,))
def send_gift(ask: AskDep, gift: GiftPath, body: GiftLetterIn) -> Gift:
    """Write one's own unclaimed gift to another address, or to none; the link of before dies."""

    def work(session: Session) -> promotions.GiftView:
        promotions.send_gift_to(session, ask.viewer, gift, body.letter, clock=ask.clock, vault=ask.vault)
        return promotions.my_gift(session, ask.viewer, gift, vault=ask.vault)

    return Gift.of(ask.write(work))


@operation(router, "POST", "/gifts/{gift}/take-back", WRITE_MINE, also=(409,))
def take_back_gift(ask: AskDep, gift: GiftPath) -> Gift:
    """Take one's own unclaimed gift back; its money goes back in the background."""

    def work(session: Session) -> promotions.GiftView:
        commerce.take_back_gift(session, ask.viewer, gift, clock=ask.clock)
        return promotions.my_gift(session, ask.viewer, gift, vault=ask.vault)

    return Gift.of(ask.write(work))


@operation(router, "POST", "/gift-claims", WRITE_MINE, also=(404, 409))
def claim_gift(ask: AskDep, body: ClaimIn) -> Claimed:
    """Claim a gift for oneself by the secret part of its link."""
    for (rule, name), key in zip(REDEEMING, (str(ask.person_id), ask.here.client), strict=True):
        ask.platform.limiter.check(rule, name, key)
    product_id = ask.write(lambda session: promotions.claim_gift(session, ask.viewer, body.token, clock=ask.clock))
    return Claimed(product_id=product_id)


@operation(router, "GET", "/add-ons", _READS)
def list_add_ons(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[AddOn]:
    """What is offered beside what."""
    found = ask.read(lambda session: promotions.add_ons(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=AddOn.of)


@operation(router, "POST", "/add-ons", _WRITES, status=201, also=(404,))
def make_add_on(ask: AskDep, body: AddOnIn) -> AddOn:
    """Have a product offered beside another."""
    command = promotions.MakeAddOn(
        body.offered, body.place, body.product, {str(language): text for language, text in body.note.items()}
    )
    return AddOn.of(ask.write(lambda session: promotions.make_add_on(session, ask.viewer, command, clock=ask.clock)))


@operation(router, "DELETE", "/add-ons/{add_on}", _WRITES, status=204)
def end_add_on(ask: AskDep, add_on: AddOnPath) -> None:
    """Offer it no more."""
    ask.write(lambda session: promotions.end_add_on(session, ask.viewer, add_on, clock=ask.clock))


@operation(router, "GET", "/purchasing-power", _READS)
def list_purchasing_power(ask: AskDep, cursor: Cursor = None, limit: Limit = 200) -> Page[Country]:
    """What living in which country takes off every price."""
    found = ask.read(promotions.purchasing_powers)
    return sliced(found, cursor=cursor, limit=limit, show=lambda one: Country(country=one.country, off_bp=one.off_bp))


@operation(router, "PUT", "/purchasing-power/{country}", _WRITES)
def set_purchasing_power(ask: AskDep, country: Name, body: CountryIn) -> Country:
    """Say what living in a country takes off every price; 0 takes the country out."""
    ask.write(
        lambda session: promotions.set_purchasing_power(
            session, ask.viewer, country, off_bp=body.off_bp, clock=ask.clock
        )
    )
    return Country(country=country, off_bp=body.off_bp)


@operation(router, "GET", "/abandoned-checkouts", _ORDERS)
def list_abandoned_checkouts(ask: AskDep, cursor: Cursor = None) -> Page[AbandonedCheckout]:
    """Checkouts that were left by people who agree to letters, newest first."""
    found = ask.read(lambda session: promotions.abandoned_checkouts(session, ask.viewer, cursor=cursor))
    return Page(items=[AbandonedCheckout.of(one) for one in found.checkouts], next=found.next_cursor)
