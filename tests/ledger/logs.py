"""Logs, keys and witnesses for tests; the keys are real, made from a name."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xingtan.core.clock import ManualClock
from xingtan.ledger import policy
from xingtan.ledger.batches import Entry
from xingtan.ledger.checkpoints import Checkpoint, open_checkpoint
from xingtan.ledger.notes import Ed25519Signer, Ed25519Verifier
from xingtan.ledger.reading import TileReader
from xingtan.ledger.sequencer import Places, Sequencer
from xingtan.ledger.storage import Head, MemoryHead, MemoryStorage
from xingtan.ledger.witness import Reply, Witness, known_logs
from xingtan.ledger.witness_client import Quorum

ORIGIN = "academy.example/ledger"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class RealKey:
    """An Ed25519 key of the `cryptography` package."""

    key: Ed25519PrivateKey

    @property
    def public_bytes(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@functools.cache
def key_of(name: str) -> RealKey:
    """Return the key whose seed is the hash of `name`."""
    return RealKey(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


def fast_check(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Verify with the `cryptography` package."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer(origin: str = ORIGIN) -> Ed25519Signer:
    return Ed25519Signer(origin, key_of(origin))


def verifier(origin: str = ORIGIN) -> Ed25519Verifier:
    return Ed25519Verifier(signer(origin).key, fast_check)


def entries(first: int, last: int) -> list[Entry]:
    """Return entries with keys and data of their number."""
    return [Entry(b"key %d" % number, b"entry %d" % number) for number in range(first, last)]


def memory_places() -> Places:
    storage = MemoryStorage()
    return Places(storage, MemoryHead(), MemoryHead(), storage)


@dataclass
class World:
    """One log in memory, and its witnesses by name."""

    names: tuple[str, ...] = ()
    needed: int = 0
    places: Places = field(default_factory=memory_places)
    heads: dict[str, dict[str, Head]] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    broken: dict[str, Callable[[bytes], Reply]] = field(default_factory=dict)

    @property
    def policy(self) -> policy.Policy:
        keys = [f"witness {name} {self.witness(name).key} http://{name}.example" for name in self.names]
        quorum = [f"group q {self.needed} {' '.join(self.names)}", "quorum q"] if self.needed else ["quorum none"]
        return policy.parse("\n".join([f"log {signer().key}", *keys, *quorum]).encode())

    def witness(self, name: str) -> Witness:
        def head(origin: str) -> Head:
            return self.heads.setdefault(name, {}).setdefault(origin, MemoryHead())

        return Witness(
            f"{name}.example", key_of(name), known_logs([signer().key], check=fast_check), head, self.clock
        )  # fmt: skip

    def post(self, url: str, body: bytes) -> Reply:
        name = url.removeprefix("http://").partition(".")[0]
        self.posts.append(name)
        return self.broken[name](body) if name in self.broken else self.witness(name).add_checkpoint(body)

    @property
    def quorum(self) -> Quorum | None:
        return Quorum(self.policy, self.post, fast_check, patience_s=5) if self.names else None

    def sequencer(self, places: Places | None = None) -> Sequencer:
        """Return a sequencer as a process that starts has it."""
        return Sequencer(places or self.places, signer=signer(), verifier=verifier(), quorum=self.quorum)

    @property
    def published(self) -> bytes:
        data = self.places.published.load()
        assert data is not None
        return data

    @property
    def checkpoint(self) -> Checkpoint:
        return open_checkpoint(self.published, verifier())[0]

    @property
    def tree(self) -> TileReader:
        return TileReader(self.places.storage.read, self.checkpoint)


def grown(world: World, sizes: Iterable[int]) -> list[bytes]:
    """Create the log of `world`, let it grow to each of these sizes, and return the published checkpoints."""
    world.sequencer().create()
    found = []
    for size in sizes:
        world.sequencer().append(entries(world.checkpoint.size, size))
        found.append(world.published)
    return found
