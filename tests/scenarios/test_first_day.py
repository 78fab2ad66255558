"""The first weeks of an academy, told through its pages alone: opened, stocked, found, bought, read, given back.

Two people do the same; one lets herself be counted, the other does not. Nothing is prepared behind the pages' back:
every form is read off its page, every link out of its letter, and time is the clock's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html
from sqlalchemy import select

from tests.fixtures.web import Browser
from tests.web.forms import Form, fill, forms_on, must_be_harmless, send
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.infra.analytics import BehaviourEvent
from xingtan.infra.mail import MaildirMailer, SentLetter
from xingtan.infra.platform import Platform
from xingtan.web.app import create_app
from xingtan.wiring import broken_promises, wire
from xingtan.worker.loop import Worker

CHINESE = re.compile("[\u4e00-\u9fff]")
LATE_MINUTES = 11
DRIP_DAYS = 7
WORDS = {
    "zh": {
        "academy": "杏坛书院", "owner": "孔老师", "course": "看懂传感器", "free": "第一课", "paid": "第二课",
        "quiz": "小测",
        "secret": "杏花只开七天。", "waiting": "等", "thanks": "谢谢",
    },
    "en": {
        "academy": "Apricot Academy", "owner": "Kong", "course": "Understanding sensors", "free": "Lesson one",
        "paid": "Lesson two", "quiz": "A small quiz", "secret": "Apricots bloom for seven days.", "waiting": "Waiting",
        "thanks": "Thank you",
    },
}  # fmt: skip


@dataclass
class Somebody:
    """A person with a browser, who reads pages and fills in the forms that are on them."""

    browser: Browser
    language: str
    at: str = "/"
    page: str = ""

    def open(self, path: str, *, status: int = 200) -> str:
        """Go to a page of one's own language, and along wherever it leads."""
        parts = urlsplit(path)
        self.at = path if re.match(r"/(zh|en)(/|$)", parts.path) else f"/{self.language}{path}"
        return self._arrive(self.browser.get(self.at), status)

    def submit(self, action: str, *, status: int = 200, **typed: str) -> str:
        """Fill in the form on this page whose address ends with `action`, press its first button, and go along."""
        found = [form for form in forms_on(self.at, self.page) if urlsplit(form.action).path.endswith(action)]
        assert found, f"{self.at} has no form {action}"
        form = max(found, key=lambda each: len({name for name, *_ in each.controls} & set(typed)))
        known = {name for name, *_ in form.controls}
        controls = [(name, kind, typed.get(name, value)) for name, kind, value in form.controls]
        controls += [(name, "button", value) for name, value in typed.items() if name not in known]
        return self._arrive(send(self.browser, form, fill(_with(form, controls), (), "")), status)

    def _arrive(self, answer: Any, status: int) -> str:
        for _ in range(5):
            must_be_harmless(answer, self.at)
            if answer.status_code != 303:
                break
            target = urlsplit(answer.headers["location"])
            self.at = f"{target.path}?{target.query}" if target.query else target.path
            answer = self.browser.get(self.at)
        assert answer.status_code == status, f"{self.at}: {answer.status_code}\n{_text(answer.text)}"
        self.page = answer.text
        return _text(self.page)

    def links(self, part: str) -> list[str]:
        """Return the addresses on this page that hold `part`."""
        return [link for link in html.fromstring(self.page).xpath("//a/@href") if part in link]


def _with(form: Form, controls: list[tuple[str, str, str]]) -> Form:
    return Form(form.page, form.action, form.method, tuple(controls))


def _text(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())


@dataclass
class Story:
    """A fresh academy, in one language, and everybody in front of it."""

    platform: Platform
    clock: ManualClock
    language: str
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.platform, wire())
        self.words = WORDS[self.language]

    def somebody(self) -> Somebody:
        return Somebody(Browser(self.app, self.platform), self.language)

    def work(self) -> None:
        """Let the background work be done."""
        Worker(self.platform, wire()).drain()

    def letters(self) -> list[SentLetter]:
        """Return every letter, oldest first."""
        mailer = self.platform.mailer
        assert isinstance(mailer, MaildirMailer)
        return mailer.letters(100)[::-1]

    def letters_to(self, address: str) -> list[SentLetter]:
        return [letter for letter in self.letters() if address in letter.to]


