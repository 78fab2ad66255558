"""The academy that is measured: the imported course in two languages where its source is at hand, and the sample."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.sample.demo import open_demo

COURSE = Path(__file__).parents[2] / "shared" / "data" / "content" / "iot-for-beginners"
LEARNERS = 2_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Paths to ask for, and the cookie of a buyer."""

    product: str
    lesson: str
    cookie: str


def furnish(home: Path, *, learners: int = LEARNERS) -> Measured:
    """Open an academy at `home` with the sample catalogue and `learners` simulated people, and one buyer."""
    platform = open_platform(Settings(home=home))
    try:
        open_demo(platform, learners=learners, say=lambda _: None)
        return _buyer(platform)
    finally:
        platform.close()


def _buyer(platform: Platform) -> Measured:
    card = platform.database.read(
        lambda session: next(
            card
            for card in catalog.cards(session, SYSTEM, filters=catalog.CardFilters(kind="course"), limit=20).cards
            if card.lesson_count > 1
        )
    )
    lesson = platform.database.read(
        lambda session: next(
            line.slug
            for section in catalog.contents(session, SYSTEM, card.id).sections
            for line in section.lessons
            if line.kind == "text" and not line.is_preview
        )
    )
    token = platform.database.write(lambda session: _sign_in(session, platform, card.id))
    return Measured(f"/works/{card.slug}", f"/learn/{card.slug}/{lesson}", f"xt_session={token}")


def _sign_in(session, platform: Platform, product_id: UUID) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    clock, vault = platform.clock, platform.vault
    address = f"buyer-{secrets.token_hex(4)}@example.org"
    person = identity.register(session, identity.Register(address, "Buyer", "en", is_confirmed=True), clock=clock, vault=vault)
    grant = entitlements.Grant(person.id, (product_id,), "grant", person.id, Period(clock.now()))
    entitlements.grant(session, grant, clock=clock)
    step = identity.start_session(session, person.id, factors=("link",), device="bench", clock=clock, vault=vault)
    return step.token


__all__ = ["COURSE", "Measured", "Money", "commerce", "furnish"]
