"""The academy that is measured: the sample catalogue, simulated learners, one buyer and the owner, signed in."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.sample.demo import open_demo

LEARNERS = 2_000
COURSE = "small-business-by-numbers"


@dataclass(frozen=True, slots=True)
class Measured:
    """Paths to ask for, and the session cookies of a buyer and of the owner."""

    product: str
    lesson: str
    preview: str
    session: str
    owner_session: str


def furnish(home: Path, *, learners: int = LEARNERS) -> Measured:
    """Open an academy at `home` with the sample catalogue and `learners` simulated people, and one buyer."""
    platform = open_platform(Settings(home=home))
    try:
        open_demo(platform, learners=learners, say=lambda _: None)
        return _people(platform)
    finally:
        platform.close()


def _people(platform: Platform) -> Measured:
    database = platform.database
    product = database.read(lambda session: catalog.product_by_slug(session, COURSE))
    contents = database.read(lambda session: catalog.contents(session, SYSTEM, product.id))
    texts = [line for section in contents.sections for line in section.lessons if line.kind == "text"]
    owner = database.read(lambda session: identity.people(session, SYSTEM, vault=platform.vault, staff_only=True))
    return Measured(
        f"/works/{COURSE}",
        f"/learn/{COURSE}/{next(line.slug for line in texts if not line.is_preview)}",
        f"/learn/{COURSE}/{next(line.slug for line in texts if line.is_preview)}",
        database.write(lambda session: _buyer(session, platform, product.id)),
        database.write(lambda session: _session(session, platform, owner.people[0].id)),
    )


def _buyer(session: Session, platform: Platform, product_id: UUID) -> str:
    address = f"buyer-{secrets.token_hex(4)}@example.org"
    command = identity.Register(address, "Buyer", "en", is_confirmed=True)
    person = identity.register(session, command, clock=platform.clock, vault=platform.vault)
    grant = entitlements.Grant(person.id, (product_id,), "grant", person.id, Period(platform.clock.now()))
    entitlements.grant(session, grant, clock=platform.clock)
    return _session(session, platform, person.id)


def _session(session: Session, platform: Platform, person_id: UUID) -> str:
    step = identity.start_session(
        session, person_id, factors=("link",), device="bench", clock=platform.clock, vault=platform.vault
    )
    return step.token
