"""The sequencer under faults: operations lost, or done and reported as failed; two at once; old copies; no quorum."""

import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.ledger.logs import World, entries, fast_check, grown, verifier
from xingtan.core.errors import Broken, Conflict, Unavailable
from xingtan.ledger import receipts, sequencer
from xingtan.ledger.batches import Entry
from xingtan.ledger.checkpoints import Checkpoint, open_checkpoint
from xingtan.ledger.reading import audit
from xingtan.ledger.sequencer import Places
from xingtan.ledger.storage import FileHead, FileStorage, Head, MemoryHead, MemoryStorage, Storage
from xingtan.ledger.tree import NotProven
from xingtan.ledger.witness import SIZE, Reply

ALL = ("a", "b", "c")


def check(world: World, wanted: set[bytes] | None = None, *, older: list[bytes] | None = None) -> dict[bytes, int]:
    """Audit the published log; return the index of each entry, of which there is one each."""
    found = dict[bytes, int]()

    def each(index: int, entry: bytes) -> None:
        assert entry not in found, f"{entry!r} is logged twice"
        found[entry] = index

    before = [open_checkpoint(data, verifier())[0] for data in older or []]
    audit(world.places.storage.read, world.checkpoint, older=before, each=each)
    assert sorted(found.values()) == list(range(world.checkpoint.size))
    assert wanted is None or set(found) == wanted
    return found


def data_of(some: list[Entry]) -> set[bytes]:
    return {one.data for one in some}


def test_entries_get_indexes_from_zero() -> None:
    world = World()
    world.sequencer().create()
    assert world.checkpoint.size == 0
    assert world.sequencer().append(entries(0, 3)) == [0, 1, 2]
    assert world.sequencer().append(entries(3, 300)) == list(range(3, 300))
    check(world, data_of(entries(0, 300)))


def test_an_entry_is_logged_once_however_often_it_is_given() -> None:
    world = World()
    grown(world, [300])
    one, two = entries(300, 302)
    assert world.sequencer().append([one, two, one]) == [300, 301, 300]
    assert world.sequencer().append([*entries(0, 5), one, Entry(b"new", b"new")]) == [0, 1, 2, 3, 4, 300, 302]
    check(world, data_of([*entries(0, 302), Entry(b"new", b"new")]))


def test_nothing_to_append_signs_nothing() -> None:
    world = World()
    grown(world, [5])
    before = world.published
    assert world.sequencer().append([]) == []
    assert world.published == before


@pytest.mark.parametrize("known", [True, False])
def test_a_key_stands_for_one_thing(known: bool) -> None:  # noqa: FBT001 - a table
    world = World()
    grown(world, [5])
    key = b"key 3" if known else b"fresh"
    first = [] if known else [Entry(key, b"one")]
    with pytest.raises(ValueError, match="stands for another"):
        world.sequencer().append([*first, Entry(key, b"another")])
    check(world, data_of(entries(0, 5)))


def test_entries_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="key"):
        Entry(b"", b"data")
    with pytest.raises(ValueError, match="at most"):
        Entry(b"key", bytes(65_536))
    with pytest.raises(ValueError, match="at once"):
        World().sequencer().append(entries(0, sequencer.MOST_AT_ONCE + 1))


def test_a_log_begins_once() -> None:
    world = World()
    with pytest.raises(Broken, match="create"):
        world.sequencer().append(entries(0, 1))
    grown(world, [2])
    with pytest.raises(Conflict):
        world.sequencer().create()
    with pytest.raises(Conflict):  # its head is lost, and the log is there: a new beginning would fork it
        world.sequencer(replace(world.places, signed=MemoryHead())).create()


