"""The demo: an academy with sample products and simulated learners, written once, opened in seconds ever after."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait

from sqlalchemy.orm import Session

from xingtan.core.errors import Broken, Refused
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.sample.diary import SampleBegun, begun, chapters_written, enter
from xingtan.sample.history import CHAPTERS, Historian, People, chapters
from xingtan.sample.shelves import Shelves, read_shelves
from xingtan.sample.shop import OWNER_EMAIL, open_shop
from xingtan.sample.simulate import live
from xingtan.sample.strangers import visits
from xingtan.sample.study import difficulties
from xingtan.sample.traces import Life
from xingtan.sample.truth import SEED, draw_learners, read_truth, truth_of, write_truth
from xingtan.sample.world import World

TRUTH = "demo-truth.json"
LINK_LIFE = timedelta(hours=12)
_SAID_EVERY = 3


@dataclass(frozen=True, slots=True)
class DemoLinks:
    """Addresses that sign one in, once: as the owner, and as a learner with a full shelf."""

    owner: str
    learner: str


def open_demo(platform: Platform, *, learners: int, say: Callable[[str], None]) -> DemoLinks:
    """Write the sample academy where it is missing or incomplete, and return fresh sign-in links.

    `Broken` for a home folder that holds an academy of somebody's own.
    """
    truth_file = platform.settings.home / TRUTH
    if read_truth(truth_file) is None:
        _begin(platform, learners=learners, seed=SEED)
        _write_apart(platform.settings, learners=learners, say=say)
    truth = read_truth(truth_file) or {}
    return DemoLinks(_link(platform, OWNER_EMAIL, "/studio"), _link(platform, str(truth["showcase"]), "/shelf"))


def _write_apart(settings: Settings, *, learners: int, say: Callable[[str], None]) -> None:
    """Write the sample academy in a process of its own, so that the memory which it takes is given back."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    writer = context.Process(target=_write_and_tell, args=(settings, learners, theirs), name="demo", daemon=True)
    writer.start()
    theirs.close()
    problem = ""
    try:
        while True:
            kind, text = ours.recv()
            if kind == "said":
                say(text)
            else:
                problem = text
    except EOFError:
        writer.join()
    if problem or writer.exitcode:
        raise Broken(problem or "the demo could not be written; start again to go on where it stopped")


def _write_and_tell(settings: Settings, learners: int, teller: Connection) -> None:
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    platform = open_platform(settings)
    try:
        write_demo(platform, learners=learners, tell=lambda line: teller.send(("said", line)))
    except (Broken, Refused) as error:
        teller.send(("broken", f"{error}. If the sample has changed since it was begun, choose another --home."))
    finally:
        platform.close()
        teller.close()


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however it went: the next start goes on."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def write_demo(platform: Platform, *, learners: int, tell: Callable[[str], None], seed: int = SEED) -> None:
    """Write the sample academy, from wherever an earlier start was interrupted."""
    started = time.monotonic()
    beginning = _begin(platform, learners=learners, seed=seed)
    tell("Setting the shelves: the sample catalogue in Chinese and English …")
    open_shop(platform, now=beginning.now, tell=tell)
    shelves = read_shelves(platform)
    tell(f"  {len(shelves.world.works)} works, {len(shelves.lessons)} lessons ({_since(started)})")
    tell(f"Imagining {beginning.learners} learners over 180 days …")
    lives = lives_of(shelves, beginning)
    tell(f"  {sum(len(life.purchases) for life in lives)} orders ({_since(started)})")
    historian = Historian(platform, shelves, _known(platform, lives))
    _write_history(platform, historian, lives, shelves=shelves, beginning=beginning, tell=tell)
    keys = _keys(platform, historian.people)
    truth = truth_of([life.learner for life in lives], keys, now=beginning.now, seed=beginning.seed)
    showcase = _showcase(lives, shelves.world, now=beginning.now)
    write_truth(
        platform.settings.home / TRUTH,
        truth | {"questions": difficulties(shelves.world, beginning.seed), "showcase": showcase},
    )
    tell(f"The academy is furnished ({_since(started)}).")


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def _begin(platform: Platform, *, learners: int, seed: int) -> SampleBegun:
    known = platform.database.read(begun)
    if known is not None:
        return known
    if platform.database.read(identity.academy) is not None:
        raise Broken("this home folder holds an academy that is not the demo: choose another with --home")
    now = platform.clock.now().replace(second=0, microsecond=0)
    beginning = SampleBegun(seed, learners, now)
    platform.database.write(lambda session: enter(session, beginning, at=now))
    return beginning


