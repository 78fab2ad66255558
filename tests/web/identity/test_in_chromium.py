"""The rooms of identity in a real browser: a passkey end to end, no accessibility violation, nothing in the console."""

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from tests.fixtures.ports import free_port
from tests.fixtures.web import PASSWORD, Academy, furnish, shown
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.web.app import create_app
from xingtan.web.edge import SESSION_COOKIE
from xingtan.wiring import wire

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PUBLIC = ["/sign-in", "/sign-in?way=password", "/sign-in/sent", "/sign-in/link/nonsense", "/consent"]
OWN = [
    "/account", "/account/security", "/account/sessions", "/account/data", "/account/tokens", "/studio/people",
    "/studio/people/{person}", "/studio/settings", "/studio/audit",
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Academy]]:
    """A furnished academy at http://localhost: a passkey's relying party is a name, never a number."""
    port = free_port()
    url = f"http://localhost:{port}"
    platform = open_platform(Settings(home=tmp_path_factory.mktemp("site"), argon2_fast=True, base_url=url))
    academy = furnish(platform)
    server = uvicorn.Server(uvicorn.Config(create_app(platform, wire()), port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield url, academy
    server.should_exit = True
    thread.join(30)
    platform.close()


def violations(page: "Page", axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found: list[dict[str, Any]] = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.parametrize(
    "look", [("zh", "light", 390), ("en", "dark", 1440), ("en", "light", 390), ("zh", "dark", 1440)]
)
def test_every_page_is_accessible_and_fits(
    browser: "Browser", site: tuple[str, Academy], axe_source: str, look: tuple[str, Any, int]
) -> None:
    (url, academy), (language, scheme, width) = site, look
    faults = []
    with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        for path in [*PUBLIC, *OWN]:
            if path == OWN[0]:
                token = academy.session_of(academy.owner.id)
                context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": url}])
            target = path.format(person=shown("person", academy.learner.id))
            page.goto(f"{url}/{language}{target}")
            faults += [f"{path}: {one}" for one in violations(page, axe_source)]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                faults.append(f"{path} scrolls sideways")
    assert not faults


@pytest.mark.browser
def test_a_passkey_is_made_and_signs_in(browser: "Browser", site: tuple[str, Academy]) -> None:
    url, _ = site
    faults: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                }
            },
        )
        page.goto(f"{url}/en/sign-in?way=password&next=/account/security")
        page.fill("#f-password-email", "owner@example.org")
        page.fill("#f-password", PASSWORD)
        page.click("details button")
        page.fill("[name=label]", "My desk")
        page.click("text=Add a passkey")
        page.wait_for_selector("text=My desk")
        page.goto(f"{url}/en/account")
        page.click("main >> text=Sign out")
        page.goto(f"{url}/en/sign-in?next=/studio/people")
        page.click("text=Sign in with a passkey")
        page.wait_for_url(f"{url}/en/studio/people")
        assert "one key only" not in page.content()
    assert not faults