def test_receipts_given_long_ago_still_verify() -> None:
    world = World(ALL, 2)
    world.sequencer().create()
    given = []
    for size in (1, 2, 200, 256, 257, 700):
        world.sequencer().append(entries(world.checkpoint.size, size))
        given += [(index, bytes(world.sequencer().receipt(index))) for index in {0, size // 2, size - 1}]
    for index, data in given:
        receipt = receipts.parse(data)
        assert (receipt.index, receipt.extra) == (index, b"entry %d" % index)
        _, names = receipts.verify(
            receipt, b"entry %d" % index, policy=world.policy, check=fast_check, clock=world.clock
        )
        assert len(names) >= 2
        with pytest.raises(NotProven):
            receipts.verify(receipt, b"another", policy=world.policy, check=fast_check)


def test_tidying_leaves_what_is_needed() -> None:
    world = World()
    grown(world, range(1, 520, 7))
    paths = set(world.places.storage.files)  # type: ignore[attr-defined]
    assert not [
        path for path in paths if path.startswith(("staging/", "tile/0/000.p", "tile/entries/001.p", "keys/000.p"))
    ]
    assert "tile/0/001" in paths
    check(world, data_of(entries(0, 519)))


# Faults of the storage and of the heads


class Power(OSError):
    """What a caller sees when an operation failed, or seems to have."""


@dataclass
class Faulty:
    """Counts operations; at the `at`-th, it is lost, or done and reported as failed."""

    at: int
    how: str
    count: int = 0

    def around(self, operation: Callable[[], Any]) -> Any:
        self.count += 1
        if self.count != self.at:
            return operation()
        if self.how == "done":
            operation()
        raise Power(errno.ENOSPC if self.how == "full" else errno.EIO, self.how)


@dataclass
class FaultyStorage:
    inner: Storage
    fault: Faulty

    def read(self, path: str) -> bytes:
        return self.fault.around(lambda: self.inner.read(path))  # type: ignore[no-any-return]

    def write(self, path: str, data: bytes) -> None:
        self.fault.around(lambda: self.inner.write(path, data))

    def remove(self, path: str) -> None:
        self.fault.around(lambda: self.inner.remove(path))  # type: ignore[attr-defined]


@dataclass
class FaultyHead:
    inner: Head
    fault: Faulty

    def load(self) -> bytes | None:
        return self.fault.around(self.inner.load)  # type: ignore[no-any-return]

    def swap(self, old: bytes | None, new: bytes) -> bool:
        return self.fault.around(lambda: self.inner.swap(old, new))  # type: ignore[no-any-return]


def faulty(places: Places, fault: Faulty) -> Places:
    storage = FaultyStorage(places.storage, fault)
    return Places(storage, FaultyHead(places.signed, fault), FaultyHead(places.published, fault), storage)


@pytest.mark.faults
@pytest.mark.parametrize("how", ["lost", "done", "full"])
@pytest.mark.parametrize("start", [0, 3, 250, 256])
def test_every_operation_may_fail(how: str, start: int) -> None:
    """Whatever fails, the next run carries on: nothing acknowledged is lost, nothing is doubled, nothing forks."""
    at, more = 0, entries(start, start + 10)
    while True:
        at += 1
        world = World(ALL, 2)
        before = grown(world, [start])
        fault = Faulty(at, how)
        try:
            world.sequencer(faulty(world.places, fault)).append(more)
        except Power:
            check(world, older=before)  # what is published is whole at every moment
        else:
            check(world, data_of(entries(0, start + 10)), older=before)  # an acknowledged entry is in the log
        is_over = fault.count < at
        published = world.published
        assert world.sequencer().append(more) == list(range(start, start + 10))
        check(world, data_of(entries(0, start + 10)), older=[*before, published])
        if is_over:
            break
    assert at > 15


@pytest.mark.faults
@pytest.mark.parametrize("how", ["lost", "done"])
def test_every_operation_may_fail_twice(how: str) -> None:
    for first in range(1, 30, 2):
        for second in range(1, 30, 3):
            world = World()
            before = grown(world, [254])
            for at in (first, second):
                try:
                    world.sequencer(faulty(world.places, Faulty(at, how))).append(entries(254, 260))
                except Power:
                    check(world, older=before)
            assert world.sequencer().append(entries(254, 262)) == list(range(254, 262))
            check(world, data_of(entries(0, 262)), older=before)


@pytest.mark.faults
def test_creation_may_fail_anywhere() -> None:
    for how in ("lost", "done"):
        for at in range(1, 12):
            world = World(ALL, 2)
            with suppress(Power):
                world.sequencer(faulty(world.places, Faulty(at, how))).create()
            try:
                world.sequencer().create()
            except Conflict:
                world.sequencer().settle()
            assert world.checkpoint.size == 0
            assert world.sequencer().append(entries(0, 2)) == [0, 1]


# Two at once


@pytest.mark.faults
def test_two_sequencers_at_once(tmp_path: Path) -> None:
    folder = FileStorage(tmp_path / "log")
    places = Places(folder, FileHead(tmp_path / "signed"), FileHead(tmp_path / "log/checkpoint"), folder)
    world = World(places=places)
    world.sequencer().create()
    indexes, failures = dict[bytes, set[int]](), list[BaseException]()

    def run(first: int) -> None:
        own = world.sequencer()
        for start in range(first, first + 60, 6):
            some = entries(start, start + 6)
            try:
                while True:
                    try:
                        found = own.append(some)
                        break
                    except Unavailable:
                        continue
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failures.append(error)
                return
            for entry, index in zip(some, found, strict=True):
                indexes.setdefault(entry.data, set()).add(index)

    threads = [threading.Thread(target=run, args=(first,)) for first in (0, 30, 60)]  # their entries overlap
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = check(world, data_of(entries(0, 120)))
    assert indexes == {data: {index} for data, index in found.items()}


class Interleaved(MemoryStorage):
    """Lets somebody else run in the middle of the `at`-th operation."""

    def __init__(self, inner: MemoryStorage, at: int, other: Callable[[], None]) -> None:
        super().__init__()
        self.files, self._at, self._other, self._count = inner.files, at, other, 0

    def _step(self) -> None:
        self._count += 1
        if self._count == self._at:
            self._other()

    def read(self, path: str) -> bytes:
        self._step()
        return super().read(path)

    def write(self, path: str, data: bytes) -> None:
        self._step()
        super().write(path, data)


@pytest.mark.faults
@pytest.mark.parametrize("start", [3, 250])
def test_another_process_runs_between_any_two_operations(start: int) -> None:
    for at in range(1, 40):
        world = World(ALL, 2)
        before = grown(world, [start])
        others = list[int]()

        def other(world: World = world, others: list[int] = others) -> None:
            others.extend(world.sequencer().append(entries(start + 2, start + 20)))

        storage = Interleaved(world.places.storage, at, other)  # type: ignore[arg-type]
        own = world.sequencer(replace(world.places, storage=storage, tidy=storage)).append(entries(start, start + 8))
        found = check(world, older=before)
        assert [found[entry.data] for entry in entries(start, start + 8)] == own
        if others:
            assert [found[entry.data] for entry in entries(start + 2, start + 20)] == others
            assert world.checkpoint.size == start + 20


# Old copies, changed files


def copy(places: Places) -> Places:
    storage = MemoryStorage()
    storage.files = dict(places.storage.files)  # type: ignore[attr-defined]
    return Places(storage, MemoryHead(places.signed.load()), MemoryHead(places.published.load()), storage)


@pytest.mark.faults
def test_a_restored_backup_does_not_sign() -> None:
    world = World()
    grown(world, [5])
    backup = copy(world.places)
    world.sequencer().append(entries(5, 9))
    restored = replace(backup, signed=world.places.signed)  # the head is not in the backup
    with pytest.raises(Broken, match="files are gone"):
        world.sequencer(restored).append(entries(9, 10))
    assert restored.published.load() == backup.published.load()
    assert open_checkpoint((world.places.signed.load() or b"").partition(b"\n")[2], verifier())[0].size == 9


@pytest.mark.faults
@pytest.mark.parametrize("down", [(), ("a",)])
def test_a_restored_backup_with_its_head_is_stopped_by_a_witness(down: tuple[str, ...]) -> None:
    world = World(ALL, 2)
    grown(world, [5])
    backup = copy(world.places)
    world.sequencer().append(entries(5, 9))
    world.broken = {name: lambda _body: Reply(500) for name in down}
    with pytest.raises(Broken, match="9 leaves"):
        world.sequencer(backup).append([Entry(b"other", b"history")])
    assert open_checkpoint((backup.signed.load() or b"").partition(b"\n")[2], verifier())[0].size == 5


@pytest.mark.faults
def test_a_forgotten_log_is_not_begun_again() -> None:
    world = World(ALL, 2)
    grown(world, [5])
    empty = Places(MemoryStorage(), MemoryHead(), MemoryHead())
    with pytest.raises(Broken, match="5 leaves"):
        world.sequencer(empty).create()
    assert empty.published.load() is None


@pytest.mark.faults
def test_an_old_head_is_noticed() -> None:
    world = World()
    grown(world, [5])
    old = MemoryHead(world.places.signed.load())
    world.sequencer().append(entries(5, 6))
    with pytest.raises(Broken, match="old copy"):
        world.sequencer(replace(world.places, signed=old)).append(entries(6, 7))


@pytest.mark.faults
@pytest.mark.parametrize("path", ["tile/0/000.p/5", "tile/entries/000.p/5", "keys/000.p/5"])
def test_changed_files_are_not_signed_over(path: str) -> None:
    world = World()
    grown(world, [5])
    files = world.places.storage.files  # type: ignore[attr-defined]
    before = world.places.signed.load()
    for changed in (b"\xff" + files[path][1:], files[path][:-1], b""):
        kept, files[path] = files[path], changed
        with pytest.raises(Broken):
            world.sequencer().append(entries(5, 6))
        files[path] = kept
    assert world.places.signed.load() == before
    assert world.sequencer().append(entries(5, 6)) == [5]


class Lying(MemoryStorage):
    """Stores what is staged with one bit turned."""

    def __init__(self, inner: MemoryStorage, bit: int) -> None:
        super().__init__()
        self.files, self._bit = inner.files, bit

    def write(self, path: str, data: bytes) -> None:
        if path.startswith("staging/"):
            changed = bytearray(data)
            changed[self._bit // 8 % len(data)] ^= 1 << self._bit % 8
            data = bytes(changed)
        super().write(path, data)


@pytest.mark.faults
def test_the_root_is_recomputed_from_what_was_stored() -> None:
    """Once a log stored another entry than it had hashed, and its signed tree could not be shown any more."""
    for bit in range(0, 4000, 37):
        world = World()
        grown(world, [3])
        signed, published = world.places.signed.load(), world.published
        with pytest.raises(Broken):
            world.sequencer(replace(world.places, storage=Lying(world.places.storage, bit))).append(entries(3, 6))  # type: ignore[arg-type]
        assert (world.places.signed.load(), world.published) == (signed, published)


# Witnesses


def test_nothing_is_published_without_the_quorum() -> None:
    world = World(ALL, 2)
    grown(world, [5])
    before = world.published
    world.broken = {name: lambda _body: Reply(503) for name in ("a", "b")}
    with pytest.raises(Unavailable, match="too few"):
        world.sequencer().append(entries(5, 6))
    assert world.published == before
    world.broken = {"a": world.broken["a"]}
    assert world.sequencer().append(entries(5, 7)) == [5, 6]
    check(world, data_of(entries(0, 7)), older=[before])


def test_entries_that_were_signed_before_the_witnesses_went_are_published_when_they_come_back() -> None:
    world = World(ALL, 3)
    grown(world, [5])
    own = world.sequencer()
    own.settle()  # the witnesses have been asked once, as long as this process lives
    world.broken = {"c": lambda _body: Reply(503)}
    for _ in range(3):
        with pytest.raises(Unavailable, match="too few"):
            own.append(entries(5, 8))
    assert world.checkpoint.size == 5
    world.broken = {}
    assert own.append(entries(5, 8)) == [5, 6, 7]
    check(world, data_of(entries(0, 8)))


def silent(_body: bytes) -> Reply:
    raise TimeoutError("no answer")


LIARS: dict[str, Callable[[bytes], Reply]] = {
    "silent": silent,
    "not found": lambda _body: Reply(404),
    "nothing": lambda _body: Reply(200),
    "no signature": lambda _body: Reply(200, b"thank you\n"),
    "signature of another": lambda _body: Reply(200, "— x.example AAAAAAAAAAAAAAAA\n".encode()),
    "not UTF-8": lambda _body: Reply(200, b"\xff\n"),
    "forged": lambda _body: Reply(200, f"— c.example {'A' * 96}\n".encode()),
    "a size that is none": lambda _body: Reply(409, b"many\n", SIZE),
    "a smaller size each time": lambda _body: Reply(409, b"1\n", "text/plain"),
    "an error page": lambda _body: Reply(500, b"<html>" * 1000),
}


@pytest.mark.faults
@pytest.mark.parametrize("lie", LIARS.values(), ids=LIARS.keys())
def test_a_witness_that_lies_counts_as_none(lie: Callable[[bytes], Reply]) -> None:
    world = World(ALL, 2, broken={"c": lie})
    grown(world, [1, 5])
    assert world.policy.open_checkpoint(world.published, check=fast_check)[1] == {"a", "b"}
    world.broken["b"] = lie
    with pytest.raises(Unavailable, match="too few"):
        world.sequencer().append(entries(5, 6))


@pytest.mark.faults
def test_a_slow_witness_is_not_waited_for() -> None:
    let_go = threading.Event()

    def slow(_body: bytes) -> Reply:
        let_go.wait(60)
        return Reply(503)

    world = World(ALL, 2)
    grown(world, [5])
    own = world.sequencer()
    own.settle()  # a process that starts hears them all
    world.broken = {"c": slow}
    try:
        assert own.append(entries(5, 6)) == [5]
        assert world.policy.open_checkpoint(world.published, check=fast_check)[1] == {"a", "b"}
    finally:
        let_go.set()


def test_a_witness_that_missed_some_is_told() -> None:
    world = World(ALL, 2, broken={"c": silent})
    grown(world, [1, 5, 300])
    world.broken = {"a": silent}
    world.sequencer().append(entries(300, 310))
    assert world.policy.open_checkpoint(world.published, check=fast_check)[1] == {"b", "c"}


@pytest.mark.faults
def test_the_clock_may_go_back() -> None:
    world = World(ALL, 3)
    grown(world, [5])
    given = bytes(world.sequencer().receipt(3))
    at = world.clock.now()
    for moved in (timedelta(days=-2), timedelta(days=2), timedelta(days=-365), timedelta()):
        world.clock.set(at + moved)
        world.sequencer().append(entries(world.checkpoint.size, world.checkpoint.size + 3))
    check(world)
    receipts.verify(receipts.parse(given), b"entry 3", policy=world.policy, check=fast_check)


# Everything in any order


class Life(RuleBasedStateMachine):
    """A log with witnesses through appends, faults, crashes, moved clocks and missing witnesses."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(ALL, 2)
        self.checkpoints = list[Checkpoint]()
        self.acknowledged = dict[bytes, int]()
        self.receipts = list[tuple[bytes, bytes]]()

    @initialize()
    def begin(self) -> None:
        self.world.sequencer().create()

    @rule(
        first=st.integers(0, 400),
        count=st.integers(0, 90),
        at=st.integers(0, 60),
        how=st.sampled_from(["lost", "done", "full"]),
    )
    def append(self, first: int, count: int, at: int, how: str) -> None:
        some = entries(first, first + count)
        try:
            found = self.world.sequencer(faulty(self.world.places, Faulty(at, how))).append(some)
        except (Power, Unavailable):
            return
        for entry, index in zip(some, found, strict=True):
            assert self.acknowledged.setdefault(entry.data, index) == index

    @rule(down=st.sets(st.sampled_from(ALL)))
    def lose_witnesses(self, down: set[str]) -> None:
        self.world.broken = dict.fromkeys(down, silent)

    @rule(days=st.integers(-3, 3))
    def move_the_clock(self, days: int) -> None:
        self.world.clock.advance(days=days)

    @rule(part=st.integers(0, 99))
    def give_a_receipt(self, part: int) -> None:
        if size := self.world.checkpoint.size:
            receipt = self.world.sequencer().receipt(size * part // 100)
            self.receipts.append((bytes(receipt), receipt.extra or b""))

    @invariant()
    def holds(self) -> None:
        if self.world.places.published.load() is None:
            return
        self.checkpoints.append(self.world.checkpoint)
        sizes = [one.size for one in self.checkpoints]
        assert sizes == sorted(sizes)
        found = dict[bytes, int]()
        audit(
            self.world.places.storage.read, self.world.checkpoint,
            older=self.checkpoints, each=lambda index, entry: found.setdefault(entry, index),
        )  # fmt: skip
        assert len(found) == self.world.checkpoint.size
        assert self.acknowledged.items() <= found.items()
        assert len(self.world.policy.open_checkpoint(self.world.published, check=fast_check)[1]) >= 2
        for receipt, entry in self.receipts:
            receipts.verify(receipts.parse(receipt), entry, policy=self.world.policy, check=fast_check)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


@dataclass
class Counted:
    """Counts what was asked of a storage."""

    inner: Storage
    reads: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return self.inner.read(path)

    def write(self, path: str, data: bytes) -> None:
        self.inner.write(path, data)


def test_an_append_reads_little_of_a_long_log() -> None:
    world = World()
    grown(world, [3000, 6000])
    storage = Counted(world.places.storage)
    own = world.sequencer(replace(world.places, storage=storage))
    own.settle()
    storage.reads.clear()
    own.append(entries(6000, 6001))
    assert len(storage.reads) <= 20


@pytest.mark.faults
def test_a_head_that_goes_back_under_a_running_process() -> None:
    world = World()
    grown(world, [5])
    backup = copy(world.places)
    places = Places(world.places.storage, FaultyHead(world.places.signed, Faulty(0, "")), world.places.published)
    own = world.sequencer(places)
    own.append(entries(5, 9))
    places.signed.inner = backup.signed  # type: ignore[attr-defined]
    world.places.published.swap(world.published, backup.published.load() or b"")
    with pytest.raises(Broken, match="knows of 5"):
        own.append(entries(9, 10))
