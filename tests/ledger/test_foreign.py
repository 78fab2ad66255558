"""A program of strangers reads what we serve: the Go team's note and tlog packages (tests/foreign/go/auditlog)."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.fixtures.programs import GO_PATH, ROOT
from tests.ledger.logs import World, entries, grown, signer
from tests.ledger.served import served
from xingtan.ledger import serving

pytestmark = pytest.mark.go
SOURCE = ROOT / "tests" / "foreign" / "go" / "auditlog"
SIZES = (1, 3, 255, 256, 300, 65_536, 66_000)


@pytest.fixture(scope="session")
def auditlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built."""
    folder = tmp_path_factory.mktemp("go")
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
    done = subprocess.run(
        ["go", "build", "-o", str(folder / "auditlog"), "."],
        cwd=SOURCE, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "auditlog"


@dataclass
class Kept:
    """A log, and what was kept from it on the way."""

    world: World
    old: list[Path]
    receipts: list[Path]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    world = World(("a", "b", "c"), 2)
    grown(world, [])
    made = Kept(world, [], [])
    for size in SIZES:
        sequencer = world.sequencer()
        while (now := world.checkpoint.size) < size:
            sequencer.append(entries(now, min(now + 4096, size)))
        made.old.append(folder / f"checkpoint-{size}")
        made.old[-1].write_bytes(world.published)
        for index in {0, size // 2, size - 1}:
            made.receipts.append(folder / f"{size}-{index}.tlog-proof")
            made.receipts[-1].write_bytes(bytes(sequencer.receipt(index)))
    return made


def run(
    program: Path, url: str, world: World,
    *, old: Sequence[Path] = (), receipts: Sequence[Path] = (), quorum: int = 2,
) -> tuple[int, str]:  # fmt: skip
    words = [str(program), "-url", url, "-key", str(signer().key), "-quorum", str(quorum)]
    words += [word for name in world.names for word in ("-witness", str(world.witness(name).key))]
    words += [word for path in old for word in ("-old", str(path))]
    words += [word for path in receipts for word in ("-receipt", str(path))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_a_go_program_verifies_the_whole_log(auditlog: Path, kept: Kept) -> None:
    with served(kept.world) as url:
        status, said = run(auditlog, url, kept.world, old=kept.old, receipts=kept.receipts)
    assert status == 0, said
    assert "holds: 66000 entries, 261 tiles" in said
    assert said.count("receipt of entry") == len(kept.receipts)
    assert said.count("are the beginning of 66000") == len(SIZES)
    assert "holds: 10 inclusion proofs" in said


def test_a_go_program_wants_the_quorum(auditlog: Path, kept: Kept) -> None:
    with served(kept.world) as url:
        assert run(auditlog, url, kept.world, quorum=4)[0] == 1


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("small")
    world = World(("a",), 1)
    made = Kept(world, [folder / "old"], [folder / "receipt"])
    made.old[0].write_bytes(grown(world, [300, 700])[0])
    made.receipts[0].write_bytes(bytes(world.sequencer().receipt(299)))
    return made


def test_a_go_program_refuses_every_flipped_bit(auditlog: Path, small: Kept) -> None:
    rng = Random(7)
    paths = [path for path in small.world.places.storage.files if serving.is_served(path, size=700)]  # type: ignore[attr-defined]
    needed = [path for path in paths if path not in {"tile/1/000.p/1", "tile/entries/001.p/44", "tile/0/001.p/44"}]
    for path in ["checkpoint", *needed]:

        def flip(asked: str, data: bytes, path: str = path) -> bytes:
            bit = rng.randrange(8 * len(data))
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            return bytes(changed) if asked == path else data

        with served(small.world, through=flip) as url:
            status, said = run(auditlog, url, small.world, old=small.old, quorum=1)
        assert status == 1, f"{path}: {said}"


def test_a_go_program_refuses_another_history(auditlog: Path, small: Kept) -> None:
    other = World(("a",), 1)
    grown(other, [299])
    other.sequencer().append(entries(5000, 5401))
    with served(other) as url:
        assert run(auditlog, url, other, quorum=1)[0] == 0
        assert run(auditlog, url, other, quorum=1, old=small.old)[0] == 1


def test_a_go_program_refuses_a_changed_receipt(auditlog: Path, small: Kept, tmp_path: Path) -> None:
    good = small.receipts[0].read_bytes()
    (tmp_path / "changed").write_bytes(good.replace(b"index 299", b"index 298"))
    with served(small.world) as url:
        assert run(auditlog, url, small.world, quorum=1, receipts=small.receipts)[0] == 0
        assert run(auditlog, url, small.world, quorum=1, receipts=[tmp_path / "changed"])[0] == 1


def test_a_go_program_accepts_an_empty_log(auditlog: Path) -> None:
    world = World()
    grown(world, [])
    with served(world) as url:
        status, said = run(auditlog, url, world, quorum=0)
    assert (status, said.count("holds")) == (0, 2), said
