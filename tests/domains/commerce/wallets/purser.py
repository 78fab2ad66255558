"""What a learner does with money that she paid ahead, in a few words; on top of the shop."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.catalog.models import Lesson, Section
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.queries import invariants_wallets
from xingtan.infra.db import new_id


@dataclass
class Purser:
    """A shop, and verbs of wallets. Every verb is one transaction, or what a browser would do."""

    shop: Shop

    # what is sold

    def pack(self, price: str = "100", bonus: int = 0, title: str = "") -> commerce.OfferView:
        command = commerce.MakeOffer(
            None, "top_up", yuan(price), terms={"title": title or f"Top-up {price}", "bonus_minor": bonus}
        )
        return self._write(lambda session: commerce.make_offer(session, SYSTEM, command, clock=self.shop.clock))

    def credits(
        self, price: str, uses: int, *, unit: str = "lesson", product_id: UUID | None = None, days: int | None = None
    ) -> commerce.OfferView:
        terms: dict[str, object] = {"title": f"{uses} uses", "unit": unit, "credits": uses}
        if days is not None:
            terms["days"] = days
        command = commerce.MakeOffer(product_id, "credits", yuan(price), terms=terms)
        return self._write(lambda session: commerce.make_offer(session, SYSTEM, command, clock=self.shop.clock))

    def per_use(self, product_id: UUID, price: str, unit: str = "lesson") -> commerce.OfferView:
        return self.shop.offer(product_id, price, model="per_use", terms={"unit": unit})

    def lesson(self, product_id: UUID, slug: str = "one", *, minutes: int = 10, kind: str = "text") -> UUID:
        lesson_id, section_id, version_id, now = new_id(), new_id(), new_id(), self.shop.clock.now()

        def work(session: Session) -> None:
            session.add(
                Section(id=section_id, product_id=product_id, position=0, title="", source_key=None, removed_at=None)
            )
            session.flush()
            session.add(
                Lesson(
                    id=lesson_id, product_id=product_id, section_id=section_id, position=0, slug=slug, kind=kind,
                    is_preview=False, released_after_days=0, published_version_id=version_id, published_at=now,
                    draft_version_id=version_id, source_key=None, source_hash=None, removed_at=None,
                    title=slug.title(), minutes=minutes,
                )
            )  # fmt: skip

        self._write(work)
        return lesson_id

    # what she does

    def fill(self, who: Viewer, price: str = "100", bonus: int = 0) -> str:
        """Fill the wallet through the sandbox; return the order's number."""
        return self.shop.buy(who, self.pack(price, bonus, title=f"{price}+{bonus} {self.shop.key()}"))

    def pay(self, who: Viewer, offer: commerce.OfferView) -> str:
        """Buy something from the wallet; return the order's number."""
        placed = self.place(who, offer)
        commerce.present(self.shop.platform.database, self.shop.providers, placed.payment_id, clock=self.shop.clock)  # type: ignore[arg-type]
        return placed.number

    def place(self, who: Viewer, offer: commerce.OfferView) -> commerce.PlacedOrder:
        assert who.person_id is not None
        command = commerce.PlaceOrder(who.person_id, offer.id, self.shop.key(), "wallet", "en")
        return self._write(lambda session: commerce.place_order(session, command, clock=self.shop.clock))

    def open(self, who: Viewer, lesson_id: UUID, **where: float) -> commerce.Used:
        at = commerce.AtLesson(lesson_id, **where)
        return self._write(
            lambda session: commerce.open_by_use(session, who, at, currency="CNY", clock=self.shop.clock)
        )

    def meter(self, who: Viewer, lesson_id: UUID, **where: float) -> commerce.Metered:
        at = commerce.AtLesson(lesson_id, **where)
        return self._write(lambda session: commerce.meter(session, who, at, clock=self.shop.clock))

    def withdraw(
        self, who: Viewer, amount: str | None = None, *, key: str | None = None
    ) -> tuple[commerce.WithdrawalPart, ...]:
        command = commerce.Withdraw("CNY", yuan(amount) if amount else None, key or self.shop.key())
        return self._write(lambda session: commerce.withdraw(session, who, command, clock=self.shop.clock))

    def reverse(self, use_id: UUID) -> None:
        self._write(lambda session: commerce.reverse_use(session, SYSTEM, use_id, clock=self.shop.clock))

    # looking

    def purse(self, who: Viewer) -> tuple[int, int]:
        """Return the paid money and the bonus in her wallet, in fen."""
        wallets = self._read(lambda session: commerce.my_wallets(session, who))
        return (wallets[0].purse.paid.minor, wallets[0].purse.bonus.minor) if wallets else (0, 0)

    def lines(self, who: Viewer) -> list[tuple[str, int, int]]:
        rows = self._read(lambda session: commerce.whole_statement(session, who, "CNY"))
        return [(row.kind, row.moved.paid.minor, row.moved.bonus.minor) for row in rows]

    def left(self, who: Viewer) -> int:
        found = self._read(lambda session: commerce.my_credits(session, who, at=self.shop.clock.now()))
        return sum(one.left for one in found if one.is_usable)

    def faults(self) -> list[str]:
        mine = self._read(lambda session: list(invariants_wallets.check(session, at=self.shop.clock.now())))
        return [*self.shop.faults(), *mine]

    def _write(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return self.shop.platform.database.write(work)

    def _read(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return self.shop.platform.database.read(work)
