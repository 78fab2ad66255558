"""Asking witnesses for cosignatures (C2SP tlog-witness), all at once, until the quorum is there.

1. A cosignature counts only when it verifies under the key that the policy names.
2. A witness that has seen more of this log than the log itself stops it: the log was restored from an old copy, and
   what it would sign now contradicts what it signed before. One witness saying so is enough; who lies is for people
   to say.
"""

import http.client
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from time import monotonic
from urllib.parse import urlsplit

from xingtan.core.errors import Unavailable
from xingtan.ledger import ed25519, notes
from xingtan.ledger.checkpoints import Checkpoint, CosignatureVerifier
from xingtan.ledger.encoding import decimal, text_of
from xingtan.ledger.policy import Policy
from xingtan.ledger.policy import Witness as Known
from xingtan.ledger.witness import SIZE, Reply, Request

_MOST_BYTES = 1 << 16
_TRIES = 3

Post = Callable[[str, bytes], Reply]
"""(address, body) → the answer; `OSError` or `http.client.HTTPException` where there is none."""
Prove = Callable[[int], Sequence[bytes]]
"""old size → the proof that the checkpoint begins with it."""


class Ahead(Exception):
    """The witness has cosigned another or a longer tree of this log; `size` is how long."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"the witness has cosigned {size} leaves")


@dataclass(frozen=True, slots=True)
class HttpPost:
    """Posts over HTTP or HTTPS without following redirects; each step may take `patience_s`."""

    patience_s: float = 5.0

    def __call__(self, url: str, body: bytes) -> Reply:
        """Return what the address answers."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise OSError(f"{url!r:.200} is no address of a witness")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=self.patience_s)
        try:
            connection.request("POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8"})
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(_MOST_BYTES), answer.headers.get("Content-Type", ""))
        finally:
            connection.close()


def ask(
    witness: Known, note: notes.Note, checkpoint: Checkpoint,
    *, since: int, prove: Prove, post: Post, check: notes.Check = ed25519.verify,
) -> notes.Signature:  # fmt: skip
    """Return the witness's cosignature; `Ahead`, or `Unavailable` when it does not give one.

    `since` is a guess of what the witness has seen last; when it is wrong, the witness says so and is asked again.
    """
    own = replace(note, signatures=note.signatures[:1])  # the log's: what other witnesses said is nothing to this one
    for _ in range(_TRIES):
        reply = _post(witness, Request(since, tuple(prove(since)), bytes(own)), post)
        if reply.status == http.HTTPStatus.OK:
            return _cosignature(reply, note, CosignatureVerifier(witness.key, check))
        if reply.status != http.HTTPStatus.CONFLICT or reply.content_type != SIZE:
            raise Unavailable(f"the witness {witness.key.name} answers {reply.status}: {reply.body[:200]!r}")
        size = _size_in(reply, witness)
        if size > checkpoint.size or size == since:
            raise Ahead(size)
        since = size
    raise Unavailable(f"the witness {witness.key.name} says another size each time")


def _post(witness: Known, request: Request, post: Post) -> Reply:
    try:
        return post(f"{witness.url.rstrip('/')}/add-checkpoint", bytes(request))
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"the witness {witness.key.name} does not answer: {error}") from error


def _size_in(reply: Reply, witness: Known) -> int:
    try:
        return decimal(text_of(reply.body).removesuffix("\n"))
    except ValueError as error:
        raise Unavailable(f"the witness {witness.key.name} says no size: {error}") from error


def _cosignature(reply: Reply, note: notes.Note, known: CosignatureVerifier) -> notes.Signature:
    try:
        signatures = notes.parse_signatures(text_of(reply.body))
        return notes.verified(replace(note, signatures=signatures), [known])[0]
    except ValueError as error:
        raise Unavailable(f"the witness {known.name} has not cosigned: {error}") from error


@dataclass(frozen=True, slots=True)
class Quorum:
    """Gathers cosignatures from the witnesses of a policy. `patience_s` is for all of them together."""

    policy: Policy
    post: Post = HttpPost()
    check: notes.Check = ed25519.verify
    patience_s: float = 10.0

    def cosign(self, note: notes.Note, checkpoint: Checkpoint, *, since: int, prove: Prove) -> notes.Note:
        """Return `note` with cosignatures as soon as the quorum is met; `Ahead`, or `Unavailable` without it."""
        return self._gather(note, checkpoint, since=since, prove=prove, until=self.policy.is_met)

    def confirm(self, note: notes.Note, checkpoint: Checkpoint, *, prove: Prove) -> None:
        """Check that no witness has seen more than this checkpoint, and that the quorum is there to say so."""
        self._gather(note, checkpoint, since=checkpoint.size, prove=prove, until=lambda _cosigned: False)

    def _gather(
        self, note: notes.Note, checkpoint: Checkpoint,
        *, since: int, prove: Prove, until: Callable[[frozenset[str]], bool],
    ) -> notes.Note:  # fmt: skip
        pool = ThreadPoolExecutor(max(1, len(self.policy.witnesses)), "witness")
        try:
            asked = {
                pool.submit(
                    ask, witness, note, checkpoint, since=since, prove=prove, post=self.post, check=self.check
                ): name
                for name, witness in self.policy.witnesses.items()
            }  # fmt: skip
            found, failures = self._wait(asked, until)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if not self.policy.is_met(frozenset(found)):
            raise Unavailable(
                f"too few witnesses have cosigned {checkpoint.size} leaves: {'; '.join(failures) or 'none'}"
            )
        signatures = (*note.signatures[:1], *found.values())
        return replace(note, signatures=signatures[: notes.MOST_SIGNATURES])

    def _wait(
        self, asked: dict[Future[notes.Signature], str], until: Callable[[frozenset[str]], bool]
    ) -> tuple[dict[str, notes.Signature], list[str]]:
        found, failures, ends_at = dict[str, notes.Signature](), list[str](), monotonic() + self.patience_s
        pending = set(asked)
        while pending and not until(frozenset(found)) and (rest := ends_at - monotonic()) > 0:
            done, pending = wait(pending, timeout=rest, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    found[asked[future]] = future.result()
                except Unavailable as error:
                    failures.append(str(error))
        return found, [*failures, *_late(asked[future] for future in pending)]


def _late(names: Iterable[str]) -> list[str]:
    return [f"the witness {name} is late" for name in names]
