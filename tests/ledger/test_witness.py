"""A witness: every answer that tlog-witness knows, from the function and over HTTP; and logs that it catches."""

import http.client
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import NOON, ORIGIN, World, entries, fast_check, grown, key_of, signer, verifier
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Unavailable
from xingtan.ledger import checkpoints, notes, policy, witness
from xingtan.ledger.checkpoints import Checkpoint, CosignatureVerifier
from xingtan.ledger.reading import TileReader
from xingtan.ledger.storage import MemoryHead
from xingtan.ledger.tree import EMPTY_ROOT
from xingtan.ledger.witness import SIZE, Reply, Request, Witness, known_logs
from xingtan.ledger.witness_client import HttpPost, Quorum, ask
from xingtan.ledger.witness_server import WitnessServer, head_of

# The example of the C2SP document, without the indentation.
EXAMPLE = (
    "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n"
    "— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovn"
    "zv++qbSzm9Q=\n"
)


class Site:
    """A witness that has seen nothing, and a log that has grown."""

    def __init__(self) -> None:
        self.log = World()
        self.published = grown(self.log, [3, 5, 300])
        self.head = MemoryHead()
        self.clock = ManualClock(NOON)
        logs = known_logs([signer().key], check=fast_check)
        self.witness = Witness("w.example", key_of("w.example"), logs, lambda _origin: self.head, self.clock)

    def request(self, old: int, new: int, *, proof: list[bytes] | None = None) -> Request:
        data = next(one for one in self.published if checkpoint_of(one).size == new)
        tree = TileReader(self.log.places.storage.read, checkpoint_of(data))
        return Request(old, tuple(tree.consistency_proof(min(old, new)) if proof is None else proof), data)

    def ask(self, old: int, new: int, *, proof: list[bytes] | None = None) -> Reply:
        return self.witness.add_checkpoint(bytes(self.request(old, new, proof=proof)))


def checkpoint_of(data: bytes) -> Checkpoint:
    return checkpoints.open_checkpoint(data, verifier())[0]


def test_the_documents_example_is_read_and_written() -> None:
    request = witness.parse_request(EXAMPLE.encode())
    assert (request.old_size, len(request.proof)) == (20852014, 4)
    assert bytes(request) == EXAMPLE.encode()


def test_200_with_a_cosignature() -> None:
    site = Site()
    for old, new in ((0, 3), (3, 5), (5, 5), (5, 300)):
        reply = site.ask(old, new)
        assert reply.status == 200
        note = notes.parse(site.request(old, new).checkpoint)
        cosigned = replace(note, signatures=notes.parse_signatures(reply.body.decode()))
        line = notes.verified(cosigned, [CosignatureVerifier(site.witness.key, fast_check)])[0]
        assert checkpoints.cosigned_at_s(line.data) == int(NOON.timestamp())


def test_404_for_a_log_that_is_not_known() -> None:
    note = notes.sign(str(Checkpoint("other.example", 1, bytes(32))), [signer("other.example")])
    assert Site().witness.add_checkpoint(bytes(Request(0, (), bytes(note)))).status == 404


def test_403_for_a_signature_that_does_not_hold_or_is_not_the_logs() -> None:
    site = Site()
    text = str(Checkpoint(ORIGIN, 3, bytes(32)))
    wrong = notes.Note(text, notes.parse(site.published[0]).signatures)
    stranger = notes.sign(text, [signer("stranger.example")])
    for note in (wrong, stranger):
        assert site.witness.add_checkpoint(bytes(Request(0, (), bytes(note)))).status == 403
    assert site.head.load() is None


def test_400_for_an_old_size_beyond_the_checkpoint() -> None:
    assert Site().ask(6, 5).status == 400


def test_409_says_the_true_size() -> None:
    site = Site()
    assert site.ask(3, 5) == Reply(409, b"0\n", SIZE)
    assert site.ask(0, 5).status == 200
    assert site.ask(3, 5) == Reply(409, b"5\n", SIZE)
    assert site.ask(0, 300) == Reply(409, b"5\n", SIZE)
    assert site.ask(3, 3) == Reply(409, b"5\n", SIZE)


