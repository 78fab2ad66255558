"""Signed notes: a text with the signatures of those who stand for it (C2SP signed-note).

1. A note is believed only through a verifier that its reader chose: signatures of others are ignored, a wrong signature
   of a known key refuses the whole note, and a note without one signature of a known key is refused.
2. A key is its name and its key ID together; two known keys that share both would be ambiguous and are refused.
3. What is signed is the text with its last newline, byte for byte.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from xingtan.ledger import ed25519
from xingtan.ledger.encoding import from_base64, text_of, to_base64
from xingtan.ledger.tree import NotProven

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 16
_KEY_ID_BYTES = 4
_DASH = "— "

Check = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) → whether it holds."""


class PrivateKey(Protocol):
    """An Ed25519 key that somebody else keeps."""

    @property
    def public_bytes(self) -> bytes:
        """Return the 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature of `message`."""
        ...


class Verifier(Protocol):
    """Someone whose signatures on notes can be checked."""

    @property
    def name(self) -> str:
        """Return the key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """Return the key's ID, four bytes."""
        ...

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Say whether `signature` stands for the note's `text`."""
        ...


class Signer(Protocol):
    """Someone who signs notes."""

    @property
    def name(self) -> str:
        """Return the key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """Return the key's ID, four bytes."""
        ...

    def sign(self, text: bytes) -> bytes:
        """Return the signature of the note's `text`, without the key ID."""
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name and what it signs: the text itself (0x01) or a timestamped cosignature (0x04)."""

    name: str
    kind: int
    public_bytes: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public_bytes) != ed25519.KEY_BYTES:
            raise ValueError(f"an Ed25519 key has {ed25519.KEY_BYTES} bytes, not {len(self.public_bytes)}")

    @property
    def key_id(self) -> bytes:
        """Return the first four bytes of the hash of name, kind and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_bytes).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the verifier key as it is written in policies: name+ID+base64."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public_bytes)}"


def parse_key(text: str) -> Key:
    """Return the key that `text` writes; its ID has to be the ID of that key."""
    name, _, rest = text.partition("+")
    key_id, _, written = rest.partition("+")
    data = from_base64(written)
    if not data or data[0] not in {ED25519, COSIGNATURE}:
        raise ValueError(f"the key of {name!r} is of no kind that is known here")
    key = Key(name, data[0], data[1:])
    if key.key_id.hex() != key_id:
        raise ValueError(f"the key of {name!r} has another ID than {key_id[:16]!r}")
    return key


def check_key_name(name: str) -> None:
    """Refuse a name that a signature line could not hold."""
    if not name or "+" in name or any(one.isspace() or one < " " for one in name):
        raise ValueError(f"{name!r} cannot name a key: it is empty, or holds a space, a plus or a control character")


@dataclass(frozen=True, slots=True)
class Ed25519Verifier:
    """Verifies signatures on the text itself."""

    key: Key
    check: Check = field(default=ed25519.verify, repr=False)

    def __post_init__(self) -> None:
        if self.key.kind != ED25519:
            raise ValueError(f"the key of {self.key.name!r} does not sign notes")

    @property
    def name(self) -> str:
        """Return the key's name."""
        return self.key.name

    @property
    def key_id(self) -> bytes:
        """Return the key's ID."""
        return self.key.key_id

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Say whether `signature` stands for `text`."""
        return self.check(self.key.public_bytes, text, signature)


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Signs the text itself."""

    name: str
    private_key: PrivateKey = field(repr=False)

    @property
    def key(self) -> Key:
        """Return the public key."""
        return Key(self.name, ED25519, self.private_key.public_bytes)

    @property
    def key_id(self) -> bytes:
        """Return the key's ID."""
        return self.key.key_id

    def sign(self, text: bytes) -> bytes:
        """Return the signature of `text`."""
        return self.private_key.sign(text)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note: who signed, and what."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        """Return the line, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it, believed by nobody yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(map(str, self.signatures))}".encode()


def sign(text: str, signers: Iterable[Signer]) -> Note:
    """Return `text` signed by each of `signers`."""
    _check_text(text)
    data = text.encode()
    return Note(text, tuple(Signature(one.name, one.key_id, one.sign(data)) for one in signers))


def parse(data: bytes) -> Note:
    """Return the note that `data` writes, in the one way to write it."""
    text, found, lines = text_of(data).rpartition("\n\n")
    if not found or not lines.endswith("\n"):
        raise ValueError("a note is a text, an empty line, and lines of signatures that end in a newline")
    _check_text(text + "\n")
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Return the signatures that `lines` write, one on each line; there is one at least."""
    written = lines.removesuffix("\n").split("\n")
    if len(written) > MOST_SIGNATURES:
        raise ValueError(f"a note has at most {MOST_SIGNATURES} signatures")
    return tuple(map(_parse_signature, written))


def _parse_signature(line: str) -> Signature:
    name, _, written = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise ValueError("a line of a signature starts with an em dash and a space")
    check_key_name(name)
    data = from_base64(written)
    if len(data) <= _KEY_ID_BYTES:
        raise ValueError(f"the signature of {name!r} is too short")
    return Signature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def _check_text(text: str) -> None:
    text_of(text.encode())
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends in a newline")


def verified(note: Note, verifiers: Sequence[Verifier]) -> tuple[Signature, ...]:
    """Return the signatures of known keys, each of which holds; `NotProven` when one does not, or there is none.

    A second signature of the same key is left out.
    """
    known = {(one.name, one.key_id): one for one in verifiers}
    if len(known) != len(verifiers):
        raise ValueError("two known keys share their name and their ID")
    data, found = note.text.encode(), dict[tuple[str, bytes], Signature]()
    for signature in note.signatures:
        who = (signature.name, signature.key_id)
        if who not in known or who in found:
            continue
        if not known[who].holds(data, signature.data):
            raise NotProven(f"the signature of {signature.name!r} does not hold")
        found[who] = signature
    if not found:
        raise NotProven("nobody who is known here has signed this note")
    return tuple(found.values())
