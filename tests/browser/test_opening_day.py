"""A stranger's first day, in a real browser: search, sample, sign up, buy, read, answer, leave, come back on a phone.

On the imported course where its source is at hand; each page is checked for console errors and by axe.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.course import COURSE, import_course
from tests.fixtures.live import Live
from xingtan.infra.mail import MaildirMailer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.npm,
    pytest.mark.timeout(900),  # it imports a whole course first
    pytest.mark.skipif(not COURSE.exists(), reason="the course to import is not beside this checkout"),
]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Links in an author's running text may be small (WCAG 2.2, 2.5.8, «inline»), which axe does not always see. The
    # pages of our own making are held to it by their rooms' tests.
    "rules": {"target-size": {"enabled": False}},
}


@pytest.fixture(scope="module")
def course(live: Live) -> Live:
    """The live academy with both editions of the course, published and priced."""
    import_course(live.academy)
    return live


class Reader:
    """A person with a browser who notices every fault."""

    def __init__(self, context: "BrowserContext", live: Live, axe: str, shots: Path) -> None:
        self.context, self.live, self._axe, self._shots = context, live, axe, shots
        self.language = "any"
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda it: it.type == "error" and self.faults.append(f"{self.page.url}: {it.text}"))
        self.page.on("pageerror", lambda it: self.faults.append(f"{self.page.url}: {it}"))

    def open(self, path: str) -> None:
        answer = self.page.goto(self.live.url + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def look(self, name: str) -> None:
        """Photograph the page, and ask axe what is wrong with it."""
        self.page.wait_for_load_state("networkidle")
        size = self.page.viewport_size or DESKTOP
        self.page.screenshot(path=self._shots / f"{name}-{size['width']}-{self.language}.png", full_page=True)
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            self.faults.append(f"{name}: scrolls sideways by {overflow} px")
        self.page.evaluate(self._axe)
        found = self.page.evaluate("options => axe.run(document, options)", SERIOUS)["violations"]
        self.faults += [f"{name}: {it['id']} {[node['target'] for node in it['nodes']][:3]}" for it in found]


@pytest.fixture
def reader_with(browser: "Browser", course: Live, axe_source: str, tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """Make readers; at the end, none of them may have met a fault. XINGTAN_SHOTS names a folder for photographs."""
    readers: list[Reader] = []
    shots = Path(os.environ.get("XINGTAN_SHOTS", tmp_path))

    def make(**options: object) -> Reader:
        context = browser.new_context(service_workers="block", **options)
        context.set_default_timeout(120_000)
        readers.append(Reader(context, course, axe_source, shots))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()
    assert not [fault for reader in readers for fault in reader.faults]


def newest_link(live: Live, address: str) -> str:
    """Return the path of the newest sign-in link that was mailed to `address`."""
    mailer = live.academy.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for letter in mailer.letters(20):
            found = re.search(r"(/\w\w/sign-in/link/[\w-]+)", letter.text)
            if address in letter.to and found:
                return found[1]
        time.sleep(0.1)
    message = f"no letter came to {address}"
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("locale", "query", "slug", "theme"),
    [("en-US", "sensor", "iot-for-beginners", "light"), ("zh-CN", "传感器", "iot-for-beginners-zh", "dark")],
)
def test_a_stranger_becomes_a_learner(
    course: Live, reader_with: Callable[..., Reader], *, locale: str, query: str, slug: str, theme: str
) -> None:
    desk = reader_with(viewport=DESKTOP, locale=locale, color_scheme=theme)
    page, desk.language = desk.page, locale[:2]

    # searches, and reads the free preview
    desk.open("/")
    desk.look("home")
    page.get_by_role("searchbox").first.fill(query)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("mark").count() > 0
    desk.look("search")
    page.locator(f"main a[href*='/works/{slug}'], main a[href*='/learn/{slug}/']").first.click()
    desk.open(f"/works/{slug}")
    desk.look("work")
    page.locator(f"main a[href*='/learn/{slug}/']").first.click()
    page.wait_for_url(f"**/learn/{slug}/**")
    desk.look("preview")

    # signs up and buys in the sandbox
    desk.open(f"/works/{slug}")
    page.locator("main a[href*='/checkout/']").first.click()
    page.wait_for_url("**/checkout/**")
    desk.look("checkout-stranger")
    address = f"{slug}@example.org"
    page.locator("input[name=email]").fill(address)
    page.locator("form[action*='/letter'] button").click()
    page.wait_for_load_state()
    desk.open(newest_link(course, address))
    page.locator("main form button").first.click()
    page.wait_for_url("**/checkout/**")
    desk.look("checkout")
    page.locator("form[action$='/checkout'] button").click()
    page.wait_for_url("**/sandbox/pay/**")
    desk.look("sandbox")
    page.locator("form button").click()
    page.locator("[data-outcome=paid]").wait_for()
    desk.look("paid")
    page.locator("main a[href*='/orders/']").click()
    page.wait_for_url("**/orders/**")
    desk.look("receipt")

    # reads, answers a quiz
    desk.open("/shelf")
    desk.look("shelf")
    read_and_leave(desk, slug)

    # comes back on a phone, to the same place
    phone = reader_with(viewport=PHONE, locale=locale, color_scheme=theme, has_touch=True, is_mobile=True)
    phone.language = desk.language
    phone.context.add_cookies(desk.context.cookies())
    come_back(phone, slug)


def read_and_leave(desk: Reader, slug: str) -> None:
    page = desk.page
    lesson = course_lesson(desk.live, slug, kind="quiz")
    desk.open(f"/learn/{slug}/{lesson}")
    desk.look("quiz")
    for question in page.locator("form.quiz fieldset").all():
        question.locator("input").first.check()
    page.locator("form.quiz button[type=submit]").click()
    page.wait_for_load_state()
    assert page.locator(".choice.is-right").count() > 0
    desk.look("quiz-answered")

    desk.open(f"/learn/{slug}/{course_lesson(desk.live, slug, kind='text', number=3)}")
    desk.look("lesson")
    heading = page.locator("article h2, article h3").nth(2)
    heading.evaluate("it => it.scrollIntoView({block: 'start'})")
    with page.expect_response(lambda it: "/progress" in it.url and it.request.method == "POST"):
        page.wait_for_timeout(100)
        page.evaluate("window.scrollBy(0, 2)")
        page.wait_for_timeout(1500)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def come_back(phone: Reader, slug: str) -> None:
    page = phone.page
    phone.open(f"/learn/{slug}")
    assert course_lesson(phone.live, slug, kind="text", number=3) in page.url
    page.wait_for_timeout(800)
    top = page.locator("article h2, article h3").nth(2).bounding_box()
    assert top is not None
    assert -200 < top["y"] < PHONE["height"], "the phone opened the lesson at another place"
    phone.look("lesson")
    phone.open("/shelf")
    phone.look("shelf")
    phone.open(f"/works/{slug}")
    phone.look("work")


def course_lesson(live: Live, slug: str, *, kind: str, number: int = 0) -> str:
    """Return the slug of the course's n-th lesson of `kind`."""
    from xingtan.core.viewer import SYSTEM
    from xingtan.domains.catalog import api as catalog

    product = live.academy.read(lambda session: catalog.product_by_slug(session, slug))
    contents = live.academy.read(lambda session: catalog.contents(session, SYSTEM, product.id))
    lines = [line for section in contents.sections for line in section.lessons if line.kind == kind]
    return lines[number].slug