def lives_of(shelves: Shelves, beginning: SampleBegun) -> list[Life]:
    """Return the lives of all learners: the same for the same beginning and catalogue."""
    world = shelves.world
    launched = world.works.get(world.launched)
    people = draw_learners(
        beginning.seed, beginning.learners, now=beginning.now, launched_at=launched.published_at if launched else None
    )
    return [live(learner, world, seed=beginning.seed, now=beginning.now) for learner in people]


def _known(platform: Platform, lives: Sequence[Life]) -> People:
    """Return the ids of the learners whom an interrupted start has registered already."""
    if not platform.database.read(chapters_written):
        return {}
    with platform.database.reading() as session:
        found = {
            life.learner.number: identity.find_by_email(session, life.learner.email, vault=platform.vault)
            for life in lives
        }
    return {number: person_id for number, person_id in found.items() if person_id is not None}


def _write_history(
    platform: Platform, historian: Historian, lives: Sequence[Life], *, shelves: Shelves, beginning: SampleBegun,
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    done = platform.database.read(chapters_written)
    strangers = visits(shelves.world, seed=beginning.seed, learners=beginning.learners, now=beginning.now)
    for chapter in chapters(lives, strangers, now=beginning.now):
        if chapter.number >= done:
            historian.write(chapter)
            if chapter.number % _SAID_EVERY == _SAID_EVERY - 1:
                tell(f"  written down until {chapter.ends_at:%Y-%m-%d}, {chapter.number + 1} of {CHAPTERS}")


def _keys(platform: Platform, people: People) -> dict[int, str]:
    """Return each learner's behaviour key by her number."""
    with platform.database.reading() as session:
        keys = identity.behaviour_keys(session, list(people.values()), vault=platform.vault)
    return {number: keys[person_id] for number, person_id in people.items()}


def _showcase(lives: Sequence[Life], world: World, *, now: datetime) -> str:
    """Return the address of somebody with a full shelf, half of it read, who came by lately and reads Chinese."""

    def fullness(life: Life) -> tuple[bool, int]:
        is_here = life.learner.language == "zh" and "analytics" in life.learner.consents
        is_recent = any(study.updated_at > now - timedelta(days=4) for study in life.studies)
        kept = {order.work for order in life.purchases if order.is_paid and order.refunded_at is None}
        done = Counter(study.work for study in life.studies if study.completed_at)
        begun_only = sum(0 < many < len(world.works[work].parts) for work, many in done.items())
        return is_here, 2 * len(kept) + 5 * is_recent + 4 * min(begun_only, 2) + min(len(life.remarks), 4)

    return max(lives, key=fullness).learner.email


def _link(platform: Platform, email: str, next_path: str) -> str:
    """Return a fresh address that signs this person in once, within `LINK_LIFE`."""

    def issue(session: Session) -> tuple[str, str]:
        person_id = identity.find_by_email(session, email, vault=platform.vault)
        if person_id is None:
            raise Broken(f"the demo's {email} is missing")
        language = identity.viewer_of(session, person_id).language
        token = identity.issue_link(
            session, person_id, clock=platform.clock, next_path=f"/{language}{next_path}", life=LINK_LIFE
        )  # fmt: skip
        return language, token

    language, token = platform.database.write(issue)
    return f"{platform.settings.effective_base_url}/{language}/sign-in/link/{token}"
