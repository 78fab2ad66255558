"""An academy with an owner and a learner, and the few steps that most tests of identity begin with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.viewer import Viewer
from xingtan.domains.identity import api as identity
from xingtan.infra.db import Database
from xingtan.infra.platform import Platform
from xingtan.infra.vault import Vault

T = TypeVar("T")
PASSWORD = "ten strips of dried meat"
HASHER = identity.passwords(is_fast=True)


@dataclass(frozen=True)
class People:
    """The made-up academy's people, and a few things they do."""

    platform: Platform
    clock: ManualClock
    owner: UUID
    learner: UUID

    @property
    def database(self) -> Database:
        return self.platform.database

    @property
    def vault(self) -> Vault:
        return self.platform.vault

    def read(self, work: Callable[[Session], T]) -> T:
        return self.database.read(work)

    def write(self, work: Callable[[Session], T]) -> T:
        return self.database.write(work)

    def on_file(self, email: str = "lin@example.org") -> identity.PasswordOnFile:
        return self.read(lambda session: identity.password_on_file(session, email, vault=self.vault))

    def sign_in(self, email: str = "lin@example.org", device: str = "Firefox · Linux") -> identity.SignInStep:
        """Sign in by password, as the web edge does it."""
        on_file = self.on_file(email)
        assert HASHER.matches(PASSWORD, on_file.password_hash)
        command = identity.SignInWithPassword(on_file, device)
        return self.write(
            lambda session: identity.sign_in_with_password(session, command, clock=self.clock, vault=self.vault)
        )

    def opened(self, token: str) -> identity.SignedIn | None:
        return self.read(lambda session: identity.open_session(session, token, clock=self.clock, vault=self.vault))

    def viewer(self, person_id: UUID) -> Viewer:
        return self.read(lambda session: identity.viewer_of(session, person_id))

    def give_role(self, person_id: UUID, role: str) -> None:
        owner = self.viewer(self.owner)
        command = identity.ChangeRole(person_id, role)
        self.write(lambda session: identity.grant_role(session, command, viewer=owner, clock=self.clock))

    def set_password(self, person_id: UUID, password: str = PASSWORD, keep: UUID | None = None) -> None:
        on_file = self.read(lambda session: identity.own_password_on_file(session, person_id))
        command = identity.ChangePassword(on_file, HASHER.hash(password), keep)
        self.write(lambda session: identity.change_password(session, command, clock=self.clock))


@pytest.fixture
def people(platform: Platform, clock: ManualClock) -> People:
    """An academy set up by Kong, and the learner Lin with a password."""
    command = identity.SetUp(
        {"zh": "杏坛书院", "en": "Apricot Terrace"},
        "孔老师",
        "kong@example.org",
        "zh",
        "CNY",
        "Asia/Shanghai",
        PASSWORD,
    )
    made = HASHER.hash(PASSWORD)
    owner = platform.database.write(
        lambda session: identity.set_up(session, command, password_hash=made, clock=clock, vault=platform.vault)
    )
    learner = platform.database.write(
        lambda session: identity.register(
            session, identity.Register("lin@example.org", "Lin", "en"), clock=clock, vault=platform.vault
        )
    )
    found = People(platform, clock, owner.id, learner.id)
    found.set_password(learner.id)
    return found
