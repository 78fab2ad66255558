"""What a log serves, by path: a pure answer for whatever HTTP server stands in front (C2SP tlog-tiles).

1. Only the checkpoint, tiles and entry bundles leave; staged batches and keys do not.
2. A partial tile is served for sizes that are published, and stays until the full one is there.
"""

from xingtan.ledger import checkpoints, notes, tiles
from xingtan.ledger.tiles import Read
from xingtan.ledger.witness import Reply

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
_BYTES = "application/octet-stream"


def answer(path: str, read: Read, *, published: bytes | None) -> Reply:
    """Return the answer to `GET <prefix>/path`; `published` is the checkpoint with its cosignatures."""
    if published is None:
        return Reply(404, b"not found\n")
    if path == tiles.CHECKPOINT:
        return Reply(200, published)
    size = checkpoints.parse(notes.parse(published).text).size
    try:
        return Reply(200, read(path), _BYTES) if is_served(path, size=size) else Reply(404, b"not found\n")
    except LookupError:
        return Reply(404, b"not found\n")


def caching(path: str, reply: Reply) -> str:
    """Return the `Cache-Control` of an answer: tiles never change, the checkpoint does."""
    return IMMUTABLE if reply.status == 200 and path != tiles.CHECKPOINT else FRESH  # noqa: PLR2004 - OK


def is_served(path: str, *, size: int) -> bool:
    """Say whether a log of `size` published leaves has this tile or bundle."""
    try:
        return tiles.parse_path(path)[0].needs_size <= size
    except ValueError:
        return False