def test_409_for_another_root_of_the_same_size() -> None:
    site = Site()
    assert site.ask(0, 5).status == 200
    forked = notes.sign(str(Checkpoint(ORIGIN, 5, bytes(32))), [signer()])
    assert site.witness.add_checkpoint(bytes(Request(5, (), bytes(forked)))) == Reply(409, b"5\n", SIZE)


def test_422_for_a_proof_that_does_not_hold() -> None:
    site = Site()
    assert site.ask(0, 5).status == 200
    kept = site.head.load()
    good = list(site.request(5, 300).proof)
    for proof in ([], good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]], good[::-1]):
        assert site.ask(5, 300, proof=proof).status == 422
    assert site.ask(5, 5, proof=[bytes(32)]).status == 422
    assert site.head.load() == kept
    assert site.ask(5, 300).status == 200


def test_422_for_a_proof_from_nothing() -> None:
    assert Site().ask(0, 5, proof=[bytes(32)]).status == 422


def test_422_for_rewritten_history() -> None:
    site = Site()
    assert site.ask(0, 300).status == 200
    other = World()
    other.sequencer().create()
    other.sequencer().append([*entries(1, 300), *entries(0, 1), *entries(300, 400)])
    proof = other.tree.consistency_proof(300)
    assert site.witness.add_checkpoint(bytes(Request(300, tuple(proof), other.published))).status == 422


@pytest.mark.parametrize(
    "change",
    [
        ("old 20852014", "old 020852014"),
        ("old 20852014", "old +1"),
        ("old 20852014", "old"),
        ("old 20852014", "Old 20852014"),
        ("old 20852014", "old 9223372036854775808"),
        ("old 20852014\n", ""),
        ("ZZDDpkaw=\n", "ZZDDpkaw\n"),
        ("\n", "\r\n"),
        ("ZZDDpkaw=\n", "ZZDDpkaw=\n" + "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 60),
        ("\n\nexample", "\nexample"),
        ("ZZDDpkaw=\n", "AAAA\n"),
        ("— ", "- "),
        ("20852163", "٢٠"),
        ("20852163", "-1"),
    ],
)
def test_400_for_what_cannot_be_read(change: tuple[str, str]) -> None:
    assert change[0] in EXAMPLE
    changed = EXAMPLE.replace(*change).encode()
    assert Site().witness.add_checkpoint(changed).status == 400


def test_400_for_what_is_too_long() -> None:
    assert Site().witness.add_checkpoint(b"old 0\n" * 20_000).status == 400


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"old 0\n\n{text}\n1\n{'A' * 43}=\n\n— a AAAAAAAA\n".encode())
)
@settings(deadline=None)
def test_whatever_is_sent_is_answered(data: bytes) -> None:
    head = MemoryHead()
    logs = known_logs([signer().key], check=fast_check)
    reply = Witness("w.example", key_of("w.example"), logs, lambda _origin: head, ManualClock(NOON)).add_checkpoint(
        data
    )
    assert reply.status in {400, 403, 404}
    assert head.load() is None


def test_the_empty_tree_is_cosigned_once_and_stays_the_beginning() -> None:
    site = Site()
    note = notes.sign(str(Checkpoint(ORIGIN, 0, EMPTY_ROOT)), [signer()])
    assert site.witness.add_checkpoint(bytes(Request(0, (), bytes(note)))).status == 200
    assert site.ask(0, 5).status == 200


def test_cosignatures_never_go_back_in_time() -> None:
    site = Site()
    site.ask(0, 3)
    site.clock.advance(days=-2)
    reply = site.ask(3, 5)
    line = notes.parse_signatures(reply.body.decode())[0]
    assert checkpoints.cosigned_at_s(line.data) == int(NOON.timestamp())
    site.clock.set(NOON + timedelta(hours=1))
    line = notes.parse_signatures(site.ask(5, 300).body.decode())[0]
    assert checkpoints.cosigned_at_s(line.data) == int(NOON.timestamp()) + 3600


@pytest.mark.faults
@pytest.mark.parametrize("how", ["lost", "done"])
def test_nothing_is_cosigned_that_was_not_kept(how: str) -> None:
    site = Site()

    class Failing(MemoryHead):
        def swap(self, old: bytes | None, new: bytes) -> bool:
            if how == "done":
                super().swap(old, new)
            raise OSError("full")

    failing = Failing()
    with pytest.raises(OSError, match="full"):
        replace(site.witness, heads=lambda _origin: failing).add_checkpoint(bytes(site.request(0, 5)))
    kept = failing.load()
    assert (kept is None) is (how == "lost")


