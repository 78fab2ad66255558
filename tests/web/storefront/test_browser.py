"""In Chromium: the question is asked once and obeyed, pages are light, axe finds nothing."""

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from tests.fixtures.live import Live
from xingtan.infra.analytics import BehaviourEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser]
LIGHT_BYTES = 100_000
PATHS = ("/", "/catalogue", "/works/reading-numbers", "/search?q=numbers", "/search?q=zzqq", "/about", "/privacy")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def kept(live: Live) -> int:
    return live.academy.read(lambda s: s.scalar(select(func.count()).select_from(BehaviourEvent)) or 0)


def wait_for(live: Live, count: int) -> None:
    """Wait until the log holds `count` rows; it is written once a second."""
    for _ in range(60):
        if kept(live) == count:
            return
        time.sleep(0.1)
    assert kept(live) == count


def test_the_question_is_asked_once_and_obeyed(page: "Page", live: Live) -> None:
    page.goto(f"{live.url}/en/works/reading-numbers")
    banner = page.locator("#consent")
    banner.wait_for(state="visible")
    banner.get_by_role("button", name="No, thank you").click()
    banner.wait_for(state="hidden")
    page.reload()
    assert banner.is_hidden()
    page.wait_for_timeout(1500)
    assert kept(live) == 0

    page.context.clear_cookies()
    page.goto(f"{live.url}/en/works/reading-numbers")
    banner.get_by_role("button", name="Yes, you may").click()
    wait_for(live, 1)
    page.goto(f"{live.url}/en/search?q=numbers")
    wait_for(live, 2)
    assert banner.is_hidden()


def test_a_browser_that_refuses_is_not_asked(browser: "Browser", live: Live) -> None:
    with browser.new_context(extra_http_headers={"Sec-GPC": "1"}) as context:
        context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
        page = context.new_page()
        page.goto(f"{live.url}/en/")
        page.wait_for_load_state("networkidle")
        assert page.locator("#consent").is_hidden()


@pytest.mark.npm
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_light_quiet_and_open_to_all(scheme: str, browser: "Browser", live: Live, axe_source: str) -> None:
    for language, width in (("en", 390), ("zh", 1440)):
        for path in PATHS:
            with browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type]
            ) as context:
                page, faults, weight = context.new_page(), [], []
                page.on("console", lambda it, faults=faults: faults.append(it.text) if it.type == "error" else None)
                page.on("pageerror", lambda it, faults=faults: faults.append(str(it)))
                page.on(
                    "requestfinished",
                    lambda it, weight=weight: weight.append(
                        sum(it.sizes()[part] for part in ("responseBodySize", "responseHeadersSize"))
                    ),
                )
                page.goto(f"{live.url}/{language}{path}", wait_until="networkidle")
                assert not faults
                assert sum(weight) <= LIGHT_BYTES, f"{path}: {sum(weight)} bytes"
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.evaluate(axe_source)
                found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
                assert not [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in found], path
