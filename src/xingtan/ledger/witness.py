"""A witness: it cosigns a checkpoint that begins with everything it cosigned of the log before (C2SP tlog-witness).

1. What a witness remembers of a log only grows, and is durable before the cosignature leaves.
2. Looking at what is remembered and replacing it is one step: a compare-and-swap, done again where somebody was
   faster.
3. Cosignatures of one log never go back in time, whatever the clock does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from xingtan.core.clock import Clock
from xingtan.ledger import checkpoints, ed25519, notes
from xingtan.ledger.checkpoints import Checkpoint, Cosigner
from xingtan.ledger.encoding import decimal, hash_from, text_of, to_base64
from xingtan.ledger.proofs import verify_consistency
from xingtan.ledger.storage import Head
from xingtan.ledger.tree import EMPTY_ROOT, LONGEST_PROOF, NotProven

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
MOST_BYTES = 1 << 16
_TRIES = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answers."""

    status: int
    body: bytes = b""
    content_type: str = PLAIN


class Declined(Exception):
    """What was asked is not done; `reply` says why."""

    def __init__(self, status: int, why: str) -> None:
        self.reply = Reply(status, f"{why}\n".encode())
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Request:
    """Cosign this checkpoint: it begins with the first `old_size` leaves that you know, as the proof shows."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        """Return the request as it is sent."""
        lines = [f"old {self.old_size}", *map(to_base64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_request(data: bytes) -> Request:
    """Return the request that `data` writes."""
    if len(data) > MOST_BYTES:
        raise ValueError("this request is too long")
    head, found, checkpoint = text_of(data).partition("\n\n")
    old, *proof = head.split("\n")
    if not found or not old.startswith("old "):
        raise ValueError("a request says the old size, the proof, and after an empty line the checkpoint")
    if len(proof) > LONGEST_PROOF:
        raise ValueError(f"a proof has at most {LONGEST_PROOF} hashes")
    return Request(decimal(old.removeprefix("old ")), tuple(map(hash_from, proof)), checkpoint.encode())


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest checkpoint that was cosigned, and when: what a witness remembers of one log."""

    at_s: int
    checkpoint: Checkpoint
    note: bytes

    def __bytes__(self) -> bytes:
        """Return it as it is kept."""
        return b"%d\n" % self.at_s + self.note


def parse_seen(data: bytes) -> Seen:
    """Return what was kept."""
    at_s, _, note = data.partition(b"\n")
    return Seen(decimal(at_s.decode("ascii")), checkpoints.parse(notes.parse(note).text), note)


def judge(request: Request, log: Sequence[notes.Verifier], seen: Seen | None) -> tuple[Checkpoint, notes.Note]:
    """Return the checkpoint to cosign; `Declined` with the answer that tlog-witness has for each reason."""
    note = notes.parse(request.checkpoint)
    checkpoint = checkpoints.parse(note.text)
    try:
        notes.verified(note, log)
    except NotProven as error:
        raise Declined(403, str(error)) from None
    if request.old_size > checkpoint.size:
        raise Declined(400, "the old size is larger than the checkpoint's")
    known = seen.checkpoint if seen else Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
    if request.old_size != known.size:
        raise _conflict(known)
    if known.size == checkpoint.size and known.root != checkpoint.root:
        raise _conflict(known)
    try:
        _check_proof(request, known, checkpoint)
    except ValueError as error:
        raise Declined(422, str(error)) from None
    return checkpoint, note


def _check_proof(request: Request, known: Checkpoint, checkpoint: Checkpoint) -> None:
    if known.size:
        verify_consistency(
            request.proof,
            old_size=known.size, old_root=known.root, new_size=checkpoint.size, new_root=checkpoint.root,
        )  # fmt: skip
    elif request.proof:
        raise NotProven("an empty tree needs no proof")


def _conflict(known: Checkpoint) -> Declined:
    declined = Declined(409, str(known.size))
    declined.reply = Reply(409, f"{known.size}\n".encode(), SIZE)
    return declined


@dataclass(frozen=True, slots=True)
class Witness:
    """Cosigns checkpoints of the logs it knows. `heads` gives, for an origin, where its latest checkpoint is kept."""

    name: str
    private_key: notes.PrivateKey = field(repr=False)
    logs: Mapping[str, Sequence[notes.Verifier]]
    heads: Callable[[str], Head]
    clock: Clock

    @property
    def key(self) -> notes.Key:
        """Return the public key, for the policies of others."""
        return notes.Key(self.name, notes.COSIGNATURE, self.private_key.public_bytes)

    def add_checkpoint(self, data: bytes) -> Reply:
        """Return the answer to a request as it was sent."""
        try:
            return self._cosign(parse_request(data))
        except Declined as declined:
            return declined.reply
        except ValueError as error:
            return Reply(400, f"{error}\n".encode())

    def _cosign(self, request: Request) -> Reply:
        origin = checkpoints.parse(notes.parse(request.checkpoint).text).origin
        if origin not in self.logs:
            raise Declined(404, "this log is not known here")
        head = self.heads(origin)
        for _ in range(_TRIES):
            kept = head.load()
            seen = parse_seen(kept) if kept else None
            checkpoint, note = judge(request, self.logs[origin], seen)
            at_s = max(int(self.clock.now().timestamp()), seen.at_s if seen else 1)
            signed = notes.sign(note.text, [Cosigner(self.name, self.private_key, at_s)])
            if head.swap(kept, bytes(Seen(at_s, checkpoint, bytes(note)))):
                return Reply(200, str(signed.signatures[0]).encode())
        raise Declined(503, "too many ask at once")


def known_logs(keys: Sequence[notes.Key], *, check: notes.Check = ed25519.verify) -> dict[str, list[notes.Verifier]]:
    """Return the logs of these keys by origin, as `Witness` takes them."""
    found = dict[str, list[notes.Verifier]]()
    for key in keys:
        found.setdefault(key.name, []).append(checkpoints.verifier(key, check=check))
    return found