@pytest.mark.faults
def test_two_requests_at_once_do_not_roll_back() -> None:
    site = Site()

    class Interrupted(MemoryHead):
        """Another request comes between looking and keeping."""

        other: Reply | None = None

        def swap(self, old: bytes | None, new: bytes) -> bool:
            if self.other is None:
                self.other = Reply(0)
                self.other = site.ask(0, 300)
            return super().swap(old, new)

    site.head = Interrupted()
    assert site.ask(0, 5) == Reply(409, b"300\n", SIZE)
    assert site.head.other is not None
    assert site.head.other.status == 200


# Over HTTP


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    logs = known_logs([signer().key], check=fast_check)
    one = Witness("w.example", key_of("w.example"), logs, lambda origin: head_of(tmp_path, origin), ManualClock(NOON))
    made = WitnessServer(("127.0.0.1", 0), one)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def served(server: WitnessServer, name: str = "W") -> policy.Policy:
    return policy.parse(
        f"log {signer().key}\nwitness {name} {server.witness.key} {server.url}\nquorum {name}\n".encode()
    )


def test_a_log_and_a_witness_over_http(server: WitnessServer) -> None:
    class Real(World):
        @property
        def quorum(self) -> Quorum:
            return Quorum(served(server), HttpPost(), fast_check)

    world = Real()
    for size, published in zip((3, 5, 300), grown(world, [3, 5, 300]), strict=True):
        checkpoint, names = served(server).open_checkpoint(published, check=fast_check)
        assert (checkpoint.size, names) == (size, {"W"})
    kept = list(Path(head_of_folder(server)).iterdir())
    assert len([one for one in kept if one.suffix != ".lock"]) == 1


def head_of_folder(server: WitnessServer) -> Path:
    head = server.witness.heads(ORIGIN)
    return head._path.parent  # type: ignore[attr-defined, no-any-return]


def test_answers_over_http(server: WitnessServer) -> None:
    post = HttpPost()
    site = Site()
    assert post(f"{server.url}/add-checkpoint", bytes(site.request(3, 5))) == Reply(409, b"0\n", SIZE)
    assert post(f"{server.url}/add-checkpoint", b"").status == 400
    assert post(f"{server.url}/", b"").status == 404
    assert post(f"{server.url}/add-checkpoint", bytes(70_000)).status == 413
    assert post(f"{server.url}/add-checkpoint", bytes(site.request(0, 5))).content_type == "text/plain; charset=utf-8"


def test_the_key_is_told_and_connections_are_kept(server: WitnessServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/")
        assert notes.parse_key(connection.getresponse().read().decode().strip()) == server.witness.key
    connection.request("GET", "/add-checkpoint")
    assert connection.getresponse().status == 404
    connection.close()


def test_bodies_without_a_length(server: WitnessServer) -> None:
    for header in ("", "Transfer-Encoding: chunked\r\n", "Content-Length: -1\r\n", "Content-Length: \u0661\r\n"):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as link:
            link.sendall(f"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n{header}\r\n".encode())
            assert b" 411 " in link.recv(200)


def test_a_disk_that_fails_is_an_answer(server: WitnessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_handle: int) -> None:
        raise OSError("input or output error")

    monkeypatch.setattr(os, "fsync", fail)
    assert HttpPost()(f"{server.url}/add-checkpoint", bytes(Site().request(0, 5))).status == 500


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://w.example", "http://", "//w.example"])
def test_addresses_that_are_none(url: str) -> None:
    site = Site()
    note = notes.parse(site.published[0])
    known = policy.Witness(site.witness.key, url)
    with pytest.raises(Unavailable, match="no address"):
        ask(
            known,
            note,
            checkpoint_of(site.published[0]),
            since=0,
            prove=lambda _old: [],
            post=HttpPost(),
            check=fast_check,
        )


def test_a_witness_that_is_down() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        known = policy.Witness(Site().witness.key, f"http://127.0.0.1:{taken.getsockname()[1]}")
        data = Site().published[0]
        with pytest.raises(Unavailable, match="does not answer"):
            ask(known, notes.parse(data), checkpoint_of(data), since=0, prove=lambda _old: [], post=HttpPost())
