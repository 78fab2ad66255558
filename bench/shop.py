"""A shop to measure: products and their prices, people, and what a buyer does, as a browser would have it done."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.money import Money, zero
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.catalog.models import Product, ProductVersion
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

OPENING_DAY = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PRICE = Money(19_900, "CNY")


@contextmanager
def shop(home: Path, url: str, *, clock: ManualClock | None = None) -> Iterator[Platform]:
    """Open an academy at `home` in the database at `url` (empty: SQLite in `home`), and close it at the end."""
    platform = open_platform(Settings(home=home, database_url=url, log_level="error"), clock=clock)
    try:
        yield platform
    finally:
        platform.close()


@dataclass(frozen=True, slots=True)
class Till:
    """What is done at a shop."""

    platform: Platform

    def product(self, slug: str) -> UUID:
        """Put a published course on the shelf."""
        return self.platform.database.write(lambda session: self._product(session, slug))

    def _product(self, session: Session, slug: str) -> UUID:
        product_id, version_id, now = new_id(), new_id(), self.platform.clock.now()
        session.add(
            Product(
                id=product_id, slug=slug, kind="course", language="en", work_key=None, state="published",
                publish_at=None, published_at=now, retired_at=None, published_version_id=version_id,
                draft_version_id=version_id, source_key=None, source_hash=None, position=0, revision=1, created_at=now,
                updated_at=now, title=slug.title(), subtitle="", summary="", author="", difficulty="beginner",
                minutes=10, lesson_count=1, cover_asset_id=None, starts_at=None,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            ProductVersion(
                id=version_id, product_id=product_id, number=1, content={"title": slug.title()}, fingerprint="0",
                saved_at=now, saved_by_id=None,
            )
        )  # fmt: skip
        return product_id

    def offer(self, product_id: UUID | None, model: str = "once", **more: object) -> commerce.OfferView:
        """Sell it, for 199 CNY, or for nothing."""
        price = zero("CNY") if model == "free" else PRICE
        command = commerce.MakeOffer(product_id, model, price, **more)  # type: ignore[arg-type]
        clock = self.platform.clock
        return self.platform.database.write(lambda session: commerce.make_offer(session, SYSTEM, command, clock=clock))

    def person(self) -> Viewer:
        """Register somebody."""
        command = identity.Register(f"{secrets.token_hex(8)}@example.org", "Buyer", "en", is_confirmed=True)
        person = self.platform.database.write(
            lambda session: identity.register(session, command, clock=self.platform.clock, vault=self.platform.vault)
        )
        return Viewer(person.id)

    def place(self, who: Viewer, offer_id: UUID, provider: str = "sandbox") -> commerce.PlacedOrder:
        """Place an order."""
        command = commerce.PlaceOrder(who.require_person(), offer_id, secrets.token_hex(12), provider, "en")
        clock = self.platform.clock
        return self.platform.database.write(lambda session: commerce.place_order(session, command, clock=clock))

    def buy(self, who: Viewer, offer_id: UUID) -> UUID:
        """Buy at the sandbox, leaving a card where one is wanted, and return the order's id."""
        platform, placed = self.platform, self.place(who, offer_id)
        assert placed.payment_id is not None
        providers = commerce.open_providers(platform)
        page = commerce.present(platform.database, providers, placed.payment_id, clock=platform.clock)
        reference = page.redirect_url.rpartition("/")[2]
        platform.database.write(lambda session: commerce.choose(session, reference, "success", clock=platform.clock))
        state = commerce.ask(platform.database, providers, placed.payment_id, clock=platform.clock)
        assert state == "succeeded", state
        return placed.order_id
