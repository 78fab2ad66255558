"""A market with every model of business, furnished once and copied for each sequence; and its verbs."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.services.bureau import Bureau
from tests.domains.commerce.shop import WIRING, Shop, yuan
from tests.domains.commerce.subscriptions.club import Club
from tests.domains.commerce.wallets.purser import Purser
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Refused
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.affiliates.program import MakeRule, Program, apply, decide, make_rule, set_program
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.documents.tax_rates import MakeTaxRate, make_tax_rate
from xingtan.domains.commerce.models import Payment, SandboxPayment
from xingtan.domains.identity.models import Academy
from xingtan.infra.jobs import Job
from xingtan.infra.outbox import OutboxEvent
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.worker.loop import Worker

T = TypeVar("T")
PEOPLE = ("ann", "bob", "cleo")
LETTERS = tuple(kind for kind in WIRING.long if "mail" in kind)
"""Letters have tests of their own, and cost a file each."""
QUEUED = replace(
    WIRING,
    handlers={kind: tuple(job for job in jobs if job not in LETTERS) for kind, jobs in WIRING.handlers.items()},
    periodic=(),
)
"""What is queued is done by the worker itself; what is periodic is called when time has passed."""


@dataclass(frozen=True)
class Goods:
    """What is known of a furnished market: plain data, so that it holds for each copy."""

    people: tuple[Viewer, ...]
    offers: dict[str, commerce.OfferView]
    products: dict[str, UUID]
    lessons: tuple[UUID, ...]
    codes: tuple[str, ...]
    coupons: tuple[str, ...]


def open_market(home: Path, at: datetime, *, database_url: str = "") -> Platform:
    """Open the academy in `home`, as a start or a restart does."""
    made = Settings(home=home, argon2_fast=True, base_url="http://testserver", database_url=database_url)
    return open_platform(made, clock=ManualClock(at))


def furnish(platform: Platform) -> Goods:
    """Put on sale something of every kind, in one academy; return what there is."""
    shop = Shop(platform)
    stall, club, purser, bureau = Stall(shop), Club(shop), Purser(shop), Bureau(shop)
    shop.platform.database.write(_set_up)
    people = tuple(shop.person(name) for name in PEOPLE)
    products = {
        slug: shop.product(slug) for slug in ("tea", "ink", "cup", "film", "print", "choir", "mag", "atlas", "gym")
    }
    products["both"] = shop.product("both", kind="bundle", parts=(products["tea"], products["ink"]))
    products["advice"] = bureau.product("advice")
    silver, gold = (
        club.tier("silver", subscribing.RuleView("product", product_id=products["tea"])),
        club.tier("gold", subscribing.RuleView("everything"), discount_bp=1_000),
    )
    club.rules(dunning_days=(2, 5, 9), save_bp=3_000, save_periods=2)
    lessons = (purser.lesson(products["gym"], "one"), purser.lesson(products["gym"], "two", minutes=3))
    offers = {
        "tea": shop.offer(products["tea"], "199"),
        "ink": shop.offer(products["ink"], "30", model="pay_what_you_want", floor=yuan("5")),
        "both": shop.offer(products["both"], "210"),
        "cup": shop.offer(products["cup"], "0", model="free"),
        "film": shop.offer(products["film"], "60"),
        "film week": shop.offer(products["film"], "9.99", model="rental", terms={"days": 7}),
        "print": shop.offer(products["print"], "50", stock=2),
        "choir": shop.offer(products["choir"], "60", model="group", terms={"size": 2, "hours": 24}),
        "mag": club.plan(products["mag"], "30", "P1M"),
        "mag year": club.plan(products["mag"], "300", "P1Y", trial="P7D", card="none"),
        "mag week": club.plan(products["mag"], "9.99", "P1W", intro={"minor": 100, "periods": 2}),
        "silver": club.plan(None, "20", "P1M", tier_id=silver),
        "gold": club.plan(None, "90", "P1M", tier_id=gold),
        "atlas": club.plan(products["atlas"], "100", "P1M", model="instalments", count=3),
        "top-up": purser.pack("100", 1_000),
        "credits": purser.credits("20", 5, product_id=products["gym"], days=40),
        "lesson": purser.per_use(products["gym"], "3"),
    }
    coupons = (
        stall.coupon("SPRING", share_bp=1_000, is_stackable=True, periods=3).code,
        stall.coupon("TENOFF", amounts={"CNY": 1_000}, total=2).code,
        stall.coupon("WHOLE", share_bp=10_000, per_person=1).code,
    )
    codes = stall.codes(stall.batch(products["tea"], 2, per_person=2)) + stall.codes(
        stall.batch(products["film"], 2, days=10)
    )
    _let_affiliates_in(shop)
    shop.platform.database.write(
        lambda session: make_tax_rate(
            session, SYSTEM, MakeTaxRate("", "", documents.Rate(600, "inclusive")), clock=shop.clock
        )
    )
    shop.drain()
    return Goods(people, offers, products, lessons, codes, coupons)


def _set_up(session: Session) -> None:
    session.add(
        Academy(
            id=1, name={"en": "Market"}, tagline={}, about_md={}, language="en", currency="CNY", time_zone="UTC",
            legal_name="", contact="", accent="apricot", set_up_at=datetime.fromisoformat("2026-03-01T00:00:00Z"),
        )
    )  # fmt: skip


def _let_affiliates_in(shop: Shop) -> None:
    mia, clock = shop.person("mia"), shop.clock

    def work(session: Session) -> None:
        set_program(session, SYSTEM, Program(is_open=True), clock=clock)
        make_rule(session, SYSTEM, MakeRule(2_000, renewals="always"), clock=clock)
        found = apply(session, mia, code="mia-link", about="I write about tea.", clock=clock)
        decide(session, SYSTEM, found, "approved", clock=clock)

    shop.platform.database.write(work)


@dataclass
class Market:
    """One copy of the market, in verbs: each is what one request or one job does. A refusal is an answer."""

    home: Path
    goods: Goods
    platform: Platform
    seen: Counter[str] = field(default_factory=Counter)
    """How often what happened, and how often what was refused."""

    def __post_init__(self) -> None:
        self.goods = replace(self.goods, offers=dict(self.goods.offers))  # prices change in this copy alone
        self.shop = Shop(self.platform)
        self.stall, self.club = Stall(self.shop), Club(self.shop)
        self.purser, self.bureau = Purser(self.shop), Bureau(self.shop)

    @property
    def clock(self) -> ManualClock:
        return self.shop.clock

    def write(self, work: Callable[[Session], T]) -> T:
        return self.platform.database.write(work)

    def read(self, work: Callable[[Session], T]) -> T:
        return self.platform.database.read(work)

    def rows(self, wanted: Any) -> list[Any]:
        return self.read(lambda session: list(session.scalars(wanted)))

    def restart(self) -> None:
        """Lose everything that is not stored, and begin again."""
        url = self.platform.settings.database_url
        at = self.clock.now()
        keys = self.shop._keys
        self.platform.close()
        self.platform = open_market(self.home, at, database_url=url)
        self.__post_init__()
        self.shop._keys = keys

    @contextmanager
    def trying(self, deed: str) -> Iterator[None]:
        """Count what was done, or which refusal came instead."""
        try:
            yield
        except Refused as error:
            self.seen[f"{deed}: {error.code}"] += 1
        else:
            self.seen[deed] += 1

    # paying

    def pay(self, payment_id: UUID, choice: str, *, card: str = "pays", fee_bp: int = 60) -> None:
        """Show the payment's page, choose there, and let the server ask how it went."""
        reference = self.shop.present(payment_id).rpartition("/")[2]
        if choice == "leave" or reference not in self.open_references():
            return
        self.write(
            lambda session: commerce.choose(session, reference, choice, clock=self.clock, card=card, fee_bp=fee_bp)
        )
        if choice != "never":
            self.ask(payment_id)

    def ask(self, payment_id: UUID) -> None:
        commerce.ask(self.platform.database, self.shop.providers, payment_id, clock=self.clock)

    def open_references(self) -> list[str]:
        return self.rows(select(SandboxPayment.reference).where(SandboxPayment.state == "open"))

    def kept_payments(self) -> list[UUID]:
        wanted = select(Payment.id).where(Payment.received_minor.is_not(None), Payment.provider == "sandbox")
        return self.rows(wanted.order_by(Payment.id))

    # time and machines

    def work(self) -> None:
        """Do what is queued, then what time brings, then what that has queued."""
        worker = Worker(self.platform, QUEUED)
        worker.drain()
        self.run_periodic()
        worker.drain()

    def run_periodic(self) -> None:
        for one in WIRING.periodic:
            transactional = WIRING.transactional.get(one.kind)
            if transactional is not None:
                self.write(partial(_run, transactional, self.platform))
            else:
                WIRING.long[one.kind](self.platform, {}, _silent)

    def work_again(self) -> None:
        """Run every job that ever ran once more: a crash after each effect and before its end was noted."""
        again = {"state": "queued", "attempts": 0, "run_at": self.clock.now(), "leased_by": None, "finished_at": None}
        self.write(lambda session: session.execute(update(Job).values(**again)))
        self.work()

    def failing_jobs(self) -> list[str]:
        """Return the jobs that have failed more than once and still try."""
        wanted = select(Job).where(Job.state == "queued", Job.attempts > 1)
        return [f"{job.kind}: {job.error}" for job in self.rows(wanted)]

    def events(self) -> Counter[str]:
        return Counter(self.rows(select(OutboxEvent.kind)))

    def close(self) -> None:
        self.platform.close()
        shutil.rmtree(self.home, ignore_errors=True)


def _run(job: Any, platform: Platform, session: Session) -> None:
    job(session, platform, {})


def _silent(**_progress: object) -> None:
    return