@pytest.fixture(params=["zh", "en"])
def story(platform: Platform, clock: ManualClock, request: pytest.FixtureRequest) -> Iterator[Story]:
    told = Story(platform, clock, request.param)
    with told.somebody().browser:  # the application lives as long as the story
        yield told


def open_academy(story: Story) -> Somebody:
    """The owner comes with the code from the terminal."""
    owner, words = story.somebody(), story.words
    owner.open("/")
    assert owner.at.endswith("/set-up")
    code = identity.set_up_code(story.platform.settings.home)
    owner.submit(
        "/set-up", code=code, academy_name=words["academy"], owner_name=words["owner"], owner_email="kong@example.org",
        password="ten strips of dried meat", language=story.language, currency="CNY", time_zone="Asia/Shanghai",
    )  # fmt: skip
    assert owner.at.endswith("/studio")
    return owner


def stock(story: Story, owner: Somebody) -> str:
    """She writes a course with a free lesson, one that opens after a week, and a quiz; prices it; publishes it."""
    words = story.words
    owner.open("/studio/products/new")
    owner.submit("/products/new", title=words["course"], language=story.language, kind="course")
    own = urlsplit(owner.at).path
    slug = own.rpartition("/")[2]
    for title, kind in ((words["free"], "text"), (words["paid"], "text"), (words["quiz"], "quiz")):
        owner.open(own)
        owner.submit("/lessons", title=title, kind=kind)
        if title == words["free"]:
            owner.submit(urlsplit(owner.at).path, body_md=f"# {title}\n\n杏 *apricot*", is_preview="1")
        elif title == words["paid"]:
            owner.submit(urlsplit(owner.at).path, body_md=words["secret"], released_after_days=str(DRIP_DAYS))
        else:
            write_quiz(owner)
    owner.open(f"/studio/products/{slug}/prices")
    owner.submit("/prices", model="once", currency="CNY", price="199")
    owner.open(own)
    owner.submit("/publish")
    story.work()
    return slug


def write_quiz(owner: Somebody) -> None:
    """One question: two choices, of which the first is right."""
    path = urlsplit(owner.at).path
    owner.submit(path, act="add-question")
    row = re.findall(r'name="(q[^"]*?)-ask"', owner.page)[-1]
    choices = re.findall(rf'name="({re.escape(row)}-[^"]*?)-text"', owner.page)
    first, second = choices[:2]
    typed = {f"{row}-ask": "1 + 1 = ?", f"{first}-text": "2", f"{first}-right": "1", f"{second}-text": "3"}
    owner.submit(path, act="save", **typed)


def buy(story: Story, who: Somebody, slug: str, address: str, name: str) -> str:
    """A stranger reads the sample, asks for a link, follows it out of her letter, pays; the notice is late."""
    words = story.words
    assert words["course"] in who.open("/")
    assert words["course"] in who.open(f"/search?q={words['course']}")
    assert "¥199" in who.open(f"/works/{slug}")
    who.open(who.links(f"/learn/{slug}/")[0])
    assert "apricot" in who.page
    who.open(f"/checkout/{slug}")
    who.submit("/letter", email=address)
    story.work()
    letter = story.letters_to(address)[-1]
    (link,) = re.findall(r"http://testserver(/\S*/sign-in/link/[\w-]+)", letter.text)
    who.open(link)
    who.submit(link, name=name)
    assert urlsplit(who.at).path.endswith(f"/checkout/{slug}")
    who.submit("/checkout")
    assert "/sandbox/pay/" in who.at
    who.submit(urlsplit(who.at).path, choice="late")
    number = re.findall(r"/pay/([^/]+)/return", who.at)[0]
    story.work()
    assert words["waiting"] in who.open(f"/pay/{number}/return")
    assert words["secret"] not in read_paid(who, slug)
    story.clock.advance(minutes=LATE_MINUTES)
    story.work()
    assert words["thanks"] in who.open(f"/pay/{number}/return")
    return number


def read_paid(who: Somebody, slug: str) -> str:
    return who.open(f"/learn/{slug}/{PAID[who.language]}")


PAID = {"zh": "di-er-ke", "en": "lesson-two"}
QUIZ = {"zh": "xiao-ce", "en": "a-small-quiz"}


