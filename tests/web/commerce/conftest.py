"""What the tests of the shop's rooms share: a buyer who goes from the checkout to the sandbox and back."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser

_HIDDEN = re.compile(r'name="(offer|key|provider|payment)" value="([^"]*)"')


def hidden(text: str) -> dict[str, str]:
    """Return the hidden fields of the page's form."""
    return dict(_HIDDEN.findall(text))


def tokens(text: str) -> dict[str, str]:
    """Return the form token that the page carries."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', text)
    assert found
    return {"csrf_token": found[1]}


@dataclass
class Buyer:
    """A browser at the counter."""

    browser: Browser
    academy: Academy

    def form(self, what: str = "reading-numbers") -> dict[str, str]:
        """Load the checkout and return its form."""
        page = self.browser.get(f"/checkout/{what}")
        assert page.status_code == 200, page.text
        return hidden(page.text)

    def place(self, what: str = "reading-numbers", **changed: str) -> Any:
        """Send the checkout's form, with changes."""
        return self.browser.submit("/checkout", {**self.form(what), **changed})

    def choose(self, sandbox_path: str, choice: str = "success") -> Any:
        """Decide at the sandbox's counter and do the work that follows."""
        answer = self.browser.submit(sandbox_path, {"choice": choice})
        self.academy.work()
        return answer

    def buy(self, what: str = "reading-numbers", *, choice: str = "success", **changed: str) -> str:
        """Buy, and return the order's number."""
        placed = self.place(what, **changed)
        assert placed.status_code == 303, placed.text
        back = self.choose(placed.headers["location"], choice)
        assert back.status_code == 303
        return str(back.headers["location"]).split("/")[2]


@pytest.fixture
def buyer(learner: Browser, academy: Academy) -> Buyer:
    return Buyer(learner, academy)


@pytest.fixture
def no_limits(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test knock more often than a person does."""
    monkeypatch.setattr(academy.platform.limiter, "check", lambda *_: None)
