"""The studio's content rooms in a real browser: writing, pasting, clashing, quizzes, imports; accessible everywhere."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.live import Live
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.web.edge import SESSION_COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

OWN = "/studio/products/reading-numbers"
LESSON, QUIZ = f"{OWN}/lessons/the-paid-part", f"{OWN}/lessons/a-small-quiz"
PAGES = (
    "/studio/products", "/studio/products?q=nothing-like-it", "/studio/products/new", OWN, f"{OWN}/retire", LESSON,
    QUIZ, f"{LESSON}/versions", f"{LESSON}/remove", "/studio/topics", "/studio/import",
)  # fmt: skip
LOOKS = [("zh", "light", 390), ("en", "dark", 1440), ("en", "light", 390), ("zh", "dark", 1440)]
PASTE = """async ([name, isPicture]) => {
  const canvas = document.createElement("canvas");
  canvas.width = 900; canvas.height = 500;
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const data = new DataTransfer();
  data.items.add(new File([isPicture ? picture : "nonsense"], name, { type: "image/png" }));
  const body = document.querySelector("#f-body_md");
  body.focus();
  body.setSelectionRange(body.value.length, body.value.length);
  body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@contextmanager
def owners(browser: "Browser", live: Live, **look: Any) -> Iterator["Page"]:
    """A page in which the owner is signed in."""
    with browser.new_context(**look) as context:
        token = live.academy.session_of(live.academy.owner.id)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": live.url}])
        yield context.new_page()


def draft(live: Live, slug: str) -> catalog.LessonDraft:
    return live.academy.read(
        lambda s: catalog.lesson_draft(s, SYSTEM, product_slug="reading-numbers", lesson_slug=slug)
    )


def says(page: "Page", words: str) -> None:
    page.wait_for_function("(words) => document.querySelector('[data-status]').textContent.includes(words)", arg=words)


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_and_fits(
    browser: "Browser", live: Live, axe_source: str, look: tuple[str, Any, int]
) -> None:
    language, scheme, width = look
    faults: list[str] = []
    with owners(browser, live, color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True) as page:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        for path in PAGES:
            page.goto(f"{live.url}/{language}{path}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            page.evaluate(axe_source)
            found = page.evaluate("axe.run()")["violations"]
            faults += [f"{path} {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path} is wider than {width} pixels")
    assert faults == []


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_written_is_saved_previewed_and_never_lost(browser: "Browser", live: Live) -> None:
    with owners(browser, live, viewport={"width": 1440, "height": 900}) as page:
        page.goto(f"{live.url}/en{LESSON}")
        page.click("[data-toggle-preview]")
        page.fill("#f-body_md", "New words, **strong** ones.")
        says(page, "Not saved yet")
        page.wait_for_selector("[data-preview-pane] strong:text('strong')")
        page.keyboard.press("Control+s")
        says(page, "Saved ")
        assert draft(live, "the-paid-part").body_md == "New words, **strong** ones."

        page.evaluate(PASTE, ["image.png", True])
        page.wait_for_function("() => document.querySelector('#f-body_md').value.includes('](asset:')")
        page.wait_for_function("() => document.querySelector('[data-preview-pane] img')?.naturalWidth > 0")
        page.evaluate(PASTE, ["bad.png", False])
        page.wait_for_selector("[data-upload].is-bad")
        assert "bad.png could not be uploaded" in page.inner_text("[data-upload]")
        assert "uploading-" not in page.input_value("#f-body_md")
        page.keyboard.press("Control+s")
        says(page, "Saved ")

        other = page.context.new_page()
        other.goto(f"{live.url}/en{LESSON}")
        other.fill("#f-body_md", "Theirs")
        other.keyboard.press("Control+s")
        says(other, "Saved ")
        other.close()
        page.fill("#f-body_md", "Mine")
        page.keyboard.press("Control+s")
        page.wait_for_selector("[data-clash]:not([hidden])")
        assert draft(live, "the-paid-part").body_md == "Theirs"
        page.keyboard.press("Control+s")
        page.wait_for_selector("[data-clash]", state="hidden")
        assert draft(live, "the-paid-part").body_md == "Mine"

        page.fill("#f-title", "")
        page.keyboard.press("Control+s")
        says(page, "Not saved: Give it a title.")
        asked: list[str] = []

        def accept(dialog: "Dialog") -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", accept)
        page.goto(f"{live.url}/en{OWN}")
        assert asked == ["beforeunload"]


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_saves_by_itself(browser: "Browser", live: Live) -> None:
    with owners(browser, live) as page:
        page.clock.install()
        page.goto(f"{live.url}/en{OWN}/lessons/a-first-look")
        page.fill("#f-body_md", "By itself.")
        page.clock.run_for(21_000)
        says(page, "Saved ")
        assert draft(live, "a-first-look").body_md == "By itself."


@pytest.mark.browser
@pytest.mark.slow
def test_questions_are_written_in_place(browser: "Browser", live: Live) -> None:
    with owners(browser, live) as page:
        page.goto(f"{live.url}/en{QUIZ}")
        page.click("button[value=add-question]")
        page.wait_for_function("() => document.activeElement.name === 'q-2-ask'")
        page.keyboard.type("Name the fruit.")
        page.select_option("[name=q-2-kind]", "text")
        assert page.is_hidden("#q-2 .with-choices")
        page.fill("[name=q-2-answer]", "apricot")
        page.click("button[value=q-2-up]")
        page.wait_for_function("() => document.querySelector('[name=q-1-ask]').value === 'Name the fruit.'")
        page.keyboard.press("Control+s")
        says(page, "Saved ")
        assert [one["kind"] for one in draft(live, "a-small-quiz").questions] == ["single", "text", "number"]


@pytest.mark.browser
@pytest.mark.slow
def test_moving_a_lesson_does_not_lose_what_is_typed_beside_it(browser: "Browser", live: Live) -> None:
    with owners(browser, live) as page:
        page.goto(f"{live.url}/en{OWN}")
        page.fill("#f-subtitle", "Not saved yet")
        first, second = page.locator(".lesson-list .title a").all_inner_texts()[:2]
        page.click(f"button:has-text('Move {first} down')")
        page.wait_for_function(
            "(title) => document.querySelector('.lesson-list .title a').textContent === title", arg=second
        )
        assert page.input_value("#f-subtitle") == "Not saved yet"


@pytest.mark.browser
@pytest.mark.slow
def test_an_import_moves_its_bar_to_the_report(browser: "Browser", live: Live, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(12):
            archive.writestr(f"tea/{number:02d}-leaf.md", f"# Leaf {number}\n\nWords.")
    source = tmp_path / "tea.zip"
    source.write_bytes(out.getvalue())
    with owners(browser, live) as page:
        page.goto(f"{live.url}/en/studio/import")
        page.set_input_files("#f-file", source)
        page.click("text=Look what would happen")
        page.click("text=Bring it in")
        page.wait_for_selector("h1:has-text('It is in')")
        assert page.locator("td.num").first.inner_text() == "12"
