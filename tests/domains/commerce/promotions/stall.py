"""What the tests of promotion do with a shop, in few words."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.domains.commerce.shop import Shop
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions


class Stall:
    """A shop with coupons, codes and gifts."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def coupon(self, code: str = "SPRING", **more: Any) -> promotions.CouponView:
        terms = {"share_bp": 1_000, **more} if "amounts" not in more else more
        command = promotions.MakeCoupon(code, **terms)
        return self.shop.platform.database.write(
            lambda session: promotions.make_coupon(session, SYSTEM, command, clock=self.shop.clock)
        )

    def look(self, coupon: promotions.CouponView) -> promotions.CouponView:
        at = self.shop.clock.now()
        return self.shop.platform.database.read(lambda session: promotions.coupon(session, SYSTEM, coupon.id, at=at))

    def preview(self, who: Viewer, offer: commerce.OfferView, **more: Any) -> Any:
        command = self._order(who, offer, "preview-key", more)
        return self.shop.platform.database.read(
            lambda session: commerce.preview_order(session, command, clock=self.shop.clock)
        )

    def place(self, who: Viewer, offer: commerce.OfferView, **more: Any) -> commerce.PlacedOrder:
        command = self._order(who, offer, self.shop.key(), more)
        return self.shop.platform.database.write(
            lambda session: commerce.place_order(session, command, clock=self.shop.clock)
        )

    def buy(self, who: Viewer, offer: commerce.OfferView, **more: Any) -> str:
        return self.pay(self.place(who, offer, **more))

    def pay(self, placed: commerce.PlacedOrder) -> str:
        if placed.payment_id is not None:
            shown = self.shop.present(placed.payment_id)
            self.shop.choose(shown.rpartition("/")[2], "success")
        self.shop.drain()
        return placed.number

    @staticmethod
    def _order(who: Viewer, offer: commerce.OfferView, key: str, more: dict[str, Any]) -> commerce.PlaceOrder:
        assert who.person_id is not None
        return commerce.PlaceOrder(who.person_id, offer.id, key, "sandbox", "en", **more)

    def gift(
        self, who: Viewer, offer: commerce.OfferView, letter: promotions.Letter | None = None, *,
        days: int | None = None, key: str | None = None, **more: Any,
    ) -> commerce.PlacedOrder:  # fmt: skip
        order = self._order(who, offer, key or self.shop.key(), more)
        command = commerce.PlaceGift(order, letter or promotions.Letter(), days)
        vault = self.shop.platform.vault
        return self.shop.platform.database.write(
            lambda session: commerce.place_gift(session, command, clock=self.shop.clock, vault=vault)
        )

    def gifts(self, who: Viewer) -> tuple[promotions.GiftView, ...]:
        vault = self.shop.platform.vault
        return self.shop.platform.database.read(lambda session: promotions.my_gifts(session, who, vault=vault))

    def claim(self, who: Viewer, token: str) -> UUID:
        return self.shop.platform.database.write(
            lambda session: promotions.claim_gift(session, who, token, clock=self.shop.clock)
        )

    def take_back(self, who: Viewer, gift_id: UUID) -> None:
        self.shop.platform.database.write(
            lambda session: commerce.take_back_gift(session, who, gift_id, clock=self.shop.clock)
        )
        self.shop.drain()

    def batch(self, product_id: UUID | None, total: int = 3, **more: Any) -> promotions.BatchView:
        command = promotions.MakeBatch("Readers", product_id, total, **more)
        return self.shop.platform.database.write(
            lambda session: promotions.make_batch(session, SYSTEM, command, clock=self.shop.clock)
        )

    def codes(self, batch: promotions.BatchView) -> tuple[str, ...]:
        return self.shop.platform.database.write(
            lambda session: promotions.make_codes(session, SYSTEM, batch.id, clock=self.shop.clock)
        )

    def redeem(self, who: Viewer, code: str) -> promotions.RedeemedView:
        return self.shop.platform.database.write(
            lambda session: promotions.redeem(session, who, code, clock=self.shop.clock)
        )

    def access_until(self, who: Viewer, product_id: UUID, at: datetime) -> bool:
        self.shop.clock.set(at)
        return self.shop.owns(who, product_id)


def total_of(priced: Any) -> Money:
    found: Money = priced.quote.total
    return found
