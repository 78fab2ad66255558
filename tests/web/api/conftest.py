"""One academy for each file of tests, and callers of every kind before its API."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.types import ASGIApp

from tests.fixtures.web import Academy, Browser, furnish
from xingtan.core.clock import ManualClock
from xingtan.core.ids import public_id
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.web.app import create_app
from xingtan.web.forgery import HEADER
from xingtan.wiring import wire

ROOT = "/api/v1"
STAFF = ("editor", "teacher", "support", "analyst")
ROLES = ("stranger", "learner", *STAFF, "owner")


@dataclass
class House:
    """An open academy with somebody of every role, each in a browser of her own."""

    academy: Academy
    app: ASGIApp
    clock: ManualClock
    callers: dict[str, Browser] = field(default_factory=dict)
    people: dict[str, identity.PersonView] = field(default_factory=dict)

    def call(
        self, method: str, path: str, who: str = "owner", *, token: str = "", headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Any:  # fmt: skip
        """Call the API as `who` by the session cookie, or with a bearer token."""
        browser = self.callers["stranger" if token else who]
        sent = {"Authorization": f"Bearer {token}"} if token else {HEADER: browser.form_token}
        return browser.request(method, f"{ROOT}{path}", headers={**sent, **(headers or {})}, **more)

    def id(self, kind: str, value: UUID | None = None) -> str:
        """Return the public form of an id; of one that nothing has, without `value`."""
        return public_id(kind, value or new_id())

    @property
    def course(self) -> str:
        return self.academy.course.slug

    @property
    def preview(self) -> str:
        return self.id("lesson", self.academy.preview)

    @property
    def lesson(self) -> str:
        return self.id("lesson", self.academy.lesson)

    @property
    def quiz(self) -> str:
        return self.id("lesson", self.academy.quiz)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock = ManualClock(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    home = tmp_path_factory.mktemp("home")
    platform = open_platform(Settings(home=home, argon2_fast=True, base_url="http://testserver"), clock=clock)
    academy = furnish(platform)
    academy.work()
    app = create_app(platform, wire())
    house = House(academy, app, clock)
    house.people = {"owner": academy.owner, "learner": academy.learner} | {role: academy.staff(role) for role in STAFF}
    with Browser(app, platform) as stranger:
        house.callers["stranger"] = stranger
        for role, person in house.people.items():
            house.callers[role] = Browser(app, platform, session=academy.session_of(person.id))
        yield house
    platform.close()


def problem(answer: Any) -> tuple[int, str]:
    """Return an answer's status and its code, once it is a proper problem document that nobody may keep."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["type"] == f"/api#{body['code']}"
    return answer.status_code, body["code"]
