"""A shop to test in: people, products, prices, and the few words in which a test tells what happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.catalog.models import BundleItem, Product, ProductVersion
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import SandboxPayment
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.jobs import Job
from xingtan.infra.platform import Platform
from xingtan.wiring import Wiring
from xingtan.worker.loop import Worker

WIRING = Wiring(
    handlers=commerce.HANDLERS,
    transactional=commerce.TRANSACTIONAL,
    long=commerce.LONG,
    periodic=commerce.PERIODIC,
    public_events=frozenset(),
)


def yuan(text: str) -> Money:
    whole, _, cents = text.partition(".")
    return Money(int(whole) * 100 + int(cents or 0), "CNY")


@dataclass
class Shop:
    """One academy's business, told in verbs. Every verb is one transaction, or what a browser would do."""

    platform: Platform

    def __post_init__(self) -> None:
        self._keys = count(1)
        self.providers: commerce.Providers = commerce.open_providers(self.platform)

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.platform.clock, ManualClock)
        return self.platform.clock

    # people and goods

    def person(self, name: str = "ann") -> Viewer:
        newcomer = identity.Register(f"{name}@example.org", name.title(), "en", is_confirmed=True)
        person = self.platform.database.write(
            lambda session: identity.register(session, newcomer, clock=self.clock, vault=self.platform.vault)
        )
        return Viewer(person.id)

    def product(
        self, slug: str = "tea", *, kind: str = "course", parts: tuple[UUID, ...] = (), state: str = "published"
    ) -> UUID:
        product_id, version_id, now = new_id(), new_id(), self.clock.now()

        def work(session: Session) -> UUID:
            session.add(
                Product(
                    id=product_id, slug=slug, kind=kind, language="en", work_key=None, state=state, publish_at=None,
                    published_at=now, retired_at=None, published_version_id=version_id, draft_version_id=version_id,
                    source_key=None, source_hash=None, position=0, revision=1, created_at=now, updated_at=now,
                    title=slug.title(), subtitle="", summary="", author="", difficulty="beginner", minutes=10,
                    lesson_count=1, cover_asset_id=None, starts_at=None,
                )
            )  # fmt: skip
            session.flush()
            session.add(
                ProductVersion(
                    id=version_id, product_id=product_id, number=1, content={"title": slug.title()}, fingerprint="0",
                    saved_at=now, saved_by_id=None,
                )
            )  # fmt: skip
            session.add_all(
                BundleItem(bundle_id=product_id, product_id=part, position=place) for place, part in enumerate(parts)
            )
            return product_id

        return self.platform.database.write(work)

    def offer(self, product_id: UUID, price: str = "199", **more: object) -> commerce.OfferView:
        model = more.pop("model", "once")
        command = commerce.MakeOffer(product_id, model, yuan(price), **more)  # type: ignore[arg-type]
        return self.platform.database.write(
            lambda session: commerce.make_offer(session, SYSTEM, command, clock=self.clock)
        )

    # buying

    def key(self) -> str:
        return f"test-key-{next(self._keys):04}"

    def place(
        self, who: Viewer, offer: commerce.OfferView, *, chosen: Money | None = None, key: str | None = None
    ) -> commerce.PlacedOrder:
        assert who.person_id is not None
        command = commerce.PlaceOrder(
            who.person_id, offer.id, self.key() if key is None else key, "sandbox", "en", chosen
        )
        return self.platform.database.write(lambda session: commerce.place_order(session, command, clock=self.clock))

    def present(self, payment_id: UUID | None) -> str:
        assert payment_id is not None
        return commerce.present(self.platform.database, self.providers, payment_id, clock=self.clock)

    def checkout(self, who: Viewer, offer: commerce.OfferView, **more: object) -> tuple[commerce.PlacedOrder, str]:
        """Place and present; return the order and the sandbox's reference."""
        placed = self.place(who, offer, **more)  # type: ignore[arg-type]
        return placed, self.present(placed.payment_id).rpartition("/")[2]

    def choose(self, reference: str, choice: str) -> None:
        self.platform.database.write(lambda session: commerce.choose(session, reference, choice, clock=self.clock))

    def buy(self, who: Viewer, offer: commerce.OfferView, **more: object) -> str:
        """Buy, pay, let the notice arrive; return the order's number."""
        placed, reference = self.checkout(who, offer, **more)
        self.choose(reference, "success")
        self.drain()
        return placed.number

    def settle_again(self, payment_id: UUID | None, seen: commerce.ProviderPayment) -> str:
        assert payment_id is not None
        return self.platform.database.write(
            lambda session: commerce.settle(session, payment_id, seen, clock=self.clock)
        )

    def refund(self, number: str, amount: str | None = None, *, key: str | None = None, drain: bool = True) -> UUID:
        payment = self.order(number).kept_payment
        assert payment is not None
        return self.refund_payment(payment.id, yuan(amount) if amount else None, key=key, drain=drain)

    def refund_payment(
        self, payment_id: UUID, amount: Money | None, *, key: str | None = None, drain: bool = True
    ) -> UUID:
        command = commerce.RequestRefund(payment_id, amount, "goodwill", key or self.key())
        refund_id = self.platform.database.write(
            lambda session: commerce.request_refund(session, SYSTEM, command, clock=self.clock)
        )
        if drain:
            self.drain()
        return refund_id

    # time

    def drain(self) -> int:
        return Worker(self.platform, WIRING).drain()

    def pass_time(self, **span: float) -> datetime:
        return self.clock.advance(**span)

    def live_through(self, **span: float) -> None:
        """Let time pass in steps, with the worker at work."""
        end = self.clock.now() + timedelta(**span)
        while self.clock.now() < end:
            self.clock.set(min(end, self.clock.now() + timedelta(minutes=10)))
            self.drain()

    # looking

    def order(self, number: str) -> commerce.OrderView:
        return self.platform.database.read(lambda session: commerce.order(session, SYSTEM, number))

    def owns(self, who: Viewer, product_id: UUID) -> bool:
        assert who.person_id is not None
        person_id = who.person_id
        return self.platform.database.read(
            lambda session: entitlements.has_access(session, person_id, product_id, at=self.clock.now())
        )

    def balances(self) -> Mapping[str, int]:
        rows = self.platform.database.read(lambda session: books.trial_balance(session, SYSTEM))
        return {row.account: row.balance.minor for row in rows if row.balance}

    def faults(self) -> list[str]:
        """Return every invariant that does not hold, the sandbox's own books against ours included."""
        at = self.clock.now()
        return self.platform.database.read(lambda session: [*books.check(session), *commerce.check(session, at=at)])

    def peer_differs(self) -> list[str]:
        """Compare what the provider holds for us by its own books with what ours say (M10), after reconciliation."""

        def work(session: Session) -> list[str]:
            theirs: dict[str, int] = {}
            for row in session.scalars(select(SandboxPayment)):
                left = (row.paid_minor if row.state == "succeeded" else 0) - row.refunded_minor
                theirs[row.paid_currency] = theirs.get(row.paid_currency, 0) + left
            ours = {
                one.balance.currency: one.balance.minor
                for one in books.trial_balance(session, SYSTEM)
                if one.account == "assets:provider:sandbox"
            }
            currencies = {*theirs, *ours}
            return [
                f"M10: {one}: they hold {theirs.get(one, 0)}, we say {ours.get(one, 0)}"
                for one in sorted(currencies) if theirs.get(one, 0) != ours.get(one, 0)
            ]  # fmt: skip

        return self.platform.database.read(work)

    def dead_jobs(self) -> list[str]:
        return self.platform.database.read(
            lambda session: [
                f"{job.kind}: {job.error}" for job in session.scalars(select(Job).where(Job.state == "dead"))
            ]
        )
