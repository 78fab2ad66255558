"""Receipts: that an entry is in a log, in one text that opens offline (C2SP tlog-proof).

1. A receipt is verified against a policy of its reader's choice, never against anything that it says itself.
2. Its extra data is not signed by anyone. Ours holds the entry, which counts only because its hash leads to the root.
"""

from dataclasses import dataclass

from xingtan.core.clock import Clock
from xingtan.ledger import ed25519
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.encoding import decimal, from_base64, hash_from, text_of, to_base64
from xingtan.ledger.notes import Check
from xingtan.ledger.policy import Policy
from xingtan.ledger.proofs import verify_inclusion
from xingtan.ledger.reading import TileReader
from xingtan.ledger.tree import LONGEST_PROOF, leaf_hash

SUFFIX = ".tlog-proof"
_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The entry at `index` is in the tree of `checkpoint`, a signed note; `extra` is what its maker added, unsigned."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __bytes__(self) -> bytes:
        """Return the receipt as it is stored and sent."""
        lines = [_HEADER] if self.extra is None else [_HEADER, f"extra {to_base64(self.extra)}"]
        lines += [f"index {self.index}", *map(to_base64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse(data: bytes) -> Receipt:
    """Return the receipt that `data` writes."""
    head, _, checkpoint = text_of(data).partition("\n\n")
    header, *lines = head.split("\n")
    if header != _HEADER:
        raise ValueError("this is no receipt of a transparency log")
    extra = from_base64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise ValueError("a receipt says the index of its entry")
    if len(lines) > LONGEST_PROOF + 1:
        raise ValueError(f"a proof has at most {LONGEST_PROOF} hashes")
    index = decimal(lines[0].removeprefix("index "))
    return Receipt(index, tuple(map(hash_from, lines[1:])), checkpoint.encode(), extra)


def make(index: int, tree: TileReader, checkpoint: bytes) -> Receipt:
    """Return the receipt of the entry at `index` of `tree`, which is the tree of the published `checkpoint`."""
    return Receipt(index, tuple(tree.inclusion_proof(index)), checkpoint, tree.entry(index))


def verify(
    receipt: Receipt,
    entry: bytes,
    *,
    policy: Policy,
    check: Check = ed25519.verify,
    clock: Clock | None = None,
) -> tuple[Checkpoint, frozenset[str]]:
    """Return the checkpoint under which `entry` is logged and who witnessed it; `NotProven` when that does not hold."""
    checkpoint, cosigned = policy.open_checkpoint(receipt.checkpoint, check=check, clock=clock)
    verify_inclusion(
        receipt.proof, leaf=leaf_hash(entry), index=receipt.index, size=checkpoint.size, root=checkpoint.root
    )
    return checkpoint, cosigned
