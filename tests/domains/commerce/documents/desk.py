"""A desk that writes documents, and what happens in the books beside them."""

from dataclasses import dataclass
from itertools import count
from uuid import UUID

from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.money import Money, total
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce.documents import api as documents
from xingtan.infra.db import Database

SIX = documents.Rate(600, "inclusive")


@dataclass
class Desk:
    """Payments and refunds as commerce tells of them: an entry in the books, and a document."""

    shop: Shop

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.offer = self.shop.offer(self.shop.product())
        self.left: dict[str, list[documents.Taxed]] = {}
        self.orders: dict[UUID | None, tuple[UUID, str]] = {}

    @property
    def database(self) -> Database:
        return self.shop.platform.database

    def facts(self, who: Viewer, *prices: str, rate: documents.Rate = SIX) -> documents.DocumentFacts:
        """Return the facts of a new payment of an order that waits for it."""
        assert who.person_id is not None
        if who.person_id not in self.orders:
            placed = self.shop.place(who, self.offer)
            self.orders[who.person_id] = (placed.order_id, placed.number)
        order_id, number = self.orders[who.person_id]
        amounts = documents.tax_lines([(yuan(price), rate) for price in prices or ("199",)])
        lines = tuple(documents.DocumentLine(f"Tea {place}", one, rate) for place, one in enumerate(amounts, 1))
        key = f"payment:{next(self._numbers)}"
        return documents.DocumentFacts(key, order_id, number, who.person_id, "zh", "sandbox", lines)

    def receive(self, facts: documents.DocumentFacts) -> UUID:
        return self.database.write(lambda session: self.receive_in(session, facts))

    def receive_in(self, session: Session, facts: documents.DocumentFacts) -> UUID:
        """Post the payment and write its receipt, as one commit does."""
        net, tax, gross = _sum(facts.lines)
        lines = (books.Line(books.provider_account("sandbox"), gross), books.Line(books.SALES, -net))
        lines += (books.Line(books.TAX, -tax),) if tax else ()
        self._post(session, facts.entry_key, "sale", facts.order_id, lines)
        return documents.issue_receipt(session, facts, vault=self.shop.platform.vault, clock=self.shop.clock)

    def give_back(self, facts: documents.DocumentFacts, amount: str | None = None) -> UUID:
        """Post a refund, in part or of all that is left, and write its credit note."""
        key = f"refund:{next(self._numbers)}"
        left = self.left.setdefault(facts.entry_key, [one.amounts for one in facts.lines])
        gross = yuan(amount) if amount else total([one.gross for one in left], "CNY")
        parts = documents.part_of(left, gross)
        pairs = zip(facts.lines, parts, strict=True)
        lines = tuple(documents.DocumentLine(one.title, part, one.rate) for one, part in pairs)

        def work(session: Session) -> UUID:
            net, tax, gross = _sum(lines)
            posted = (books.Line(books.REFUNDS, net), books.Line(books.provider_account("sandbox"), -gross))
            posted += (books.Line(books.TAX, tax),) if tax else ()
            self._post(session, key, "refund", facts.order_id, posted)
            note = documents.CreditFacts(key, facts.entry_key, "goodwill", lines)
            return documents.issue_credit_note(session, note, clock=self.shop.clock)

        done: UUID = self.database.write(work)
        self.left[facts.entry_key] = [_less(mine, off) for mine, off in zip(left, parts, strict=True)]
        return done

    def _post(self, session: Session, key: str, memo: str, order_id: UUID, lines: tuple[books.Line, ...]) -> None:
        books.post(session, books.Entry(key, memo, "order", order_id, lines), clock=self.shop.clock)

    def number(self) -> int:
        return self.database.write(documents.number_documents)

    def mine(self, who: Viewer) -> list[documents.DocumentRow]:
        """Return a person's documents, oldest first."""
        return list(reversed(self.database.read(lambda session: documents.my_documents(session, who))))

    def whole(self, who: Viewer, label: str | None) -> documents.DocumentView:
        assert label is not None
        vault = self.shop.platform.vault
        return self.database.read(lambda session: documents.document(session, who, label, vault=vault))

    def save_details(self, who: Viewer, **more: str) -> None:
        values = {
            "kind": "company",
            "title": "杏坛书院有限公司",
            "tax_number": "91350100M000100Y43",
            "address": "福州",
            "country": "CN",
        } | more
        details, vault = documents.BuyerDetails(**values), self.shop.platform.vault
        self.database.write(
            lambda session: documents.save_billing(session, who, details, vault=vault, clock=self.shop.clock)
        )

    def faults(self) -> list[str]:
        return self.database.read(lambda session: [*books.check(session), *documents.check(session)])

    def series(self) -> dict[str, documents.SeriesView]:
        found = self.database.read(lambda session: documents.series(session, SYSTEM))
        return {f"{one.series}-{one.year}": one for one in found}


def _less(one: documents.Taxed, off: documents.Taxed) -> documents.Taxed:
    return documents.Taxed(one.net - off.net, one.tax - off.tax, one.gross - off.gross)


def _sum(lines: tuple[documents.DocumentLine, ...]) -> tuple[Money, Money, Money]:
    net, tax, gross = (total([one.amounts[place] for one in lines], "CNY") for place in range(3))
    return net, tax, gross
