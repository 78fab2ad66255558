"""The ledger: leaves appended and sequenced durably, proofs made and verified, sizes; prints a table.

`python -m bench.ledger [--largest 1000000] [--folder FOLDER]`; the folder decides which disk is measured.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from xingtan.cli.ledger import check
from xingtan.ledger import ed25519, receipts
from xingtan.ledger.batches import Entry
from xingtan.ledger.checkpoints import open_checkpoint
from xingtan.ledger.notes import Ed25519Signer, Ed25519Verifier
from xingtan.ledger.policy import of_log
from xingtan.ledger.proofs import verify_consistency, verify_inclusion
from xingtan.ledger.reading import TileReader, audit
from xingtan.ledger.sequencer import MOST_AT_ONCE, Places, Sequencer
from xingtan.ledger.storage import FileHead, FileStorage, MemoryHead, MemoryStorage
from xingtan.ledger.tiles import Edge
from xingtan.ledger.tree import leaf_hash

ENTRY_BYTES = 300  # what a fact with two commitments takes
PROOFS = 200
SINGLES = 100


@dataclass(frozen=True)
class Key:
    """A key for the time of the bench."""

    private: Ed25519PrivateKey

    @property
    def public_bytes(self) -> bytes:
        """Return the public key."""
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""
        return self.private.sign(message)


SIGNER = Ed25519Signer("bench.example", Key(Ed25519PrivateKey.generate()))
VERIFIER = Ed25519Verifier(SIGNER.key, check)


def entries(first: int, last: int) -> list[Entry]:
    """Return entries of the usual size."""
    return [Entry(b"key %d" % number, (b"%d " % number).ljust(ENTRY_BYTES, b"x")) for number in range(first, last)]


def in_memory() -> Places:
    """Return places that cost nothing."""
    storage = MemoryStorage()
    return Places(storage, MemoryHead(), MemoryHead(), storage)


def in_folder(folder: Path) -> Places:
    """Return places on a disk."""
    storage = FileStorage(folder / "log")
    return Places(storage, FileHead(folder / "signed"), FileHead(folder / "log" / "checkpoint"), storage)


def sequencer(places: Places) -> Sequencer:
    """Return a sequencer without witnesses."""
    return Sequencer(places, signer=SIGNER, verifier=VERIFIER)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds `work` took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hashing(size: int) -> float:
    """Return leaves per second that are hashed into a tree, tiles included, in memory."""
    some = [entry.data for entry in entries(0, size)]
    return size / timed(lambda: Edge().grown(map(leaf_hash, some)))


def sequencing(places: Places, *, batch: int, count: int) -> Iterator[float]:
    """Give the seconds that each append of `batch` entries took."""
    own = sequencer(places)
    start = own.settle().checkpoint.size
    for first in range(start, start + batch * count, batch):
        some = entries(first, first + batch)
        yield timed(lambda some=some: own.append(some))


def grown(places: Places, size: int) -> None:
    """Let the log grow to `size`."""
    own = sequencer(places)
    start = own.settle().checkpoint.size
    for first in range(start, size, MOST_AT_ONCE):
        own.append(entries(first, min(first + MOST_AT_ONCE, size)))


def bytes_in(places: Places) -> int:
    """Return what lies in a log in memory."""
    assert isinstance(places.storage, MemoryStorage)
    return sum(map(len, places.storage.files.values()))


def micros(seconds: list[float]) -> str:
    """Return the median in microseconds."""
    return f"{statistics.median(seconds) * 1e6:,.0f}"


def proofs(places: Places, size: int, table: Table) -> None:
    """Add a line about a log of `size` leaves."""
    published = places.published.load()
    assert published is not None
    checkpoint, _ = open_checkpoint(published, VERIFIER)
    made, checked, joined, cold = list[float](), list[float](), list[float](), list[float]()
    rng = Random(size)  # noqa: S311 - which proofs are measured is no secret
    warm = TileReader(places.storage.read, checkpoint)
    warm.edge()
    lengths = 0
    for _ in range(PROOFS):
        index = rng.randrange(size)
        cold.append(timed(lambda index=index: TileReader(places.storage.read, checkpoint).inclusion_proof(index)))
        made.append(timed(lambda index=index: warm.inclusion_proof(index)))
        proof, leaf = warm.inclusion_proof(index), leaf_hash(warm.entry(index))
        lengths = max(lengths, len(proof))
        checked.append(timed(lambda index=index, proof=proof, leaf=leaf: verify_inclusion(
            proof, leaf=leaf, index=index, size=size, root=checkpoint.root,
        )))  # fmt: skip
        old = rng.randrange(1, size)
        root, consistency = warm.root_at(old), warm.consistency_proof(old)
        joined.append(timed(lambda old=old, root=root, consistency=consistency: verify_consistency(
            consistency, old_size=old, old_root=root, new_size=size, new_root=checkpoint.root,
        )))  # fmt: skip
    receipt = len(bytes(sequencer(places).receipt(size // 2)))
    whole = timed(lambda: audit(places.storage.read, checkpoint))
    table.add_row(
        f"{size:,}", micros(cold), micros(made), micros(checked), micros(joined), f"{lengths * 32:,}", f"{receipt:,}",
        f"{bytes_in(places) / size:,.0f}", f"{whole:,.2f}",
    )  # fmt: skip


def receipt_time(places: Places, verify: Callable[[bytes, bytes, bytes], bool]) -> float:
    """Return the median seconds that an offline verification of a receipt takes."""
    receipt = sequencer(places).receipt(0)
    policy = of_log(SIGNER.key)
    return statistics.median(
        timed(lambda: receipts.verify(receipt, receipt.extra or b"", policy=policy, check=verify)) for _ in range(50)
    )


def durable(folder: Path, table: Table) -> None:
    """Add lines about appending to files, synced before each return."""
    for batch, count in ((1, SINGLES), (100, 40), (1000, 20), (4096, 8)):
        places = in_folder(folder / str(batch))
        sequencer(places).create()
        took = sorted(sequencing(places, batch=batch, count=count))
        table.add_row(
            f"{batch:,}", f"{batch * count / sum(took):,.0f}", f"{statistics.median(took) * 1e3:,.1f}",
            f"{took[min(len(took) - 1, int(len(took) * 0.99))] * 1e3:,.1f}",
        )  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--largest", type=int, default=1_000_000, help="the largest log, in leaves")
    parser.add_argument("--folder", type=Path, help="where durable appends are measured; default: a temporary folder")
    asked = parser.parse_args()
    console = Console(width=140)
    speed = f"{hashing(100_000):,.0f} leaves/s"
    console.print(f"{os.cpu_count()} cores; entries of {ENTRY_BYTES} bytes; tree and tiles in memory: {speed}")
    folder = Path(tempfile.mkdtemp(dir=asked.folder))
    try:
        table = Table(title="Durable appends to local files, without witnesses")
        for column in ("entries at once", "leaves/s", "median ms", "p99 ms"):
            table.add_column(column, justify="right")
        durable(folder, table)
        console.print(table)
    finally:
        shutil.rmtree(folder)
    table = Table(title="Proofs, by size of the log: microseconds, bytes, seconds")
    for column in (
        "leaves", "inclusion, cold", "inclusion, warm", "verify inclusion", "verify consistency", "proof bytes",
        "receipt bytes", "bytes a leaf", "whole audit s",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    places, size, took = in_memory(), 1000, 0.0
    sequencer(places).create()
    while size <= asked.largest:
        took = timed(lambda size=size: grown(places, size))
        proofs(places, size, table)
        size *= 10
    console.print(table)
    console.print(f"sequenced in memory, last step: {(size // 10 - size // 100) / took:,.0f} leaves/s")
    for name, verify in (("this library", ed25519.verify), ("cryptography", check)):
        console.print(
            f"a receipt verified offline with Ed25519 by {name}: {receipt_time(places, verify) * 1e3:,.2f} ms"
        )


if __name__ == "__main__":
    main()
