"""Bringing content in through the studio, and taking it out."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.domains.catalog.sources import OWN, blog, book
from tests.fixtures.web import Academy, Browser
from tests.web.catalog.words import SCRIPT, form_on
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.infra.db import new_id
from xingtan.infra.jobs import enqueue

IMPORT = "/studio/import"
JSON = {"Accept": "application/json"}


def packed(files: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def bring(owner: Browser, file: str, data: bytes, **fields: str) -> str:
    """Upload and return the report page."""
    answer = owner.submit(IMPORT, fields, files={"file": (file, data)})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def go(owner: Browser, report: str, academy: Academy) -> str:
    """Press the report's button, let the work be done, and return the last page."""
    start = form_on(report.replace(f'action="{IMPORT}/start"', 'id="start"'), "start")
    begun = owner.submit(f"{IMPORT}/start", start)
    assert begun.status_code == 303
    before = owner.get(begun.headers["location"], headers=JSON).json()
    assert (before["state"], before["is_over"]) == ("queued", False)
    academy.work()
    return str(owner.get(begun.headers["location"]).text)


def slugs(academy: Academy) -> set[str]:
    return {one.slug for one in academy.read(lambda s: catalog.cards(s, SYSTEM, limit=100)).cards}


def test_a_folder_is_looked_at_then_brought_in_then_the_same(owner: Browser, academy: Academy) -> None:
    before = slugs(academy)
    report = bring(owner, "everything.zip", packed(OWN))
    assert "A Small Course" in report
    assert "small/01-first/01-hello.md" in report
    assert "This link leads nowhere." in report
    assert slugs(academy) == before
    end = go(owner, report, academy)
    assert "It is in" in end
    assert '<a href="/studio/products/small">' in end
    assert "This link leads nowhere." in end
    assert "came with a price, which is not set yet." in end
    prices = end.split('/prices"')[0].rsplit('action="', 1)[1] + "/prices"
    for _ in range(2):  # twice is once
        assert owner.submit(prices).status_code == 303
    small = academy.read(lambda s: catalog.product_by_slug(s, "small"))
    offers = academy.read(lambda s: commerce.offers_of(s, SYSTEM, small.id))
    assert [one.price for one in offers] == [Money(990, "CNY")]
    assert "not set yet" not in owner.get(prices.removesuffix("/prices")).text
    assert {"small", "other", "both"} <= slugs(academy)
    again = bring(owner, "everything.zip", packed(OWN))
    assert "All of it is here already, word for word." in again
    changed = dict(OWN) | {"small/01-first/02-more.md": "---\ntitle: More\n---\nNew words.\n"}
    report = bring(owner, "everything.zip", packed(changed))
    assert report.count(">changed</span>") == 1
    go(owner, report, academy)
    more = academy.read(lambda s: catalog.lesson_draft(s, SYSTEM, product_slug="small", lesson_slug="more"))
    body = more.body_md
    assert body == "New words."


def test_a_book_and_a_blog_come_in(owner: Browser, academy: Academy) -> None:
    before = len(slugs(academy))
    assert "An EPUB book" in (report := bring(owner, "a book.epub", book()))
    assert "It is in" in go(owner, report, academy)
    report = bring(owner, "blog.json", blog(), shape="column", is_published="1")
    assert "It comes in published." in report
    assert "It is in" in go(owner, report, academy)
    assert len(slugs(academy)) == before + 2


def test_a_single_file_keeps_its_name(owner: Browser) -> None:
    assert "Thoughts On Tea" in bring(owner, "thoughts-on-tea.md", b"No heading, only words.")


def test_several_markdown_files_are_one_course(owner: Browser, academy: Academy) -> None:
    files = [("file", (f"0{n}-part.md", f"# Part {n}\n\nWords {n}.".encode())) for n in (1, 2)]
    answer = owner.submit(IMPORT, {"name": "Two parts", "language": "en"}, files=files)
    assert answer.status_code == 200
    assert "Part 2" in answer.text
    for wrong in (
        [files[0], ("file", ("book.epub", b"x"))], [files[0], files[0]], [files[0], ("file", ("../01-part.md", b"x"))],
    ):  # fmt: skip
        assert owner.submit(IMPORT, {}, files=wrong).status_code == 422