def learn(story: Story, who: Somebody, slug: str) -> None:
    """The second lesson opens after a week; then she ticks it off and answers the quiz."""
    words = story.words
    assert words["course"] in who.open("/shelf")
    assert words["secret"] not in read_paid(who, slug)
    story.clock.advance(days=DRIP_DAYS, minutes=-LATE_MINUTES - 1)
    assert words["secret"] not in read_paid(who, slug)
    story.clock.advance(minutes=LATE_MINUTES + 1)
    assert words["secret"] in read_paid(who, slug)
    who.submit("/done")
    who.open(f"/learn/{slug}/{QUIZ[who.language]}")
    form = "//form[contains(@action, '/answers')]"
    (answer,) = html.fromstring(who.page).xpath(f"{form}//label[normalize-space(.) = '2']//input[@type='radio']")
    who.submit("/answers", **{answer.get("name"): answer.get("value")})
    assert html.fromstring(who.page).xpath("//*[contains(@class, 'is-right')]")


def give_back(story: Story, owner: Somebody, who: Somebody, slug: str, number: str) -> None:
    """The owner gives the money back; with it goes the right to read."""
    owner.open(f"/studio/orders/{number}")
    owner.submit("/refund", reason="buyer_asked")
    story.work()
    assert story.words["secret"] not in read_paid(who, slug)
    assert story.words["course"] not in _text(_main(who.open("/shelf") and who.page))
    assert number in who.open("/orders")


def _main(page: str) -> str:
    return html.tostring(html.fromstring(page).xpath("//main")[0], encoding="unicode")


def test_the_first_weeks(story: Story) -> None:
    owner = open_academy(story)
    slug = stock(story, owner)

    ann, bo = story.somebody(), story.somebody()
    number = buy(story, ann, slug, "ann@example.org", "Ann")
    learn(story, ann, slug)
    give_back(story, owner, ann, slug, number)
    assert behaviour(story) == []  # nobody has agreed to anything

    bo.open("/consent")
    bo.submit("/consent", choice="analytics")
    other = buy(story, bo, slug, "bo@example.org", "Bo")
    bo.open("/account/data")
    bo.submit("/consents", purposes="analytics")
    learn(story, bo, slug)
    give_back(story, owner, bo, slug, other)

    books_balance(story, owner, (number, other))
    every_letter_is_in_their_language(story, (number, other))
    noted = behaviour(story)
    assert {"completed", "answered", "refunded"} <= {event.verb for event in noted}
    assert len({event.actor for event in noted if event.verb == "completed"}) == 1
    for event in noted:
        assert not re.search(r"ann|bo@|example\.org", repr(vars(event)), re.IGNORECASE)


def behaviour(story: Story) -> list[BehaviourEvent]:
    story.work()
    return story.platform.database.read(lambda s: list(s.scalars(select(BehaviourEvent).order_by(BehaviourEvent.id))))


def books_balance(story: Story, owner: Somebody, numbers: tuple[str, ...]) -> None:
    """What came in went out again; nothing is promised that does not hold; the studio says the same."""
    at = story.clock.now()
    assert story.platform.database.read(lambda s: broken_promises(s, at=at)) == []
    balances = story.platform.database.read(lambda s: books.trial_balance(s, SYSTEM))
    assert {one.account: one.balance.minor for one in balances if one.balance} == {
        "income:sales": -2 * 19_900, "income:refunds": 2 * 19_900,
    }  # fmt: skip
    for number in numbers:
        order = story.platform.database.read(lambda s, number=number: commerce.order(s, SYSTEM, number))
        assert (order.state, order.refunded) == ("refunded", order.total)
        assert number in owner.open("/studio/orders")
    owner.open("/studio/books")


def every_letter_is_in_their_language(story: Story, numbers: tuple[str, ...]) -> None:
    """A link, a receipt, a note about the money that went back: to each of them, and to nobody else."""
    assert {letter.to.split("<")[-1].strip(">") for letter in story.letters()} == {"ann@example.org", "bo@example.org"}
    for address, number in zip(("ann@example.org", "bo@example.org"), numbers, strict=True):
        link, receipt, refund = story.letters_to(address)
        assert "/sign-in/link/" in link.text
        for letter in (receipt, refund):
            assert number in letter.text
            assert "199.00 CNY" in letter.text
        for letter in (link, receipt, refund):
            assert story.words["academy"] in letter.subject + letter.text
            bare = (letter.subject + letter.text).replace(story.words["course"], "").replace(story.words["academy"], "")
            assert bool(CHINESE.search(bare)) == (story.language == "zh"), letter.subject
            assert _text(letter.html or "<p>x</p>")
