"""Verify a receipt, two checkpoints or a whole log, with nothing but the standard library.

    python -m xingtan.ledger.verify RECEIPT --key KEY
    python -m xingtan.ledger.verify RECEIPT --policy FILE --entry FILE
    python -m xingtan.ledger.verify --log FOLDER-OR-URL --key KEY [--older CHECKPOINT]... [--quick]

A receipt alone needs no network. With `--log` as well, the receipt's checkpoint has to be a beginning of what the log
shows today; so has every `--older` checkpoint that was kept from before. `--quick` reads only the tiles that this
takes; without it the whole log is recomputed from its entries.

Exit status: 0 everything holds, 1 something does not, 2 it could not be looked at.
"""

import argparse
import http.client
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from xingtan.ledger import notes, policy, receipts, tiles
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.policy import Policy
from xingtan.ledger.proofs import verify_consistency
from xingtan.ledger.reading import TileReader, audit
from xingtan.ledger.storage import FileStorage
from xingtan.ledger.tiles import Read
from xingtan.ledger.tree import NotProven

_PATIENCE_S = 30
_LARGEST_ANSWER = tiles.WIDTH * (tiles.LONGEST_ENTRY + 2)
HOLDS, DOES_NOT_HOLD, NOT_LOOKED_AT = 0, 1, 2


def main(arguments: Sequence[str] | None = None, *, tell: Callable[[str], object] = print) -> int:
    """Verify what the command line names; tell what was found, and return the exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if not (asked.receipt or asked.log) or bool(asked.key) == bool(asked.policy) or (asked.older and not asked.log):
        parser.error("name a receipt or a log, and a key or a policy; older checkpoints are compared with a log")
    try:
        _verify(asked, _policy(asked), tell)
    except ValueError as error:
        tell(f"DOES NOT HOLD: {error}")
        return DOES_NOT_HOLD
    except (OSError, http.client.HTTPException) as error:
        tell(f"could not be looked at: {error}")
        return NOT_LOOKED_AT
    return HOLDS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m xingtan.ledger.verify", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("receipt", nargs="?", type=Path, help="a receipt, .tlog-proof")
    parser.add_argument("--entry", type=Path, help="the entry, where it is not the one that the receipt carries")
    parser.add_argument("--key", help="the log's key, name+ID+base64: any of its checkpoints is believed")
    parser.add_argument("--policy", type=Path, help="a policy: the logs, the witnesses and the quorum to believe")
    parser.add_argument("--log", help="the served log: a folder or an http(s) address")
    parser.add_argument("--older", type=Path, action="append", default=[], help="a checkpoint kept from before")
    parser.add_argument("--quick", action="store_true", help="only what the receipt and the older checkpoints take")
    return parser


def _policy(asked: argparse.Namespace) -> Policy:
    return policy.parse(asked.policy.read_bytes()) if asked.policy else policy.of_log(notes.parse_key(asked.key))


def _verify(asked: argparse.Namespace, known: Policy, tell: Callable[[str], object]) -> None:
    older = [_opened(path.read_bytes(), known, tell, what=str(path)) for path in asked.older]
    if asked.receipt:
        older.append(_verify_receipt(asked, known, tell))
    if asked.log:
        read = read_from(asked.log)
        latest = _opened(read(tiles.CHECKPOINT), known, tell, what="the log")
        (_compare if asked.quick else _recompute)(read, latest, older, tell=tell)
        for one in older:
            tell(f"holds: the {one.size} leaves of before are the beginning of the {latest.size} of now")


def _verify_receipt(asked: argparse.Namespace, known: Policy, tell: Callable[[str], object]) -> Checkpoint:
    receipt = receipts.parse(asked.receipt.read_bytes())
    entry = asked.entry.read_bytes() if asked.entry else receipt.extra
    if entry is None:
        raise ValueError("the receipt carries no entry: give it with --entry")
    checkpoint, witnesses = receipts.verify(receipt, entry, policy=known)
    tell(f"holds: entry {receipt.index} of {checkpoint.size} in {checkpoint.origin}{_by(witnesses)}")
    tell(f"entry: {_shown(entry)}")
    return checkpoint


def _shown(entry: bytes) -> str:
    """Return the entry for a terminal, which no entry may give orders to."""
    text = entry.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _recompute(read: Read, latest: Checkpoint, older: Sequence[Checkpoint], *, tell: Callable[[str], object]) -> None:
    _check_origins(latest, older)
    result = audit(read, latest, older=older)
    tell(f"holds: {result.bundles} bundles and {result.tiles} tiles, {result.bytes_read} bytes, all recomputed")


def _compare(read: Read, latest: Checkpoint, older: Sequence[Checkpoint], *, tell: Callable[[str], object]) -> None:
    _check_origins(latest, older)
    tree = TileReader(read, latest)
    tree.edge()
    tell("holds: the partial tiles have the root of the checkpoint")
    for old in older:
        if old.size > latest.size:
            raise NotProven(f"the log has {latest.size} leaves, and had {old.size} before")
        if old.size:
            verify_consistency(
                tree.consistency_proof(old.size),
                old_size=old.size, old_root=old.root, new_size=latest.size, new_root=latest.root,
            )  # fmt: skip


def _check_origins(latest: Checkpoint, older: Sequence[Checkpoint]) -> None:
    for one in older:
        if one.origin != latest.origin:
            raise NotProven(f"{one.origin[:80]!r} is another log than {latest.origin[:80]!r}")


def _opened(data: bytes, known: Policy, tell: Callable[[str], object], *, what: str) -> Checkpoint:
    checkpoint, witnesses = known.open_checkpoint(data)
    tell(f"holds: {what}: {checkpoint.size} leaves in {checkpoint.origin}{_by(witnesses)}")
    return checkpoint


def _by(witnesses: frozenset[str]) -> str:
    return f", witnessed by {', '.join(sorted(witnesses))}" if witnesses else ""


def read_from(source: str) -> Read:
    """Return what reads a served log: a folder, or an address over HTTP."""
    parts = urlsplit(source)
    if parts.scheme in {"http", "https"} and parts.hostname:
        return lambda path: _fetched(source.rstrip("/"), path)
    if not Path(source).is_dir():
        raise OSError(f"{source} is no folder and no http address")
    return FileStorage(Path(source)).read


def _fetched(prefix: str, path: str) -> bytes:
    parts = urlsplit(f"{prefix}/{path}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=_PATIENCE_S)) as connection:
        connection.request("GET", parts.path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        data = answer.read(_LARGEST_ANSWER + 1)
    if answer.status in {http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE}:
        raise LookupError(path)
    if answer.status != http.HTTPStatus.OK or len(data) > _LARGEST_ANSWER:
        raise OSError(f"{prefix}/{path} answers {answer.status} with {len(data)} bytes")
    return data


if __name__ == "__main__":
    sys.exit(main())
