"""The sequencer: gives entries their places, once, whatever dies on the way.

    stage    the batch lies in storage under its own hash, is read back, and its root is recomputed from its entries
    swap     the signed checkpoint takes the place of the one before: from here on the entries are in the log
    apply    the staged files are written to their places; whoever comes next can do it too
    publish  the witnesses cosign, and the checkpoint with its cosignatures is what everybody sees

1. A checkpoint is signed only on top of the last one that was signed, as the head, outside every backup, says.
2. Indexes are contiguous from 0. An entry has one, however often it is given: its key is staged and swapped with it.
3. Nothing is published without the quorum, and nothing new is signed before what was signed is published.
4. A process that starts asks the witnesses first: a log that was restored from an old copy signs nothing.
5. `append` returns when all this is done. When it raises, the entries may be in the log or not: give them again.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256

from xingtan.core.errors import Broken, Conflict, Unavailable
from xingtan.ledger import batches, checkpoints, notes, receipts
from xingtan.ledger.batches import Batch, Entry, Tail
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.reading import TileReader
from xingtan.ledger.storage import Head, Storage, Tidy
from xingtan.ledger.tiles import WIDTH
from xingtan.ledger.tree import EMPTY_ROOT, NotProven, leaf_hash
from xingtan.ledger.witness_client import Ahead, Quorum

MOST_AT_ONCE = 4096
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Places:
    """Where a log keeps itself. `signed` lies outside of what backups restore; `published` is what is served."""

    storage: Storage
    signed: Head
    published: Head
    tidy: Tidy | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """The last signed checkpoint and the hash under which its batch was staged."""

    staged: str
    note: notes.Note
    checkpoint: Checkpoint

    def __bytes__(self) -> bytes:
        """Return it as the head holds it."""
        return f"{self.staged}\n".encode() + bytes(self.note)


class _Overtaken(Exception):
    """Another process has moved the head."""


class Sequencer:
    """Appends to one log. Threads may share it; several processes may have one each, and the swap decides."""

    def __init__(
        self, places: Places, *, signer: notes.Signer, verifier: notes.Verifier, quorum: Quorum | None = None
    ) -> None:
        self._places = places
        self._signer = signer
        self._verifier = verifier
        self._quorum = quorum
        self._is_confirmed = False
        self._indexes: dict[bytes, int] = {}
        self._size = 0
        self._opened: dict[bytes, tuple[Checkpoint, notes.Note]] = {}
        self._lock = threading.RLock()

    def create(self) -> None:
        """Begin a log that has never been: sign and publish its empty tree. `Conflict` where there is one already."""
        empty = Checkpoint(self._signer.name, 0, EMPTY_ROOT)
        first = Signed(sha256(b"").hexdigest(), notes.sign(str(empty), [self._signer]), empty)
        if self._places.published.load() is not None or not self._places.signed.swap(None, bytes(first)):
            raise Conflict("There is a log here already.")
        self.settle()

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Return the index of each entry, after the checkpoint that has them is published."""
        if len(entries) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} entries at once, not {len(entries)}")
        with self._lock, _own():
            for _ in range(_TRIES):
                head = self.settle()
                fresh = self._fresh(entries, head)
                if not fresh:
                    return [self._indexes[entry.digest] for entry in entries]
                with suppress(_Overtaken):
                    self._sequence(head, fresh)
            raise Unavailable("another process appends faster than this one")

    def settle(self) -> Signed:
        """Finish what was begun, by whomever; return what is signed, applied and published."""
        with self._lock, _own():
            for _ in range(_TRIES):
                signed = self._load()
                published = self._places.published.load()
                with self._unless_overtaken(signed):
                    if self._is_published(signed, published):
                        self._confirm(signed)
                        self._catch_up(signed)
                        return signed
                    self._apply(signed)
                    self._publish(signed, published)
            raise Unavailable("another process publishes faster than this one")

    def receipt(self, index: int) -> receipts.Receipt:
        """Return the receipt of the entry at `index` under the published checkpoint; its extra data is the entry."""
        data = self._places.published.load()
        if data is None:
            raise Broken("nothing is published")
        with self._lock, _own():
            return receipts.make(index, TileReader(self._read, self._open(data)[0]), data)

    def _load(self) -> Signed:
        if (data := self._places.signed.load()) is None:
            raise Broken("no checkpoint was ever signed here: create the log, or bring its head back")
        staged, _, note = data.partition(b"\n")
        checkpoint, parsed = self._open(note)
        return Signed(staged.decode("ascii"), parsed, checkpoint)

    def _open(self, note: bytes) -> tuple[Checkpoint, notes.Note]:
        """Return a checkpoint of this log; its signature is verified once while it is the latest."""
        if note not in self._opened:
            opened = checkpoints.open_checkpoint(note, self._verifier)
            self._opened = {**dict([*self._opened.items()][-3:]), note: opened}
        return self._opened[note]

    def _is_published(self, signed: Signed, published: bytes | None) -> bool:
        if published is None:
            return False
        seen, note = self._open(published)
        if seen.size > signed.checkpoint.size:
            raise Broken("more is published than was signed: the head is an old copy")
        if seen.size == signed.checkpoint.size and note.text != signed.note.text:
            raise Broken(f"two trees of {seen.size} leaves were signed")
        return seen.size == signed.checkpoint.size

    def _confirm(self, signed: Signed) -> None:
        if self._quorum and not self._is_confirmed:
            self._quorum.confirm(signed.note, signed.checkpoint, prove=self._tree(signed).consistency_proof)
            self._is_confirmed = True

    @contextmanager
    def _unless_overtaken(self, signed: Signed) -> Iterator[None]:
        """Let a witness that is ahead pass where another process has moved the head: that comes before any witness."""
        try:
            yield
        except Ahead as ahead:
            if self._load().checkpoint.size == signed.checkpoint.size:
                raise Broken(
                    f"a witness has cosigned {ahead.size} leaves, which are not the {signed.checkpoint.size} here: "
                    "this log was restored from an old copy, or forked. Nothing more is signed."
                ) from ahead

    def _catch_up(self, signed: Signed) -> None:
        """Read the keys of the entries that came since the last time."""
        if signed.checkpoint.size < self._size:
            raise Broken(f"{self._size} leaves were signed, and the head knows of {signed.checkpoint.size}")
        while self._size < signed.checkpoint.size:
            digests = self._digests(self._size // WIDTH, signed)
            for index, digest in enumerate(digests, self._size // WIDTH * WIDTH):
                if self._indexes.setdefault(digest, index) != index:
                    raise Broken(f"the entries {self._indexes[digest]} and {index} have the same key")
            self._size = self._size // WIDTH * WIDTH + len(digests)

    def _digests(self, number: int, signed: Signed) -> list[bytes]:
        tile = self._tree(signed).leaf_tile(number)
        try:
            return batches.parse_keys(self._read(batches.keys_path(tile)), tile)
        except LookupError:  # another process has filled this tile meanwhile
            full = tile._replace(width=WIDTH)
            return batches.parse_keys(self._read(batches.keys_path(full)), full)[: tile.width]

    def _fresh(self, entries: Sequence[Entry], signed: Signed) -> list[Entry]:
        """Return the entries that are not in the log, each once; `ValueError` where a key stands for two things."""
        fresh, tree = dict[bytes, Entry](), self._tree(signed)
        for entry in entries:
            if (index := self._indexes.get(entry.digest)) is not None:
                is_same = tree.row(tree.leaf_tile(index // WIDTH))[index % WIDTH] == leaf_hash(entry.data)
            else:
                is_same = fresh.setdefault(entry.digest, entry).data == entry.data
            if not is_same:
                raise ValueError(f"the key {entry.key[:80]!r} stands for another entry already")
        return list(fresh.values())

    def _sequence(self, head: Signed, fresh: Sequence[Entry]) -> None:
        tail, size = self._tail(head), head.checkpoint.size + len(fresh)
        staged = self._stage(batches.batch_of(tail, fresh))
        edge = batches.checked(self._staged(staged), tail, size=size)
        checkpoint = Checkpoint(head.checkpoint.origin, size, edge.root)
        signed = Signed(staged, notes.sign(str(checkpoint), [self._signer]), checkpoint)
        if not self._places.signed.swap(bytes(head), bytes(signed)):
            self._forget_unless_needed(staged)
            raise _Overtaken
        self.settle()

    def _tail(self, signed: Signed) -> Tail:
        tree = self._tree(signed)
        if tree.size % WIDTH == 0:
            return Tail(tree.edge())
        number = tree.size // WIDTH
        return Tail(tree.edge(), tree.entries(number), self._digests(number, signed))

    def _stage(self, batch: Batch) -> str:
        data = bytes(batch)
        staged = sha256(data).hexdigest()
        self._places.storage.write(_staged_path(staged), data)
        return staged

    def _apply(self, signed: Signed) -> None:
        try:
            batch = self._staged(signed.staged)
        except LookupError:
            self._check_applied(signed)
            return
        for path, content in batch.files.items():
            self._places.storage.write(path, content)

    def _staged(self, staged: str) -> Batch:
        data = self._read(_staged_path(staged))
        if sha256(data).hexdigest() != staged:
            raise Broken("the storage does not hold the batch that was staged")
        return batches.parse(data)

    def _check_applied(self, signed: Signed) -> None:
        """Check that last bundle, keys and edge are there: a batch is forgotten only after it was applied."""
        try:
            if signed.checkpoint.size:
                number = (signed.checkpoint.size - 1) // WIDTH
                self._tree(signed).entries(number)
                self._digests(number, signed)
        except (ValueError, LookupError) as error:
            raise Broken(f"{signed.checkpoint.size} leaves were signed, and their files are gone: {error}") from error

    def _publish(self, signed: Signed, published: bytes | None) -> None:
        note = signed.note
        if self._quorum:
            since = self._open(published)[0].size if published else 0
            prove = self._tree(signed).consistency_proof
            note = self._quorum.cosign(note, signed.checkpoint, since=since, prove=prove)
        if self._places.published.swap(published, bytes(note)):
            self._forget(signed)

    def _forget(self, signed: Signed) -> None:
        """Tidy up after a batch that is published: its staged copy, and the partial files that full ones replace."""
        if self._places.tidy:
            with suppress(OSError, LookupError):
                paths = self._staged(signed.staged).files
                for path in (*batches.superseded(paths), _staged_path(signed.staged)):
                    self._places.tidy.remove(path)

    def _forget_unless_needed(self, staged: str) -> None:
        if self._places.tidy and self._load().staged != staged:
            with suppress(OSError):
                self._places.tidy.remove(_staged_path(staged))

    def _tree(self, signed: Signed) -> TileReader:
        return TileReader(self._read, signed.checkpoint)

    def _read(self, path: str) -> bytes:
        return self._places.storage.read(path)


def _staged_path(staged: str) -> str:
    return f"staging/{staged}"


@contextmanager
def _own() -> Iterator[None]:
    """What does not hold in our own files is a promise of ours that is broken, not somebody's bad input."""
    try:
        yield
    except NotProven as error:
        raise Broken(f"the log's own files do not hold together: {error}") from error
