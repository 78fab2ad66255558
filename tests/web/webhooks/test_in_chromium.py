"""The webhooks' pages in a real browser: a webhook made, tried and given a new secret, in both themes."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from tests.domains.webhooks.receiver import Receiver, receiving
from tests.fixtures.ports import free_port
from tests.fixtures.web import Academy, furnish
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.web.app import create_app
from xingtan.web.edge import SESSION_COOKIE
from xingtan.wiring import wire

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Site:
    """A furnished academy at `url`, and a receiver for its webhooks."""

    url: str
    academy: Academy
    receiver: Receiver


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    port = free_port()
    url = f"http://localhost:{port}"
    settings = Settings(
        home=tmp_path_factory.mktemp("site"), argon2_fast=True, base_url=url, webhooks_allow_private=True
    )  # fmt: skip
    platform = open_platform(settings)
    academy = furnish(platform)
    academy.work()
    server = uvicorn.Server(uvicorn.Config(create_app(platform, wire()), port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    with receiving() as receiver:
        yield Site(url, academy, receiver)
    server.should_exit = True
    thread.join(30)
    platform.close()


def faults_of(page: "Page", axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found: list[dict[str, Any]] = page.evaluate("axe.run()")["violations"]
    faults = [f"{page.url}: {one['id']}: {one['nodes'][0]['html']}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append(f"{page.url} scrolls sideways")
    return faults


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.parametrize(
    "look", [("zh", "light", 390), ("en", "dark", 1440), ("en", "light", 390), ("zh", "dark", 1440)]
)
def test_a_webhook_is_made_tried_and_given_a_new_secret(
    browser: "Browser", site: Site, axe_source: str, look: tuple[str, Any, int]
) -> None:
    language, scheme, width = look
    faults: list[str] = []
    with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True) as context:
        token = site.academy.session_of(site.academy.owner.id)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{site.url}/{language}/studio/webhooks")
        faults += faults_of(page, axe_source)
        page.goto(f"{site.url}/{language}/studio/webhooks/new")
        faults += faults_of(page, axe_source)
        page.fill("#f-url", site.receiver.url)
        page.click(".hook-form button[type=submit]")
        secret = page.text_content("code.secret") or ""
        assert secret.startswith("whsec_")
        path = page.get_attribute("form[action$='/test']", "action") or ""
        page.goto(f"{site.url}{path.removesuffix('/test')}")
        page.click(f"form[action='{path}'] button")
        site.academy.work()
        assert site.receiver.last().verified(secret)["type"] == "webhook.test"
        page.reload()
        faults += faults_of(page, axe_source)
        page.click(".table a")
        faults += faults_of(page, axe_source)
        assert site.receiver.last().id in (page.text_content("main") or "")
        page.go_back()
        page.click("[popovertarget=new-secret]")
        page.click("#new-secret button[type=submit]")
        assert (page.text_content("code.secret") or "") not in ("", secret)
        faults += faults_of(page, axe_source)
    assert not faults
