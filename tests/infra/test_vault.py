"""The vault: what is sealed opens for its owner and field only, and never again once the key is gone."""

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from xingtan.core.errors import Broken
from xingtan.infra.db import Database, new_id
from xingtan.infra.platform import Platform
from xingtan.infra.vault import Forgotten, Vault, VaultKey, normal_form, read_or_make_key

AT = datetime(2026, 3, 1, tzinfo=UTC)
FIELD = "person.email"


@pytest.fixture
def owner(database: Database, vault: Vault) -> UUID:
    person = new_id()
    database.write(lambda session: vault.make_key(session, person, at=AT))
    return person


def seal(database: Database, vault: Vault, owner: UUID, text: str, field: str = FIELD) -> bytes:
    return database.read(lambda session: vault.seal(session, owner, field, text))


def opened(database: Database, vault: Vault, owner: UUID, sealed: bytes, field: str = FIELD) -> str:
    return database.read(lambda session: vault.open(session, owner, field, sealed))


def test_what_is_sealed_opens(database: Database, vault: Vault, owner: UUID) -> None:
    sealed = seal(database, vault, owner, "林杏 lin@example.org")
    assert b"example" not in sealed
    assert opened(database, vault, owner, sealed) == "林杏 lin@example.org"
    assert seal(database, vault, owner, "same") != seal(database, vault, owner, "same")


def test_another_process_opens_it_with_the_same_master_key(
    database: Database, vault: Vault, owner: UUID, platform: Platform
) -> None:
    sealed = seal(database, vault, owner, "secret")
    again = Vault(read_or_make_key(platform.settings.home / "master.key"))
    assert opened(database, again, owner, sealed) == "secret"


def test_moved_to_another_field_or_person_it_does_not_open(database: Database, vault: Vault, owner: UUID) -> None:
    other = new_id()
    database.write(lambda session: vault.make_key(session, other, at=AT))
    sealed = seal(database, vault, owner, "secret")
    for person, field in ((owner, "person.name"), (other, FIELD)):
        with pytest.raises(Broken):
            opened(database, vault, person, sealed, field)


def test_every_flipped_bit_is_noticed(database: Database, vault: Vault, owner: UUID) -> None:
    sealed = seal(database, vault, owner, "x")
    for bit in range(16, len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken):
            opened(database, vault, owner, bytes(changed))
    for length in range(2, len(sealed)):
        with pytest.raises(Broken):
            opened(database, vault, owner, sealed[:length])


def test_destroying_the_key_forgets_the_person_and_nobody_else(database: Database, vault: Vault, owner: UUID) -> None:
    other = new_id()
    database.write(lambda session: vault.make_key(session, other, at=AT))
    sealed, kept = seal(database, vault, owner, "secret"), seal(database, vault, other, "kept")
    database.write(lambda session: vault.destroy_key(session, owner, at=AT))
    with pytest.raises(Forgotten):
        opened(database, vault, owner, sealed)
    with pytest.raises(Forgotten):
        seal(database, vault, owner, "new")
    assert opened(database, vault, other, kept) == "kept"
    row = database.read(lambda session: session.scalars(select(VaultKey).where(VaultKey.owner_id == owner)).one())
    assert row.wrapped is None
    assert row.destroyed_at == AT


def test_a_wrong_master_key_is_noticed_at_the_start(database: Database, vault: Vault, owner: UUID) -> None:
    assert owner
    database.read(vault.check)
    with pytest.raises(Broken, match="master key"):
        database.read(Vault(os.urandom(32)).check)


def test_the_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    key = read_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_or_make_key(path) == key
    path.write_bytes(b"short")
    with pytest.raises(Broken, match="damaged"):
        read_or_make_key(path)


def test_the_blind_index_finds_by_normal_form_and_by_field(vault: Vault) -> None:
    assert vault.blind_index(FIELD, " Lin@Example.org ") == vault.blind_index(FIELD, "lin@example.org")
    assert vault.blind_index(FIELD, "ｌｉｎ@example.org") == vault.blind_index(FIELD, "lin@example.org")
    assert vault.blind_index(FIELD, "a") != vault.blind_index("person.phone", "a")
    assert vault.derive("a") != vault.derive("b")


@given(st.text())
def test_the_normal_form_is_stable(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text) or normal_form(
        normal_form(normal_form(text))
    ) == normal_form(normal_form(text))
