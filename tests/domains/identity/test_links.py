"""Sign-in links: made in the letter, redeemed once, within 20 minutes, and silent about who has an account."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.domains.identity.conftest import HASHER, PASSWORD, People
from xingtan.core.errors import Invalid
from xingtan.domains.identity import api as identity
from xingtan.domains.identity import jobs
from xingtan.domains.identity.models import Credential, Person, SignInLink
from xingtan.infra.jobs import Job
from xingtan.infra.mail import MaildirMailer, SentLetter
from xingtan.infra.vault import Vault, VaultKey


def ask(people: People, email: str, *, language: str = "en", next_path: str = "/shelf") -> None:
    command = identity.RequestLink(email, language, next_path)
    people.write(lambda session: identity.request_link(session, command, clock=people.clock, vault=people.vault))


def send_all(people: People) -> list[SentLetter]:
    """Run the waiting letters' jobs and return the letters, newest first."""
    waiting = people.read(
        lambda session: list(session.scalars(select(Job).where(Job.kind == jobs.SEND_LINK, Job.state == "queued")))
    )
    for job in waiting:
        jobs.send_link(people.platform, job.args, lambda **_: None)
    mailer = people.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return mailer.letters(20)


def token_in(letter: SentLetter) -> str:
    found = re.search(r"http://testserver/(?:zh|en)/sign-in/link/([\w-]{43})\s", letter.text)
    assert found
    return found[1]


def link_for(people: People, email: str, **options: str) -> str:
    ask(people, email, **options)
    return token_in(next(letter for letter in send_all(people) if email in letter.to))


def redeem(people: People, token: str, **details: str | None) -> identity.Redeemed:
    command = identity.RedeemLink(token, "Chrome · Android", **details)  # type: ignore[arg-type]
    return people.write(lambda session: identity.redeem_link(session, command, clock=people.clock, vault=people.vault))


def peek(people: People, token: str) -> identity.LinkView:
    return people.read(lambda session: identity.peek_link(session, token, clock=people.clock, vault=people.vault))


def test_a_known_person_signs_in_by_link_and_goes_where_she_was_going(people: People) -> None:
    token = link_for(people, "lin@example.org")
    assert peek(people, token) == identity.LinkView("l…@example.org", is_newcomer=False)
    redeemed = redeem(people, token)
    assert (redeemed.next_path, redeemed.is_newcomer) == ("/shelf", False)
    opened = people.opened(redeemed.step.token)
    assert opened is not None
    assert opened.viewer.person_id == people.learner
    assert opened.factors == ("link",)
    confirmed = people.read(lambda session: session.get_one(Person, people.learner).email_confirmed_at)
    assert confirmed == people.clock.now()


def test_looking_at_a_link_does_not_use_it_up(people: People) -> None:
    token = link_for(people, "lin@example.org")
    for _ in range(3):
        peek(people, token)
    assert redeem(people, token).step.is_complete


def test_a_reused_link_is_dead(people: People) -> None:
    token = link_for(people, "lin@example.org")
    redeem(people, token)
    with pytest.raises(identity.LinkDead):
        redeem(people, token)
    with pytest.raises(identity.LinkDead):
        peek(people, token)


def test_a_link_dies_after_twenty_minutes(people: People) -> None:
    token = link_for(people, "lin@example.org")
    people.clock.advance(minutes=19, seconds=59)
    peek(people, token)
    people.clock.advance(seconds=1)
    with pytest.raises(identity.LinkDead):
        redeem(people, token)


@pytest.mark.parametrize("token", ["", "x" * 43, "\x00", "a" * 5000])
def test_a_guessed_link_is_dead(people: People, token: str) -> None:
    link_for(people, "lin@example.org")
    with pytest.raises(identity.LinkDead):
        redeem(people, token)


def test_a_newcomer_becomes_a_person_only_by_following_the_link(people: People) -> None:
    before = _count(people, Person)
    token = link_for(people, "new+tag@example.org", language="zh")
    assert _count(people, Person) == before
    assert peek(people, token).is_newcomer
    redeemed = redeem(people, token, name="新同学", password_hash=HASHER.hash(PASSWORD))
    assert redeemed.is_newcomer
    view = people.read(
        lambda session: identity.person(
            session, people.viewer(redeemed.step.person_id), redeemed.step.person_id, vault=people.vault
        )
    )
    assert (view.name, view.email, view.language, view.roles) == ("新同学", "new+tag@example.org", "zh", ())
    assert view.email_confirmed_at == people.clock.now()
    assert HASHER.matches(PASSWORD, people.on_file("new+tag@example.org").password_hash)


def test_a_newcomer_without_a_name_is_greeted_by_her_address(people: People) -> None:
    redeemed = redeem(people, link_for(people, "wanderer@example.org"))
    opened = people.opened(redeemed.step.token)
    assert opened is not None
    assert opened.name == "wanderer"
    assert people.read(lambda session: session.get(Credential, redeemed.step.person_id)) is None


