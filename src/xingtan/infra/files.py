"""Files: pictures, recordings and archives, in a folder on this machine or in an S3 bucket, behind one class.

1. A key is relative, has no `..` and no hidden meaning on any back end; every other key is refused (`Invalid`).
2. What `put` returned is durable: locally the file and the folders above it are synced before it returns.
3. A file stored by content is named by its SHA-256 and never changes; storing it twice is storing it once. A torn file
   that a crash left under such a name is found by its hash and replaced.
4. A private file leaves only with a token of `MediaSigner`: it names the file, the audience and the end of its life.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from xingtan.core.errors import Invalid, NotAllowed, NotFound, Unavailable, XingtanError, say

if TYPE_CHECKING:
    from obstore.store import S3Config

LONGEST_KEY = 512
_LONGEST_SEGMENT_BYTES = 200  # file systems stop at 255, and the store adds a suffix while writing
_WINDOW_BYTES = 1 << 20
_SPOOL_BYTES = 8 << 20
_TRIES = 3
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\#%{}^`\[\]"<>|?*~]|[\ud800-\udfff]')  # what some back end escapes or hides
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,12}){0,2}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store: its key, its size in bytes, its SHA-256 in lower-case hex."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class S3Options:
    """Where a bucket is. `endpoint` is empty for Amazon's own; `path_style` is what most other stores need.

    Without `key_id` the surroundings decide: the variables AWS_… or the role of the machine.
    """

    bucket: str
    endpoint: str = ""
    key_id: str = ""
    secret: str = ""
    region: str = "us-east-1"
    path_style: bool = True


class FileStore:
    """Files by key. Every method raises `Invalid` for a bad key and `Unavailable` when the back end fails."""

    def __init__(self, store: LocalStore | S3Store, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        self._spool = str(folder) if folder else None  # not /tmp, which may be small and in memory

    def put(self, key: str, data: bytes | Iterable[bytes]) -> StoredFile:
        """Store `data` under `key`, replacing what was there, and return what is there now. Durable when it returns."""
        check_key(key)
        with self._spooled(data) as (file, size, sha256), _answering(missing=Unavailable):
            obstore.put(self._store, key, file, max_concurrency=2)
            self._sync(key)
            return StoredFile(key, size, sha256)

    def put_content(self, data: bytes | Iterable[bytes], suffix: str = "") -> StoredFile:
        """Store `data` once, under its own hash: ``ab/abcd….webp``, where `suffix` is ``.webp`` (or nothing)."""
        if _SUFFIX.fullmatch(suffix) is None:
            raise Invalid.of("name", say("This file name cannot be used."))
        with self._spooled(data) as (file, size, sha256):
            stored = StoredFile(f"{sha256[:2]}/{sha256}{suffix}", size, sha256)
            with _answering(missing=Unavailable):
                self._put_once(stored, file)
                self._sync(stored.key)
            return stored

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` until `end` (excluded; None: to the end) in pieces of a mebibyte.

        `NotFound` is raised by this call, not by the first piece. Each piece is a request of its own, so that a slow
        reader never runs into a time limit of the back end.
        """
        size = self.size(key)
        stop = size if end is None else min(end, size)
        if start < 0 or stop < 0:
            msg = "a byte range cannot be negative"
            raise ValueError(msg)
        return self._pieces(key, start, stop)

    def read_bytes(self, key: str) -> bytes:
        """Return the whole file, in memory."""
        check_key(key)
        with _answering():
            return bytes(obstore.get(self._store, key).bytes())

    def size(self, key: str) -> int:
        """Return the size in bytes; `NotFound` when there is no such file."""
        check_key(key)
        with _answering():
            return obstore.head(self._store, key)["size"]

    def has(self, key: str) -> bool:
        """Say whether there is such a file."""
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Take the file away; nothing happens when there is none."""
        check_key(key)
        try:
            with _answering():
                obstore.delete(self._store, key)
        except NotFound:
            return
        if self._folder is not None:
            _sync_path((self._folder / key).parent)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys below the folder `prefix`, or all; in no particular order."""
        if prefix:
            check_key(prefix)
        with _answering():
            for page in obstore.list(self._store, prefix or None):
                yield from (item["path"] for item in page)

    def _put_once(self, stored: StoredFile, file: IO[bytes]) -> None:
        """Create unless it exists. A big file goes in parts, which cannot be conditional, so it is looked for first."""
        if stored.size <= _SPOOL_BYTES:
            try:
                obstore.put(self._store, stored.key, file, mode="create")
            except AlreadyExistsError:
                if self._holds(stored):
                    return
            else:
                return
        elif self.has(stored.key) and self._holds(stored):
            return
        file.seek(0)
        obstore.put(self._store, stored.key, file, max_concurrency=2)

    def _holds(self, stored: StoredFile) -> bool:
        """Say whether the file is whole: a bucket shows no other, a folder may show a torn one after a crash."""
        if self._folder is None:
            return self.size(stored.key) == stored.size
        digest = hashlib.sha256()
        for piece in self.read(stored.key):
            digest.update(piece)
        return digest.hexdigest() == stored.sha256

    def _pieces(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, _WINDOW_BYTES):
            with _answering():
                piece = bytes(obstore.get_range(self._store, key, start=at, end=min(at + _WINDOW_BYTES, stop)))
            yield piece

    @contextmanager
    def _spooled(self, data: bytes | Iterable[bytes]) -> Iterator[tuple[IO[bytes], int, str]]:
        digest, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=self._spool) as file:
            for piece in (data,) if isinstance(data, bytes) else data:
                digest.update(piece)
                size += len(piece)
                with _answering():  # the disk may be full; what `data` itself raises is the caller's
                    file.write(piece)
            file.seek(0)
            yield file, size, digest.hexdigest()

    def _sync(self, key: str) -> None:
        """Sync the file, then the folders up to the store's own: a new folder is an entry in the one above."""
        if self._folder is None:
            return
        path = self._folder / key
        _sync_path(path)
        while path != self._folder:
            path = path.parent
            _sync_path(path)


