"""The stand-alone verifier: what holds, what does not, and that it stands alone; receipts that were tampered with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import World, entries, fast_check, grown, signer
from tests.ledger.served import served
from xingtan.ledger import receipts, serving, verify
from xingtan.ledger.batches import Entry
from xingtan.ledger.tree import NotProven

ROOT = Path(__file__).parents[2]

# The example of the C2SP document, with whole base64 where it shortens.
EXAMPLE = (
    "c2sp.org/tlog-proof@v1\nextra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6\nindex 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\n"
    "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJxro\n"
)


@pytest.fixture(scope="module")
def world() -> World:
    made = World(("a", "b"), 2)
    grown(made, [3, 300, 700])
    return made


@pytest.fixture(scope="module")
def home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a buyer and a stranger have."""
    folder = tmp_path_factory.mktemp("kept")
    for path, data in world.places.storage.files.items():  # type: ignore[attr-defined]
        if serving.is_served(path, size=700):
            (folder / "log" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "log" / path).write_bytes(data)
    (folder / "log" / "checkpoint").write_bytes(world.published)
    (folder / "receipt.tlog-proof").write_bytes(bytes(world.sequencer().receipt(299)))
    (folder / "policy").write_bytes(policy_of(world))
    old = World(world.names, 2)
    (folder / "old").write_bytes(grown(old, [3, 300])[-1])
    (folder / "entry").write_bytes(b"entry 299")
    return folder


def policy_of(world: World) -> bytes:
    keys = [f"witness {name} {world.witness(name).key}" for name in world.names]
    return "\n".join([f"log {signer().key}", *keys, f"group q 2 {' '.join(world.names)}", "quorum q", ""]).encode()


def run(*arguments: object) -> tuple[int, str]:
    said = list[str]()
    status = verify.main([str(one) for one in arguments], tell=said.append)
    return status, "\n".join(said)


def test_a_receipt_holds(home: Path) -> None:
    status, said = run(home / "receipt.tlog-proof", "--policy", home / "policy")
    assert (status, said) == (
        0,
        "holds: entry 299 of 700 in academy.example/ledger, witnessed by a, b\nentry: entry 299",
    )
    assert run(home / "receipt.tlog-proof", "--key", signer().key, "--entry", home / "entry")[0] == 0


def test_an_entry_gives_no_orders_to_the_terminal(tmp_path: Path) -> None:
    world = World()
    grown(world, [])
    world.sequencer().append([Entry(b"key", "\x1b[2J好\r\nholds: everything\u202e".encode())])
    (tmp_path / "receipt").write_bytes(bytes(world.sequencer().receipt(0)))
    status, said = run(tmp_path / "receipt", "--key", signer().key)
    assert (status, said.split("\n")[1:]) == (0, ["entry: \\x1b[2J好\\r\\nholds: everything\\u202e"])


def test_a_whole_log_holds(home: Path) -> None:
    status, said = run("--log", home / "log", "--policy", home / "policy", "--older", home / "old")
    assert status == 0
    assert "3 bundles and 4 tiles" in said
    assert "the 300 leaves of before are the beginning of the 700 of now" in said
    assert run(home / "receipt.tlog-proof", "--log", home / "log", "--key", signer().key, "--quick")[0] == 0


def test_a_served_log_holds(world: World, home: Path) -> None:
    with served(world) as url:
        for more in ([], ["--quick"]):
            assert run("--log", url, "--key", signer().key, "--older", home / "old", *more)[0] == 0


def test_what_does_not_hold(world: World, home: Path, tmp_path: Path) -> None:
    (tmp_path / "entry").write_bytes(b"entry 298")
    receipt, key = home / "receipt.tlog-proof", signer().key
    assert run(receipt, "--key", key, "--entry", tmp_path / "entry")[0] == 1
    assert run(receipt, "--key", signer("other.example").key)[0] == 1
    (tmp_path / "policy").write_bytes(policy_of(World(("a", "c"))))
    assert run(receipt, "--policy", tmp_path / "policy") == (
        1,
        "DOES NOT HOLD: too few witnesses have cosigned the checkpoint: a",
    )
    (tmp_path / "empty").write_bytes(b"")
    assert run(tmp_path / "empty", "--key", key)[0] == 1
    (tmp_path / "bare").write_bytes(bytes(receipts.Receipt(0, (), world.published)))
    assert (
        run(tmp_path / "bare", "--key", key)[1] == "DOES NOT HOLD: the receipt carries no entry: give it with --entry"
    )
    fork = World()
    grown(fork, [3])
    fork.sequencer().append(entries(400, 800))
    with served(fork) as url:
        for more in ([], ["--quick"]):
            assert run("--log", url, "--key", key, "--older", home / "old", *more)[0] == 1
    with served(world, through=lambda path, data: data[:-1] + b"\0" if path == "tile/0/001" else data) as url:
        assert run("--log", url, "--key", key)[0] == 1
        assert run("--log", url, "--key", key, "--quick", "--older", home / "old")[0] == 1