def test_two_links_of_a_newcomer_make_one_person(people: People) -> None:
    first = link_for(people, "twice@example.org")
    people.clock.advance(minutes=1)
    ask(people, "twice@example.org")
    tokens = {token_in(letter) for letter in send_all(people) if "twice@" in letter.to}
    assert len(tokens) >= 2
    second = _live_token(people, tokens - {first})
    keys = _count(people, VaultKey)
    one = redeem(people, _live_token(people, tokens - {second}))
    other = redeem(people, second)
    assert one.step.person_id == other.step.person_id
    assert _count(people, VaultKey) == keys - 1


def test_known_and_unknown_addresses_take_the_same_way(people: People) -> None:
    ask(people, "lin@example.org")
    ask(people, "stranger@example.org")
    rows = people.read(lambda session: list(session.scalars(select(SignInLink).order_by(SignInLink.id))))
    queued = people.read(lambda session: list(session.scalars(select(Job).where(Job.kind == jobs.SEND_LINK))))
    assert len(rows) == len(queued) == 2
    letters = send_all(people)
    assert len({letter.subject for letter in letters}) == 1


def test_neither_the_job_nor_the_row_knows_token_or_address(people: People) -> None:
    token = link_for(people, "stranger@example.org")
    job = people.read(lambda session: session.scalars(select(Job).where(Job.kind == jobs.SEND_LINK)).one())
    assert set(job.args) == {"link_id"}
    rows = repr(people.read(lambda session: session.execute(select(SignInLink.__table__)).all()))
    assert token not in rows
    assert "stranger" not in rows


def test_a_letter_sent_again_after_a_crash_kills_the_first_letters_link(people: People) -> None:
    ask(people, "lin@example.org")
    first = token_in(send_all(people)[0])
    tokens = {token_in(letter) for letter in send_all(people)} - {first}
    with pytest.raises(identity.LinkDead):
        redeem(people, first)
    assert redeem(people, tokens.pop()).step.is_complete


def test_a_link_that_waited_too_long_is_not_sent(people: People) -> None:
    ask(people, "lin@example.org")
    people.clock.advance(hours=1, seconds=1)
    assert send_all(people) == []


def test_the_letter_speaks_the_readers_language_and_names_the_academy(people: People) -> None:
    ask(people, "lin@example.org", language="zh")
    letter = send_all(people)[0]
    assert "杏坛书院" in letter.subject
    assert "20 分钟" in letter.text
    assert 'lang="zh-Hans"' in letter.html
    ask(people, "kong@example.org", language="en")
    letter = next(one for one in send_all(people) if "kong@" in one.to)
    assert "Apricot Terrace" in letter.subject
    assert "within 20 minutes" in letter.text


def test_a_name_in_a_letter_is_text_not_markup(people: People) -> None:
    command = identity.SaveProfile("<b>Lin</b> & co", "en")
    people.write(lambda session: identity.save_profile(session, command, person_id=people.learner, vault=people.vault))
    ask(people, "lin@example.org")
    letter = send_all(people)[0]
    assert "Hello <b>Lin</b> & co," in letter.text
    assert "&lt;b&gt;Lin&lt;/b&gt; &amp; co" in letter.html
    assert "<b>Lin" not in letter.html


@pytest.mark.parametrize("email", ["", "nobody", "lin@example.org\nBcc: all@example.org"])
def test_what_is_no_address_is_refused(people: People, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(people, email)
    assert set(refused.value.fields) == {"email"}


def test_the_link_never_leads_to_another_site(people: People) -> None:
    for bad in ("//evil.example", "/\\evil.example", "https://evil.example"):
        token = link_for(people, "lin@example.org", next_path=bad)
        assert redeem(people, token).next_path == "/"


def test_a_link_for_the_terminal_needs_no_mail(people: People) -> None:
    token = people.write(
        lambda session: identity.issue_link(
            session, people.owner, clock=people.clock, next_path="/studio", life=timedelta(days=1)
        )
    )
    people.clock.advance(hours=23)
    redeemed = redeem(people, token)
    assert (redeemed.step.person_id, redeemed.next_path) == (people.owner, "/studio")


def test_what_a_newcomer_left_behind_is_cleared_away(people: People) -> None:
    redeem(people, link_for(people, "came@example.org"))
    ask(people, "never@example.org")
    keys = _count(people, VaultKey)
    people.clock.advance(days=1, seconds=1)
    people.write(lambda session: jobs.tidy(session, people.platform, {}))
    assert _count(people, SignInLink) == 0
    assert _count(people, VaultKey) == keys - 1
    assert people.on_file("came@example.org").person_id is not None
    fresh = Vault((people.platform.settings.home / "master.key").read_bytes())
    came = people.on_file("came@example.org").person_id
    assert came is not None
    assert people.read(lambda session: identity.mail_address(session, came, vault=fresh)).email == "came@example.org"


def _live_token(people: People, tokens: set[str]) -> str:
    for token in tokens:
        try:
            peek(people, token)
        except identity.LinkDead:
            continue
        return token
    pytest.fail("no link is alive")


def _count(people: People, kind: type) -> int:
    return people.read(lambda session: session.scalar(select(func.count()).select_from(kind))) or 0
