"""The operator cheats, with the log's own key and every file in hand; a buyer has a receipt and an old checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.logs import World, signer
from tests.ledger.served import served
from xingtan.ledger import canonical, verify
from xingtan.ledger.batches import Entry

THEN, NOW, OWN = 400, 700, 123
Facts = list[dict[str, Any]]


def facts(count: int) -> Facts:
    """Return what an academy says: sales, and now and then a price."""
    kinds = [
        {"kind": "price", "minor": 9900 + number} if number % 10 == 0 else {"kind": "sale"} for number in range(count)
    ]
    return [{"at": 1_700_000_000 + number, "number": number, **kind} for number, kind in enumerate(kinds)]


def log_of(said: Facts) -> World:
    world = World()
    world.sequencer().create()
    world.sequencer().append([Entry(b"%d" % at, canonical.encode(fact)) for at, fact in enumerate(said)])
    return world


def edit(said: Facts) -> None:
    said[200]["at"] += 1


def back_date_a_price(said: Facts) -> None:
    said[390]["at"] = said[10]["at"] - 86_400


def lower_an_old_price(said: Facts) -> None:
    said[10]["minor"] = 19_900  # "it was dearer before"


def delete(said: Facts) -> None:
    del said[300]


def insert(said: Facts) -> None:
    said.insert(THEN // 2, {"at": 1_700_000_200, "kind": "sale", "number": 9999})


def fake_sales(said: Facts) -> None:
    said[395:395] = [{"at": 1_700_000_395, "kind": "sale", "number": 10_000 + number} for number in range(50)]


def reorder(said: Facts) -> None:
    said[7], said[8] = said[8], said[7]


def forget_the_buyer(said: Facts) -> None:
    said[OWN]["kind"] = "refund"


def roll_back(said: Facts) -> None:
    del said[THEN - 10 :]


def begin_again(said: Facts) -> None:
    del said[:THEN]


CHEATS: list[Callable[[Facts], None]] = [
    edit, back_date_a_price, lower_an_old_price, delete, insert, fake_sales, reorder, forget_the_buyer, roll_back,
    begin_again,
]  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the buyer has kept since the log had 400 entries."""
    folder = tmp_path_factory.mktemp("kept")
    world = log_of(facts(THEN))
    (folder / "receipt").write_bytes(bytes(world.sequencer().receipt(OWN)))
    (folder / "old").write_bytes(world.published)
    return folder


def look(url: str, *words: object) -> int:
    return verify.main([*map(str, words), "--log", url, "--key", str(signer().key)], tell=lambda _line: None)


@pytest.mark.parametrize("more", [(), ("--quick",)], ids=["whole", "quick"])
def test_an_honest_log_goes_on(kept: Path, more: tuple[str, ...]) -> None:
    with served(log_of(facts(NOW))) as url:
        assert look(url, kept / "receipt", "--older", kept / "old", *more) == verify.HOLDS


@pytest.mark.parametrize("more", [(), ("--quick",)], ids=["whole", "quick"])
@pytest.mark.parametrize("cheat", CHEATS)
def test_a_rewritten_log_is_caught(kept: Path, cheat: Callable[[Facts], None], more: tuple[str, ...]) -> None:
    """The whole log is made anew and signed with the right key: it holds on its own, and not beside what was kept."""
    said = facts(NOW)
    cheat(said)
    with served(log_of(said)) as url:
        assert look(url) == verify.HOLDS
        assert look(url, "--older", kept / "old", *more) == verify.DOES_NOT_HOLD
        assert look(url, kept / "receipt", *more) == verify.DOES_NOT_HOLD


def test_one_entry_that_is_changed_in_place_is_caught_by_anybody(kept: Path) -> None:
    def changed(path: str, data: bytes) -> bytes:
        return data.replace(b'"minor":9910', b'"minor":8810') if path == "tile/entries/000" else data

    with served(log_of(facts(NOW)), through=changed) as url:
        assert look(url) == verify.DOES_NOT_HOLD
        assert look(url, "--quick", "--older", kept / "old") == verify.HOLDS  # which reads no entry, and says so


def test_a_fork_is_caught_by_two_who_compare(kept: Path, tmp_path: Path) -> None:
    """Each of two buyers is shown a log of her own; their checkpoints do not fit together."""
    other = facts(NOW)
    other[450]["kind"] = "refund"
    ours, theirs = log_of(facts(NOW)), log_of(other)
    (tmp_path / "theirs").write_bytes(theirs.published)
    with served(ours) as url:
        assert look(url, "--older", kept / "old") == verify.HOLDS
        assert look(url, "--older", tmp_path / "theirs") == verify.DOES_NOT_HOLD
    with served(theirs) as url:
        assert look(url, "--older", kept / "old") == verify.HOLDS
