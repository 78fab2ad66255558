"""What the tests of the identity rooms share: forms as a browser sends them, links as a mailbox receives them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from tests.fixtures.web import Academy, Browser
from xingtan.infra.mail import MaildirMailer
from xingtan.infra.platform import Platform
from xingtan.web.app import create_app
from xingtan.wiring import wire

TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')


def fill(browser: Browser, page: str, fields: Mapping[str, Any] | None = None, *, to: str | None = None) -> Any:
    """Load `page`, then send a form of it (to `to`) with the token that the page carries."""
    shown = browser.get(page)
    found = TOKEN.search(shown.text)
    assert found, f"{page} has no form"
    return browser.post(to or page, data={"csrf_token": found[1], **(fields or {})})


def insist(browser: Browser, page: str, tries: Iterable[Mapping[str, Any]], *, to: str | None = None) -> list[int]:
    """Load `page` once and send its form again and again; return the answers' numbers."""
    found = TOKEN.search(browser.get(page).text)
    assert found
    return [browser.post(to or page, data={"csrf_token": found[1], **fields}).status_code for fields in tries]


def letters(academy: Academy) -> list[str]:
    """Send what waits and return the letters' texts, newest first."""
    academy.work()
    mailer = academy.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return [letter.text for letter in mailer.letters(50)]


def link_in(text: str) -> str:
    """Return the path of the sign-in link in a letter."""
    found = re.search(r"http://testserver(/\w\w/sign-in/link/[\w-]+)", text)
    assert found
    return found[1]


@pytest.fixture
def fresh(platform: Platform) -> Iterator[Browser]:
    """A browser in front of an academy that nobody has set up."""
    with Browser(create_app(platform, wire()), platform) as browser:
        yield browser


@pytest.fixture
def another(app: ASGIApp, academy: Academy, client: Browser) -> Callable[[], Browser]:
    """A maker of further strangers' browsers; the application runs already, thanks to `client`."""
    return lambda: Browser(app, academy.platform)


@pytest.fixture
def home(platform: Platform) -> Path:
    """The academy's home folder."""
    return platform.settings.home
