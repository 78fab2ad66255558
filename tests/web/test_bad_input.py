"""Bad input, line by line as the opening day promises it: a clear sentence, nothing lost, nothing leaked.

`COVERED` says which test holds which line; what is not held elsewhere is below.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import func, select, text

from tests.fixtures.programs import ROOT
from tests.fixtures.web import PASSWORD, Academy, Browser
from tests.web.commerce.conftest import Buyer
from tests.web.forms import Form, all_forms, fill, loaded_again, must_be_harmless, must_be_quiet, send, walk
from tests.web.identity.conftest import TOKEN, link_in
from tests.web.identity.conftest import fill as sign
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.domains.identity.models import SignInSession
from xingtan.infra.limits import RateLimiter
from xingtan.infra.mail import MaildirMailer
from xingtan.wiring import broken_promises

NOTICES = "tests/web/commerce/test_notices.py"
COVERED: dict[str, tuple[str, ...]] = {
    "broken Markdown": (
        "tests/domains/catalog/test_markdown.py::test_no_mixture_acts_or_fails",
        "tests/domains/catalog/test_markdown.py::test_nesting_without_end_takes_no_time",
        "tests/domains/catalog/test_importing.py::test_what_cannot_be_read_is_reported_and_the_rest_comes_in",
        "tests/domains/catalog/test_importing.py::test_a_code_block_left_open_does_not_swallow_the_texts_behind_it",
    ),
    "a 200 MB upload, declared": (
        "tests/web/catalog/test_uploads.py::test_two_hundred_megabytes_are_refused_by_what_they_declare",
    ),
    "a 200 MB upload, in pieces": (
        "tests/web/catalog/test_uploads.py::test_two_hundred_megabytes_in_pieces_are_cut_off",
        "tests/web/test_errors.py::test_a_body_that_lies_about_its_size_is_cut_off",
    ),
    "a zip bomb": (
        "tests/infra/test_archives.py::test_too_much_is_refused_by_what_it_declares",
        "tests/infra/test_archives.py::test_an_archive_that_lies_about_sizes_is_refused_while_it_is_read",
        "tests/domains/catalog/test_importing.py::test_an_archive_that_means_harm_is_refused",
        "tests/web/test_bad_input.py::test_an_archive_that_means_harm_is_refused_in_the_studio",
    ),
    "path traversal in an import": (
        "tests/infra/test_archives.py::test_a_name_that_leads_elsewhere_is_refused",
        "tests/infra/test_archives.py::test_a_link_or_device_in_an_archive_is_refused",
        "tests/domains/catalog/test_importing.py::test_a_path_out_of_the_tree_leads_nowhere",
        "tests/web/test_bad_input.py::test_an_archive_that_means_harm_is_refused_in_the_studio",
    ),
    "a cover that is not an image": (
        "tests/web/catalog/test_products.py::test_a_cover_that_is_no_picture_is_refused_and_the_words_kept",
        "tests/infra/test_images.py::test_a_bomb_is_refused_before_it_is_decoded",
    ),
    "HTML and script in every text field": (
        "tests/web/test_bad_input.py::test_whatever_is_written_into_any_form_acts_nowhere_and_breaks_nothing",
        "tests/web/test_bad_input.py::test_an_academy_whose_very_name_is_script_is_harmless",
    ),
    "a tampered price at checkout": (
        "tests/web/commerce/test_buying.py::test_the_price_that_a_browser_sends_counts_for_nothing",
        "tests/web/commerce/test_buying.py::test_unclear_amounts_are_refused",
        "tests/web/commerce/test_buying.py::test_an_old_price_is_told_to_be_gone",
    ),
    "a tampered product id at checkout": (
        "tests/web/commerce/test_buying.py::test_an_offer_that_is_none_is_not_found",
        "tests/web/commerce/test_buying.py::test_a_product_id_in_the_place_of_an_offer_is_not_found",
    ),
    "a forged payment notice": (
        f"{NOTICES}::test_forged_notices_are_refused",
        f"{NOTICES}::test_signed_nonsense_is_refused",
    ),
    "a replayed payment notice": (
        f"{NOTICES}::test_a_genuine_notice_is_kept_once_and_believed_only_when_the_provider_says_the_same",
        f"{NOTICES}::test_a_notice_is_heard_for_five_minutes",
    ),
    "an expired media URL": (
        "tests/web/learning/test_media.py::test_an_address_ends_after_six_hours",
        "tests/web/learning/test_media.py::test_a_forged_address_opens_nothing",
        "tests/web/learning/test_media.py::test_nobody_else_gets_it",
    ),
    "another person's order number": (
        "tests/web/commerce/test_buying.py::test_another_persons_order_is_nowhere",
    ),
    "10,000 sign-in attempts": ("tests/web/test_bad_input.py::test_ten_thousand_sign_ins_are_cut_off",),
    "SQL in search": (
        "tests/web/test_bad_input.py::test_sql_in_a_search_is_a_search_for_it",
        "tests/infra/test_search_index.py::test_nothing_typed_breaks_it",
    ),
    "invalid JSON at the API": (
        "tests/web/api/test_bad_json.py::test_what_is_not_json_is_refused",
        "tests/web/api/test_bad_json.py::test_any_bytes_are_read_or_refused",
    ),
    "no 5xx from the whole API": ("tests/web/api/test_schema.py::test_nothing_breaks_and_nothing_surprises",),
}  # fmt: skip


@pytest.mark.parametrize("line", COVERED)
def test_every_line_has_its_tests(line: str) -> None:
    for name in COVERED[line]:
        path, _, function = name.partition("::")
        assert re.search(rf"^def {function}\(", Path(ROOT / path).read_text(), re.MULTILINE), name


# HTML and script in every text field

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
EVIL = {
    "script": SCRIPT,
    "quotes": "' onmouseover='alert(1)' {{ 7 * 7 }}{% raw %}%s%(name)s%n",
    "Markdown": '[a](javascript:alert(1)) ![b](x" onerror="alert(1)) <svg/onload=alert(1)>',
    "NUL": "a\x00b",
    "surrogate": "a\ud800b",
    "formula": "=cmd|' /C calc'!A0",
    "override": "\u202e\u2066evil\u2069 \u200b\ufeff",
    "line break": "a\r\nEvil: 1\r\n\r\n<script>alert(1)</script>",
    "numbers": "9" * 400,
    "long": "杏" * 34_000,  # 102 kB
}


@pytest.fixture
def full(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> Academy:
    """An academy with something of every kind, every price, an order, and nobody slowed down."""
    monkeypatch.setattr(RateLimiter, "check", lambda *_: None)
    for kind in catalog.PRODUCT_KINDS:
        content = catalog.ProductContent(
            title=f"One {kind}", live=catalog.Live(academy.platform.clock.now(), 60, "https://meet.example.org/x"),
            consulting=catalog.Consulting(60, "By telephone."),
        )  # fmt: skip
        make = catalog.CreateProduct(kind, "en", content, slug=f"one-{kind}")
        academy.write(lambda s, make=make: catalog.create_product(s, make, viewer=SYSTEM, clock=academy.platform.clock))
    open_priced = commerce.MakeOffer(academy.course.id, "pay_what_you_want", Money(3000, "CNY"), Money(500, "CNY"))
    academy.write(lambda s: commerce.make_offer(s, SYSTEM, open_priced, clock=academy.platform.clock))
    return academy


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_is_written_into_any_form_acts_nowhere_and_breaks_nothing(
    full: Academy, client: Browser, owner: Browser, learner: Browser
) -> None:
    order = Buyer(learner, full).buy(amount="30")
    waiting = Buyer(owner, full).place(amount="30").headers["location"]
    owner.submit(waiting, {"choice": "challenge"})
    lesson = "/learn/reading-numbers/the-paid-part"
    starts = (
        (client, ["/", "/sign-in", "/sign-in?way=password", "/checkout/reading-numbers", "/consent"]),
        (learner, ["/", "/account", "/shelf", f"/orders/{order}", lesson, "/learn/reading-numbers/a-small-quiz"]),
        (owner, ["/studio", "/account", lesson, waiting, "/checkout/reading-numbers", f"/studio/orders/{order}"]),
    )
    faults: list[str] = []
    forms = [(browser, form) for browser, start in starts for form in all_forms(walk(browser, start)) if form.written]
    for browser, form in forms:
        for name, evil in EVIL.items():
            faults += _write(browser, form, name, evil)
    assert faults == []
    assert len({form.action for _, form in forms}) > 30
    for browser, start in starts:
        walk(browser, start, most=2000)
    _must_have_written_quiet_letters(full)
    assert full.read(lambda s: broken_promises(s, at=full.platform.clock.now())) == []


def _write(browser: Browser, form: Form, name: str, evil: str) -> Iterator[str]:
    """Write into one field after the other, then into all at once, then into what is not to be written in."""
    for names in [[field] for field in form.written] + [form.written, form.others]:
        where = f"{name} in {names} of {form.page}"
        try:
            now = loaded_again(browser, form)
            if now is None:
                return
            answer = send(browser, now, fill(now, names, evil))
            must_be_harmless(answer, where)
            if answer.status_code == 303:
                must_be_harmless(browser.get(answer.headers["location"]), f"after {where}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is named with its place
            yield f"{where}: {type(error).__name__}: {error}"[:600]


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', '<a href=" JavaScript:alert(1)">a</a>',
        "<p title='' onmouseover='alert(1)'>a</p>", "<p>a\x00b</p>", '<script src="//elsewhere.example/a.js"></script>',
        '<script type="application/ld+json">{"name": "</script><script>alert(1)</script>"}</script>',
    ],
)  # fmt: skip
def test_a_page_that_acts_would_be_found(page: str) -> None:
    """The net has no hole."""
    with pytest.raises((AssertionError, ValueError)):
        must_be_quiet(f"<html><body>{page}</body></html>", "here")


def _must_have_written_quiet_letters(academy: Academy) -> None:
    academy.work()
    mailer = academy.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    letters = mailer.letters(500)
    assert letters
    for letter in letters:
        must_be_quiet(letter.html or "<p></p>", letter.subject)
        assert "Evil" not in letter.headers
    dead = academy.read(lambda s: s.execute(text("SELECT kind, error FROM job WHERE state = 'dead'")).all())
    assert dead == []


@pytest.mark.slow
def test_an_academy_whose_very_name_is_script_is_harmless(
    academy: Academy, client: Browser, owner: Browser, learner: Browser
) -> None:
    """Every page, feed and letter of an academy in which everything is called what nobody should be called."""
    both = {"zh": SCRIPT, "en": SCRIPT}
    named = identity.SaveAcademy(both, both, both, "en", "CNY", "UTC", legal_name=SCRIPT)
    words = catalog.ProductContent(
        title=SCRIPT, subtitle=SCRIPT, summary=SCRIPT, description_md=SCRIPT, author=SCRIPT, audience=(SCRIPT,),
        outcomes=(SCRIPT,),
    )  # fmt: skip
    clock = academy.platform.clock
    academy.write(lambda s: identity.save_academy(s, named, viewer=SYSTEM, clock=clock))
    academy.write(lambda s: catalog.save_topic(s, catalog.SaveTopic("data", both), viewer=SYSTEM))
    for product in (academy.course, academy.essay):
        save = catalog.SaveProduct(product.id, words, topics=("data",))
        academy.write(lambda s, save=save: catalog.save_product(s, save, viewer=SYSTEM, clock=clock))
        section = academy.read(lambda s, it=product.id: catalog.contents(s, SYSTEM, it)).sections[0].id
        academy.write(lambda s, it=section: catalog.rename_section(s, it, title=SCRIPT, viewer=SYSTEM, clock=clock))
        academy.add(product.id, SCRIPT, body_md=SCRIPT, is_preview=True)
        academy.publish(product.id)
    learner.submit("/account", {"name": SCRIPT, "language": "en"})
    number = Buyer(learner, academy).buy()
    sign(client, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    walked = 0
    for browser, start in (
        (client, ["/", "/zh"]),
        (learner, ["/", "/account", f"/orders/{number}"]),
        (owner, ["/studio"]),
    ):
        walked += len(walk(browser, start))
    assert walked > 60
    for path in ("/feed.xml", "/sitemap.xml", "/works/reading-numbers/feed.xml", "/manifest.webmanifest"):
        answer = client.get(path)
        must_be_harmless(answer, path)
        if "xml" in answer.headers["content-type"]:
            etree.fromstring(answer.content)
    _must_have_written_quiet_letters(academy)


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


HARM = {
    "bomb": _packed({"01-a.md": b"\0" * 60_000_000}),
    "many small bombs": _packed({f"{number:02}.md": b"# A\n" + b" " * 9_000_000 for number in range(40)}),
    "path up": _packed({"../../etc/passwd": b"x", "a.md": b"# A"}),
    "absolute path": _packed({"/etc/passwd": b"x", "a.md": b"# A"}),
    "backslashes": _packed({"a/..\\..\\b.md": b"x"}),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("harm", HARM)
def test_an_archive_that_means_harm_is_refused_in_the_studio(
    academy: Academy, owner: Browser, harm: str, language: str
) -> None:
    before = academy.read(lambda s: s.scalar(text("SELECT COUNT(*) FROM product")))
    answer = owner.submit(f"/{language}/studio/import", {"name": "Kept name"}, files={"file": ("a.zip", HARM[harm])})
    must_be_harmless(answer, harm)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="Kept name"' in answer.text
    (said,) = etree.HTML(answer.text).xpath("//*[@id='f-file-error']")
    assert bool(re.search("[\u4e00-\u9fff]", "".join(said.itertext()))) == (language == "zh")
    assert list(academy.platform.files.keys("imports")) == []
    assert academy.work() == 0
    assert academy.read(lambda s: s.scalar(text("SELECT COUNT(*) FROM product"))) == before


def test_sql_in_a_search_is_a_search_for_it(academy: Academy, client: Browser, owner: Browser) -> None:
    def counted() -> int:
        return int(academy.read(lambda s: s.scalar(text("SELECT COUNT(*) FROM product")) or 0))

    before = counted()
    for query in (
        "' OR 1=1 --", "'; DROP TABLE product; --", '" OR ""="', "1) UNION SELECT email_sealed FROM person --", "*",
        "NEAR(", 'title:"x', "%", "_", "\\", "a\x00b", "{numbers}", "-", "AND", "x" * 5000,
    ):  # fmt: skip
        for browser, path in (
            (client, "/search"), (client, "/catalogue"), (client, "/api/v1/search"), (owner, "/studio/products"),
            (owner, "/studio/orders"), (owner, "/studio/people"),
        ):  # fmt: skip
            answer = browser.get(path, params={"q": query, "topic": query, "sort": query, "state": query})
            must_be_harmless(answer, f"{path}: {query}")
            assert not re.search(r"sqlite|psycopg|syntax error|Traceback", answer.text), path
    assert counted() == before
    assert "Reading numbers" in client.get("/search?q=numbers").text


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_thousand_sign_ins_are_cut_off(academy: Academy, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher: Any = type(identity.passwords(is_fast=True))
    matches, compared = hasher.matches, Counter[bool]()

    def counting(self: Any, *arguments: Any) -> bool:
        is_right = bool(matches(self, *arguments))
        compared[is_right] += 1
        return is_right

    monkeypatch.setattr(hasher, "matches", counting)
    form_token = TOKEN.search(client.get("/sign-in?way=password").text)
    assert form_token
    answers: Counter[int] = Counter()
    for number in range(10_000):
        guess = {"csrf_token": form_token[1], "email": "owner@example.org", "password": f"guess {number}"}
        answers[client.post("/sign-in", data=guess).status_code] += 1
    assert set(answers) == {422, 429}
    assert 10 <= answers[422] <= 100  # ten in a minute, a hundred in an hour
    assert compared == {False: answers[422]}
    while client.post("/sign-in", data=guess).status_code != 429:
        pass
    last = client.post("/sign-in", data={**guess, "password": PASSWORD})
    assert (last.status_code, int(last.headers["retry-after"]) > 0) == (429, True)
    assert not academy.read(lambda s: s.scalar(select(func.count()).select_from(SignInSession)))
    sent = sign(client, "/sign-in", {"email": "owner@example.org"}, to="/sign-in/link")
    assert sent.status_code == 303  # the rightful owner gets in by the other door
    academy.work()
    mailer = academy.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    assert sign(client, link_in(mailer.letters(1)[0].text)).status_code == 303
