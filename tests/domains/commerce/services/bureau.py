"""What learner and academy do about a service, in a few words; on top of the shop."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce


@dataclass
class Bureau:
    """A shop that also does what is asked of it."""

    shop: Shop

    def product(self, slug: str = "advice") -> UUID:
        return self.shop.product(slug, kind="consulting")

    def ask(self, who: Viewer, product_id: UUID, brief: str = "Read my tea plan.", key: str | None = None) -> str:
        command = commerce.AskForService(product_id, brief, "en", key or self.shop.key())
        return self._write(
            lambda session: commerce.ask_for_service(session, who, command, clock=self.shop.clock, vault=self._vault)
        )

    def terms(self, price: str = "1000", deposit_bp: int = 3000, due: str = "after", **days: int) -> commerce.Terms:
        now = self.shop.clock.now()
        deliver, valid = days.get("deliver", 14), days.get("valid", 7)
        return commerce.Terms(
            yuan(price), deposit_bp, due, now + timedelta(days=deliver), now + timedelta(days=valid)  # type: ignore[arg-type]
        )  # fmt: skip

    def quote(self, number: str, terms: commerce.Terms | None = None, scope: str = "Ten pages of notes.") -> int:
        command = commerce.MakeQuote(scope, terms or self.terms())
        return self._write(
            lambda session: commerce.make_quote(
                session, SYSTEM, number, command, clock=self.shop.clock, vault=self._vault
            )
        )

    def accept(self, who: Viewer, number: str, quote: int = 1) -> None:
        self._write(
            lambda session: commerce.accept_quote(session, who, number, quote_number=quote, clock=self.shop.clock)
        )

    def place(self, who: Viewer, number: str, provider: str = "sandbox") -> commerce.PlacedOrder:
        return self._write(
            lambda session: commerce.pay_service(session, who, number, provider=provider, clock=self.shop.clock)
        )

    def pay(self, who: Viewer, number: str) -> str:
        """Pay what is due through the sandbox; return the order's number."""
        placed = self.place(who, number)
        self.shop.choose(self.shop.present(placed.payment_id).rpartition("/")[2], "success")
        self.shop.drain()
        return placed.number

    def begin(self, number: str) -> None:
        self._write(lambda session: commerce.begin_work(session, SYSTEM, number, clock=self.shop.clock))

    def deliver(self, number: str, text: str = "Here it is.", file: commerce.DeliveredFile | None = None) -> None:
        command = commerce.Deliver(text, file)
        self._write(
            lambda session: commerce.deliver(session, SYSTEM, number, command, clock=self.shop.clock, vault=self._vault)
        )

    def take(self, who: Viewer, number: str) -> None:
        self._write(lambda session: commerce.accept_delivery(session, who, number, clock=self.shop.clock))

    def dispute(self, who: Viewer, number: str, reason: str = "Pages are missing.") -> None:
        self._write(
            lambda session: commerce.dispute_delivery(
                session, who, number, reason=reason, clock=self.shop.clock, vault=self._vault
            )
        )

    def leave(self, who: Viewer, number: str) -> None:
        self._write(lambda session: commerce.leave_request(session, who, number, clock=self.shop.clock))

    def decline(self, number: str) -> None:
        self._write(lambda session: commerce.decline_request(session, SYSTEM, number, clock=self.shop.clock))

    def settle(self, number: str, back: str) -> None:
        self._write(
            lambda session: commerce.settle_dispute(session, SYSTEM, number, back=yuan(back), clock=self.shop.clock)
        )

    def say(self, who: Viewer, number: str, text: str) -> None:
        self._write(
            lambda session: commerce.write_message(
                session, who, number, text=text, clock=self.shop.clock, vault=self._vault
            )
        )

    def answer(self, number: str, text: str) -> None:
        self._write(
            lambda session: commerce.answer_message(
                session, SYSTEM, number, text=text, clock=self.shop.clock, vault=self._vault
            )
        )

    def live_through(self, **span: float) -> None:
        """Let time pass in steps of some hours, with the worker at work."""
        end = self.shop.clock.now() + timedelta(**span)
        while self.shop.clock.now() < end:
            self.shop.clock.set(min(end, self.shop.clock.now() + timedelta(hours=12)))
            self.shop.drain()

    # whole ways

    def agreed(self, who: Viewer, terms: commerce.Terms | None = None) -> str:
        number = self.ask(who, self.product(f"advice-{self.shop.key()}"))
        self.quote(number, terms)
        self.accept(who, number)
        return number

    def working(self, who: Viewer, terms: commerce.Terms | None = None) -> str:
        number = self.agreed(who, terms)
        self.pay(who, number)
        self.begin(number)
        return number

    def delivered(self, who: Viewer, terms: commerce.Terms | None = None) -> str:
        number = self.working(who, terms)
        self.deliver(number)
        return number

    # looking

    def look(self, who: Viewer, number: str) -> commerce.RequestView:
        at = self.shop.clock.now()
        return self.shop.platform.database.read(
            lambda session: commerce.my_request(session, who, number, at=at, vault=self._vault)
        )

    def state(self, who: Viewer, number: str) -> str:
        return self.look(who, number).state

    @property
    def _vault(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return self.shop.platform.vault

    def _write(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return self.shop.platform.database.write(work)