def test_what_cannot_be_read_is_said_and_nothing_is_made(owner: Browser, academy: Academy) -> None:
    before = slugs(academy)
    climbing = packed({"../../etc/passwd": "root", "a.md": "# A"})
    for name, data in (
        ("a.zip", b"this is no archive"), ("a.zip", climbing), ("a.exe", b"MZ"), ("a.json", b"{broken"),
        ("a.epub", packed({"mimetype": "application/epub+zip"})), ("a.zip", packed({"a.txt": "words"})),
        ("a.zip", b""),
    ):  # fmt: skip
        answer = owner.submit(IMPORT, {"name": "Kept name"}, files={"file": (name, data)})
        assert answer.status_code in {200, 422}, name
        if answer.status_code == 422:
            assert 'role="alert"' in answer.text, name
            assert 'value="Kept name"' in answer.text
        else:
            assert "could not be read" in answer.text or "nothing in it" in answer.text, (name, answer.text)
    assert owner.submit(IMPORT, {}).status_code == 422
    assert owner.submit(IMPORT, {"format": "word"}, files={"file": ("a.zip", packed(OWN))}).status_code == 422
    assert slugs(academy) == before


def test_script_in_names_and_titles_is_shown_as_text(owner: Browser, academy: Academy) -> None:
    files = {"01-one.md": f"# {SCRIPT}\n\n![{SCRIPT}](gone-<b>.png)\n", "README.md": f"# {SCRIPT}\n\nAbout.\n"}
    report = bring(owner, "x<script>alert(1)</script>.zip", packed(files), name=SCRIPT)
    end = go(owner, report, academy)
    for html in (report, end, owner.get("/studio/products").text):
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_only_what_was_brought_can_be_started(owner: Browser, academy: Academy) -> None:
    for source in ("../../master.key", f"{new_id()}.zip", "", "a.zip", f"{new_id()}.zip/../x"):
        assert owner.submit(f"{IMPORT}/start", {"source": source}).status_code == 404, source
    assert academy.work() == 0


def test_asking_twice_starts_once(owner: Browser, academy: Academy) -> None:
    report = bring(owner, "everything.zip", packed(OWN))
    start = form_on(report.replace(f'action="{IMPORT}/start"', 'id="start"'), "start")
    first, second = (owner.submit(f"{IMPORT}/start", start).headers["location"] for _ in range(2))
    assert first == second


def test_the_page_goes_on_without_script(owner: Browser, academy: Academy) -> None:
    report = bring(owner, "everything.zip", packed(OWN))
    start = form_on(report.replace(f'action="{IMPORT}/start"', 'id="start"'), "start")
    page = owner.get(owner.submit(f"{IMPORT}/start", start).headers["location"])
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.text
    assert "<progress" in page.text


def test_another_job_is_no_import(owner: Browser, academy: Academy) -> None:
    clock = academy.platform.clock
    other = academy.write(lambda s: enqueue(s, "catalog.publish_due", {}, key="other", at=clock.now()))
    assert owner.get(f"{IMPORT}/{public_id('job', other)}").status_code == 404
    assert owner.get(f"{IMPORT}/nonsense").status_code == 404
    assert private_id("job", public_id("job", other)) == other


def test_a_product_goes_out_and_comes_back_the_same(owner: Browser, learner: Browser, academy: Academy) -> None:
    for suffix, kind in (("zip", "application/zip"), ("epub", "application/epub+zip")):
        path = f"/studio/products/reading-numbers/export.{suffix}"
        answer = owner.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert f"reading-numbers.{suffix}" in answer.headers["content-disposition"]
        assert "no-store" in answer.headers["cache-control"]
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert path in owner.get("/studio/products/reading-numbers").text
        assert learner.get(path).status_code == 403
        assert owner.get(f"/studio/products/nowhere/export.{suffix}").status_code == 404
    exported = owner.get("/studio/products/reading-numbers/export.zip").content
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        assert any(b"A secret apricot." in archive.read(name) for name in archive.namelist())
        facts = next(name for name in archive.namelist() if name.endswith("product.yaml"))
        assert b"199" in archive.read(facts)
    report = bring(owner, "reading-numbers.zip", exported)
    assert "An export of Xingtan" in report


def test_strangers_and_readers_cannot_import(client: Browser, learner: Browser) -> None:
    for path in (IMPORT, f"{IMPORT}/{public_id('job', new_id())}"):
        assert client.get(path).status_code == 303
        assert learner.get(path).status_code == 403
    assert learner.submit(IMPORT, {}, files={"file": ("a.zip", packed(OWN))}).status_code == 403
    assert learner.submit(f"{IMPORT}/start", {"source": f"{new_id()}.zip"}).status_code == 403