def open_store(*, folder: Path | None = None, s3: S3Options | None = None) -> FileStore:
    """Return the store in `folder` (made when missing) or in the bucket of `s3`; exactly one of them is given."""
    if (folder is None) == (s3 is None):
        msg = "a file store is a folder or a bucket, one of the two"
        raise ValueError(msg)
    if folder is not None:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return FileStore(LocalStore(folder), folder=folder)
    assert s3 is not None  # noqa: S101 - tells the type checker what the first line made sure of
    return FileStore(_s3_store(s3))


def _s3_store(s3: S3Options) -> S3Store:
    config: S3Config = {
        "bucket": s3.bucket,
        "region": s3.region,
        "virtual_hosted_style_request": not s3.path_style,
    }
    if s3.endpoint:
        config["endpoint"] = s3.endpoint
    if s3.key_id:
        config["access_key_id"], config["secret_access_key"] = s3.key_id, s3.secret
    return S3Store(
        config=config,
        client_options={"allow_http": s3.endpoint.startswith("http://"), "connect_timeout": "5s", "timeout": "60s"},
        retry_config={"max_retries": _TRIES, "retry_timeout": timedelta(seconds=30)},
    )


def check_key(key: str) -> None:
    """Raise `Invalid` unless `key` is a relative path that every back end takes literally."""
    segments = key.split("/")
    is_good = (
        len(key) <= LONGEST_KEY
        and _FORBIDDEN.search(key) is None
        and all(segment not in {"", ".", ".."} for segment in segments)
        and all(len(segment.encode()) <= _LONGEST_SEGMENT_BYTES for segment in segments)
    )
    if not is_good:
        raise Invalid.of("name", say("This file name cannot be used."))


@contextmanager
def _answering(*, missing: type[XingtanError] = NotFound) -> Iterator[None]:
    """Say the back end's errors in our words. It cannot tell a missing file from a missing bucket; `missing` does."""
    try:
        yield
    except FileNotFoundError as error:
        raise missing(say("There is no such file.")) from error
    except (BaseError, OSError) as error:
        raise Unavailable(say("The file store does not answer.")) from error


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_ID_BYTES, _TIME_BYTES, _MAC_BYTES = 16, 8, 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{75}")  # 56 bytes


class MediaSigner:
    """Tokens that let one audience (a session, a feed) fetch one file until an instant. Holds a secret, keeps no list.

    Layout before base64url without padding: ``file id (16) || expires, seconds, big-endian (8) || HMAC-SHA-256 (32)``;
    the MAC also covers the audience, which is not in the token.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, asset_id: UUID, audience: str, *, expires_at: datetime) -> str:
        """Return a URL-safe token of 75 letters, good until `expires_at` (excluded, in whole seconds)."""
        body = asset_id.bytes + _seconds(expires_at).to_bytes(_TIME_BYTES, "big")
        return _encode(body + self._mac(body, audience))

    def verify(self, token: str, *, audience: str, at: datetime) -> UUID:
        """Return the file's id; `NotAllowed`, always in the same words, for a token that is not good here and now."""
        raw = _decode(token)
        body, mac = raw[: _ID_BYTES + _TIME_BYTES], raw[_ID_BYTES + _TIME_BYTES :]
        is_ours = hmac.compare_digest(mac, self._mac(body, audience)) and len(mac) == _MAC_BYTES
        if not is_ours or at.timestamp() >= int.from_bytes(body[_ID_BYTES:], "big"):
            raise NotAllowed(say("This link has expired. Open the page again to get a new one."))
        return UUID(bytes=body[:_ID_BYTES])

    def _mac(self, body: bytes, audience: str) -> bytes:
        return hmac.digest(self._secret, b"xingtan media|" + body + audience.encode(), hashlib.sha256)


def _seconds(at: datetime) -> int:
    if at.tzinfo is None:
        msg = "a token needs an aware instant"
        raise ValueError(msg)
    return int(at.timestamp())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    """Return the bytes of a canonical token, and none for any other text."""
    if _TOKEN.fullmatch(token) is None:
        return b""
    try:
        raw = base64.urlsafe_b64decode(token + "=")
    except binascii.Error:
        return b""
    return raw if _encode(raw) == token else b""