def test_a_log_that_became_shorter(home: Path) -> None:
    short = World(("a", "b"), 2)
    grown(short, [3])
    with served(short) as url:
        for more in ([], ["--quick"]):
            assert run("--log", url, "--key", signer().key, "--older", home / "old", *more)[0] == 1


def test_what_cannot_be_looked_at(home: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "absent", "--key", signer().key)[0] == 2
    assert run("--log", tmp_path / "absent", "--key", signer().key)[0] == 2
    assert run("--log", "http://127.0.0.1:1/ledger", "--key", signer().key)[0] == 2
    assert run("--log", "ftp://127.0.0.1", "--key", signer().key)[0] == 2
    with pytest.raises(SystemExit):
        run()
    with pytest.raises(SystemExit):
        run(home / "receipt.tlog-proof")
    with pytest.raises(SystemExit):
        run(home / "receipt.tlog-proof", "--key", signer().key, "--older", home / "old")


def test_it_stands_on_the_standard_library_alone(home: Path) -> None:
    """Without any site folder: nothing that was installed can be imported."""
    command = [sys.executable, "-S", "-s", "-E", "-m", "xingtan.ledger.verify", str(home / "receipt.tlog-proof")]
    done = subprocess.run(
        [*command, "--policy", str(home / "policy"), "--log", str(home / "log"), "--older", str(home / "old")],
        cwd=ROOT / "src", capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "holds: entry 299 of 700" in done.stdout


def test_no_module_of_the_ledger_brings_anything_installed_along() -> None:
    program = (
        "import json, pkgutil, sys, importlib, xingtan.ledger as ledger\n"
        "for one in pkgutil.iter_modules(ledger.__path__): importlib.import_module(f'xingtan.ledger.{one.name}')\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT / "src", capture_output=True, text=True, check=True
    )  # fmt: skip
    assert set(json.loads(done.stdout)) <= {"__main__", "xingtan"}


# Receipts


def test_the_documents_example_is_read_and_written() -> None:
    receipt = receipts.parse(EXAMPLE.encode())
    assert (receipt.index, len(receipt.proof)) == (73894, 2)
    assert receipt.extra == b"age-v1.2.1-darwin-arm64.tar.gz"
    assert bytes(receipt) == EXAMPLE.encode()


@pytest.mark.parametrize(
    "change",
    [
        ("@v1", "@v2"),
        ("c2sp.org", "C2SP.org"),
        ("index 73894", "index 073894"),
        ("index 73894", "index +1"),
        ("index 73894", "index"),
        ("index 73894", "index -1"),
        ("index 73894", f"index {1 << 63}"),
        ("index 73894", "Index 73894"),
        ("index 73894\n", ""),
        ("extra YWdl", "extra YWd"),
        ("extra YWdl", "extra  YWdl"),
        ("XmA=\n", "XmA\n"),
        ("XmA=\n", "XmB=\n"),
        ("XmA=\n", "XmA= \n"),
        ("XmA=\n", "XmA=\nAAAA\n"),
        ("\n", "\r\n"),
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("index 73894", "index 73894\nindex 73894"),
        ("XmA=\n", "XmA=\n" + "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n" * 62),
        ("XmA=\n", "XmA=\n\x00\n"),
    ],
)
def test_malformed_receipts(change: tuple[str, str]) -> None:
    assert change[0] in EXAMPLE
    with pytest.raises(ValueError, match=r"."):
        receipts.parse(EXAMPLE.replace(*change).encode())


def verified_extra(data: bytes, world: World) -> None:
    receipt = receipts.parse(data)
    receipts.verify(receipt, receipt.extra or b"", policy=world.policy, check=fast_check)


@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_no_flipped_bit_of_a_receipt_passes(data: st.DataObject, world: World) -> None:
    good = bytes(world.sequencer().receipt(data.draw(st.sampled_from([0, 255, 256, 699]))))
    bit = data.draw(st.integers(0, 8 * len(good) - 1))
    changed = bytearray(good)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"."):
        verified_extra(bytes(changed), world)


def test_a_receipt_for_another_index(world: World) -> None:
    receipt = world.sequencer().receipt(3)
    with pytest.raises(NotProven):
        receipts.verify(
            receipts.Receipt(4, receipt.proof, receipt.checkpoint), b"entry 3", policy=world.policy, check=fast_check
        )
