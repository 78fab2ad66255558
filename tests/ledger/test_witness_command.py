"""`xingtan witness` as a process: it makes its key, watches a log, and remembers after it was killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from tests.ledger.logs import World, entries, fast_check, grown, signer
from xingtan.cli import ledger
from xingtan.ledger import policy
from xingtan.ledger.witness import SIZE
from xingtan.ledger.witness_client import HttpPost, Quorum

PROGRAM = "from xingtan.cli.ledger import app; app()"


@contextmanager
def running(folder: Path, *, port: int = 0) -> Iterator[tuple[str, str]]:
    """Run the command; give the key and the address that it prints, and kill it in the end."""
    words = ["serve", "--name", "w.example", "--log", str(signer().key), "--folder", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        key, listens = process.stdout.readline().strip(), process.stdout.readline()
        found = re.search(r"http://\S+(?=,)", listens)
        assert found, listens
        yield key, found[0]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def test_a_witness_remembers_after_it_was_killed(tmp_path: Path) -> None:
    class Real(World):
        address = ("", "")

        @property
        def policy(self) -> policy.Policy:
            key, url = self.address
            return policy.parse(f"log {signer().key}\nwitness W {key} {url}\nquorum W\n".encode())

        @property
        def quorum(self) -> Quorum:
            return Quorum(self.policy, HttpPost(), fast_check)

    world = Real()
    with running(tmp_path) as address:
        world.address = address
        grown(world, [5])
        assert world.policy.open_checkpoint(world.published, check=fast_check)[1] == {"W"}
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with running(tmp_path) as address:
        assert address[0] == world.address[0]
        world.address = address
        assert HttpPost()(f"{address[1]}/add-checkpoint", b"old 0\n\n" + world.published).content_type == SIZE
        world.sequencer().append(entries(5, 9))
        assert world.policy.open_checkpoint(world.published, check=fast_check)[0].size == 9


def test_a_key_is_made_once(tmp_path: Path) -> None:
    first = ledger.witness_of("w.example", [], folder=tmp_path).key
    assert ledger.witness_of("w.example", [], folder=tmp_path).key == first
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(typer.BadParameter, match="holds no key"):
        ledger.witness_of("w.example", [], folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "log"), [("w example", str(signer().key)), ("w.example", "nonsense"), ("", str(signer().key))]
)
def test_names_and_keys_that_are_none(tmp_path: Path, name: str, log: str) -> None:
    with pytest.raises(typer.BadParameter):
        ledger.witness_of(name, [log], folder=tmp_path)
