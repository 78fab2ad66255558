"""The vault: personal fields at rest, one data key per owner, wrapped by a master key.

1. A sealed field is AES-256-GCM under its owner's data key; its AAD names owner, key version and field, so a
   ciphertext moved to another row, field or person does not open.
2. A data key is wrapped (AES-256-GCM) by the master key, AAD owner and version. Destroying that one row makes every
   sealed field of its owner unreadable for ever, in the database, in backups and in archives.
3. The master key is made at first boot with mode 0600. A database whose keys it cannot open refuses to start.
4. A blind index is HMAC-SHA-256 per field over a normal form: it finds an address without storing it.
5. No nonce is used twice: 96 random bits per sealing, and far fewer than 2^32 sealings per data key.

Layout of a sealed field: ``version (2 bytes, big-endian) || nonce (12) || ciphertext || tag (16)``.
"""

import hashlib
import hmac
import os
import secrets
import threading
import unicodedata
from collections import OrderedDict
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from xingtan.core.errors import Broken, NotFound, say
from xingtan.infra.db import Base

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION_BYTES = 2
_KEYS_IN_MEMORY = 4096


class VaultKey(Base):
    """A data key, wrapped. `owner_id` is a person (or any other owner of sealed fields)."""

    __tablename__ = "vault_key"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, default=1)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class Forgotten(NotFound):
    """The owner's key was destroyed: the field is there, and nobody can read it."""

    code = "forgotten"


def read_or_make_key(path: Path) -> bytes:
    """Return the 32 bytes at `path`; made at random, mode 0600, when the file is missing. `Broken` when damaged."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            msg = f"the key file {path.name} is damaged: {len(key)} bytes instead of {KEY_BYTES}"
            raise Broken(msg) from None
        return key
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def normal_form(text: str) -> str:
    """Return the form under which an address is looked up: NFKC, case-folded, trimmed."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


class Vault:
    """Seals and opens personal fields. Holds unwrapped data keys in memory, most recently used first."""

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)
        self._master_key = master_key
        self._keys: OrderedDict[tuple[UUID, int], bytes] = OrderedDict()
        self._derived: dict[str, bytes] = {}
        self._guard = threading.Lock()

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte secret for `purpose` (HKDF-Expand, RFC 5869 §2.3), e.g. for signing media URLs."""
        secret = self._derived.get(purpose)
        if secret is None:
            secret = self._derived[purpose] = HKDFExpand(SHA256(), KEY_BYTES, purpose.encode()).derive(self._master_key)
        return secret

    def blind_index(self, field: str, text: str) -> bytes:
        """Return 32 bytes that stand for `text` in look-ups of `field`."""
        return hmac.digest(self.derive(f"blind-index|{field}"), normal_form(text).encode(), hashlib.sha256)

    def make_key(self, session: Session, owner_id: UUID, *, at: datetime) -> None:
        """Give `owner_id` a data key. Call it once, when the owner's row is made."""
        key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = nonce + self._master.encrypt(nonce, key, _key_aad(owner_id, 1))
        session.add(VaultKey(owner_id=owner_id, version=1, wrapped=wrapped, created_at=at, destroyed_at=None))
        self._remember((owner_id, 1), key)

    def destroy_key(self, session: Session, owner_id: UUID, *, at: datetime) -> None:
        """Forget `owner_id`: the wrapped key is overwritten with nothing, and the row stays as the tombstone."""
        for row in session.scalars(select(VaultKey).where(VaultKey.owner_id == owner_id)):
            row.wrapped, row.destroyed_at = None, at
            with self._guard:
                self._keys.pop((owner_id, row.version), None)

    def seal(self, session: Session, owner_id: UUID, field: str, text: str) -> bytes:
        """Return `text` sealed for `owner_id` as `field` (``table.column``)."""
        version = 1
        key, nonce = self._key(session, owner_id, version), secrets.token_bytes(NONCE_BYTES)
        ciphertext = AESGCM(key).encrypt(nonce, text.encode(), _field_aad(owner_id, version, field))
        return version.to_bytes(_VERSION_BYTES, "big") + nonce + ciphertext

    def open(self, session: Session, owner_id: UUID, field: str, sealed: bytes) -> str:
        """Return the text behind `sealed`; `Forgotten` when the key is gone, `Broken` when it was tampered with."""
        version = int.from_bytes(sealed[:_VERSION_BYTES], "big")
        nonce, ciphertext = sealed[_VERSION_BYTES:][:NONCE_BYTES], sealed[_VERSION_BYTES + NONCE_BYTES :]
        key = self._key(session, owner_id, version)
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, _field_aad(owner_id, version, field)).decode()
        except (InvalidTag, ValueError) as error:
            msg = f"a sealed {field} does not open: it was changed, moved, or sealed by another master key"
            raise Broken(msg) from error

    def check(self, session: Session) -> None:
        """Raise `Broken` when the master key does not open this database's keys. Called at every start."""
        row = session.scalars(select(VaultKey).where(VaultKey.wrapped.is_not(None)).limit(1)).first()
        if row is not None:
            self._unwrap(row)

    def _key(self, session: Session, owner_id: UUID, version: int) -> bytes:
        with self._guard:
            key = self._keys.get((owner_id, version))
            if key is not None:
                self._keys.move_to_end((owner_id, version))
                return key
        row = session.get(VaultKey, (owner_id, version))
        if row is None or row.wrapped is None:
            raise Forgotten(say("This person's data has been deleted."))
        key = self._unwrap(row)
        self._remember((owner_id, version), key)
        return key

    def _unwrap(self, row: VaultKey) -> bytes:
        wrapped = row.wrapped or b""
        try:
            return self._master.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _key_aad(row.owner_id, row.version)
            )
        except (InvalidTag, ValueError) as error:
            msg = "the master key does not open this database: restore the key file that belongs to it"
            raise Broken(msg) from error

    def _remember(self, name: tuple[UUID, int], key: bytes) -> None:
        with self._guard:
            self._keys[name] = key
            while len(self._keys) > _KEYS_IN_MEMORY:
                self._keys.popitem(last=False)


def _key_aad(owner_id: UUID, version: int) -> bytes:
    return f"xingtan data key|{owner_id}|{version}".encode()


def _field_aad(owner_id: UUID, version: int, field: str) -> bytes:
    return f"xingtan field|{owner_id}|{version}|{field}".encode()
