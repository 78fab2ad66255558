"""Checkpoints: what a log stands for at one size (C2SP tlog-checkpoint), and cosignatures on them (tlog-cosignature).

1. A checkpoint has one writing. Our own have no extension lines; those of others may, and these are kept as they are.
2. A cosignature says when it was made. A time of zero says nothing and is refused, so is one from the future where the
   reader has a clock.
"""

from dataclasses import dataclass, field

from xingtan.core.clock import Clock
from xingtan.ledger import ed25519, notes
from xingtan.ledger.encoding import decimal, hash_from, text_of, to_base64
from xingtan.ledger.tree import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE, NotProven

_TIME_BYTES = 8
_LARGEST_TIME = (1 << 63) - 1
_SKEW_S = 300  # by how much two honest clocks may differ


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log named `origin` has `size` leaves under `root`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all((self.origin, *self.extensions)) or "\n" in "".join((self.origin, *self.extensions)):
            raise ValueError("the lines of a checkpoint are not empty")
        if not 0 <= self.size <= LARGEST_SIZE or len(self.root) != HASH_BYTES:
            raise ValueError("a checkpoint has a size and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("an empty tree has the hash of nothing as its root")

    def __str__(self) -> str:
        """Return the text of the checkpoint's note."""
        return "\n".join((self.origin, str(self.size), to_base64(self.root), *self.extensions, ""))


def parse(text: str) -> Checkpoint:
    """Return the checkpoint that a note's text writes."""
    text_of(text.encode())
    origin, *rest = text.removesuffix("\n").split("\n")
    if len(rest) < 2 or not text.endswith("\n"):  # noqa: PLR2004 - size and root
        raise ValueError("a checkpoint has a line each for origin, size and root")
    return Checkpoint(origin, decimal(rest[0]), hash_from(rest[1]), tuple(rest[2:]))


def open_checkpoint(data: bytes, log: notes.Verifier) -> tuple[Checkpoint, notes.Note]:
    """Return the checkpoint that `log` has signed, and its note; a log signs under its own origin."""
    note = notes.parse(data)
    notes.verified(note, [log])
    checkpoint = parse(note.text)
    if checkpoint.origin != log.name:
        raise NotProven(f"{log.name!r} has signed a checkpoint of {checkpoint.origin[:80]!r}")
    return checkpoint, note


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Signs checkpoints together with the time (cosignature/v1), in seconds since 1970."""

    name: str
    private_key: notes.PrivateKey = field(repr=False)
    at_s: int

    def __post_init__(self) -> None:
        if not 0 < self.at_s <= _LARGEST_TIME:
            raise ValueError(f"a cosignature cannot be of the time {self.at_s}")

    @property
    def key(self) -> notes.Key:
        """Return the public key."""
        return notes.Key(self.name, notes.COSIGNATURE, self.private_key.public_bytes)

    @property
    def key_id(self) -> bytes:
        """Return the key's ID."""
        return self.key.key_id

    def sign(self, text: bytes) -> bytes:
        """Return the timestamped signature of `text`."""
        return self.at_s.to_bytes(_TIME_BYTES) + self.private_key.sign(_cosigned(text, self.at_s))


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """Verifies cosignatures; with a clock, none from the future."""

    key: notes.Key
    check: notes.Check = field(default=ed25519.verify, repr=False)
    clock: Clock | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.key.kind != notes.COSIGNATURE:
            raise ValueError(f"the key of {self.key.name!r} does not cosign")

    @property
    def name(self) -> str:
        """Return the key's name."""
        return self.key.name

    @property
    def key_id(self) -> bytes:
        """Return the key's ID."""
        return self.key.key_id

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Say whether `signature` is a cosignature of `text`."""
        if len(signature) != _TIME_BYTES + ed25519.SIGNATURE_BYTES:
            return False
        at = cosigned_at_s(signature)
        if not 0 < at <= _LARGEST_TIME or (self.clock and at > self.clock.now().timestamp() + _SKEW_S):
            return False
        return self.check(self.key.public_bytes, _cosigned(text, at), signature[_TIME_BYTES:])


def cosigned_at_s(signature: bytes) -> int:
    """Return the time that a cosignature says, in seconds since 1970."""
    return int.from_bytes(signature[:_TIME_BYTES])


def verifier(key: notes.Key, *, check: notes.Check = ed25519.verify, clock: Clock | None = None) -> notes.Verifier:
    """Return what verifies signatures of `key`, of whichever kind it is."""
    if key.kind == notes.COSIGNATURE:
        return CosignatureVerifier(key, check, clock)
    return notes.Ed25519Verifier(key, check)


def _cosigned(text: bytes, at: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % at + text
