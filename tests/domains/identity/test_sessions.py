"""Sessions: a new one at every sign-in (S1), slid by use, ended by the person, and blind to closed accounts."""

from uuid import UUID

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import SQLAlchemyError

from tests.domains.identity.conftest import HASHER, PASSWORD, People
from xingtan.core.errors import NotFound
from xingtan.core.viewer import Permission
from xingtan.domains.identity import api as identity
from xingtan.domains.identity.models import Person, SignInSession


def test_s1_every_sign_in_opens_a_session_of_its_own(people: People) -> None:
    first, second = people.sign_in(), people.sign_in()
    assert first.token != second.token
    assert first.session_id != second.session_id
    for step in (first, second):
        opened = people.opened(step.token)
        assert opened is not None
        assert (opened.viewer.person_id, opened.name, opened.session_id) == (people.learner, "Lin", step.session_id)


def test_s1_a_changed_password_ends_every_other_session(people: People) -> None:
    kept, other = people.sign_in(), people.sign_in()
    people.set_password(people.learner, "a new sentence of ten", keep=kept.session_id)
    assert people.opened(kept.token) is not None
    assert people.opened(other.token) is None


def test_the_token_is_nowhere_in_the_database(people: People) -> None:
    step = people.sign_in()
    rows = people.read(lambda session: session.execute(select(SignInSession.__table__)).all())
    assert step.token.encode() not in repr(rows).encode()


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\ud800", "%00", "' OR 1=1 --"])
def test_a_guessed_token_opens_nothing(people: People, token: str) -> None:
    people.sign_in()
    assert people.opened(token) is None


def test_a_session_lives_thirty_days_beyond_its_last_use(people: People) -> None:
    step = people.sign_in()
    for _ in range(4):
        people.clock.advance(days=25)
        opened = people.opened(step.token)
        assert opened is not None
        assert opened.is_stale
        people.write(lambda session: identity.touch_session(session, step.session_id, clock=people.clock))
    people.clock.advance(days=29, hours=23)
    assert people.opened(step.token) is not None
    people.clock.advance(hours=1)
    assert people.opened(step.token) is None


def test_use_is_noted_at_most_every_five_minutes(people: People) -> None:
    step = people.sign_in()
    people.clock.advance(minutes=4, seconds=59)
    opened = people.opened(step.token)
    assert opened is not None
    assert not opened.is_stale
    people.clock.advance(seconds=1)
    opened = people.opened(step.token)
    assert opened is not None
    assert opened.is_stale


def test_opening_a_session_is_one_query(people: People) -> None:
    people.give_role(people.learner, "editor")
    people.give_role(people.learner, "analyst")
    step, statements = people.sign_in(), []
    people.opened(step.token)
    event.listen(people.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    opened = people.opened(step.token)
    assert opened is not None
    assert opened.viewer.may(Permission.CATALOG_WRITE)
    assert opened.viewer.may(Permission.NUMBERS_READ)
    assert sum(statement.startswith("SELECT") for statement in statements) == 1


def test_a_person_sees_and_ends_sessions(people: People) -> None:
    phone, laptop = people.sign_in(device="Chrome · Android"), people.sign_in(device="Firefox · Linux")
    shown = _sessions(people)
    assert {(one.device, one.factors) for one in shown} == {
        ("Chrome · Android", ("password",)), ("Firefox · Linux", ("password",)),
    }  # fmt: skip
    people.write(
        lambda session: identity.end_session(session, phone.session_id, person_id=people.learner, clock=people.clock)
    )
    assert people.opened(phone.token) is None
    assert [one.id for one in _sessions(people)] == [laptop.session_id]


def test_nobody_ends_another_persons_session(people: People) -> None:
    step = people.sign_in()
    with pytest.raises(NotFound):
        people.write(
            lambda session: identity.end_session(session, step.session_id, person_id=people.owner, clock=people.clock)
        )
    assert people.opened(step.token) is not None


def test_signing_out_ends_the_session_and_may_be_repeated(people: People) -> None:
    step = people.sign_in()
    for _ in range(2):
        people.write(lambda session: identity.sign_out(session, step.token, clock=people.clock))
    assert people.opened(step.token) is None


def test_a_changed_role_counts_in_a_live_session_at_once(people: People) -> None:
    step = people.sign_in()
    people.give_role(people.learner, "support")
    assert _may(people, step.token, Permission.ORDERS_REFUND)
    owner = people.viewer(people.owner)
    command = identity.ChangeRole(people.learner, "support")
    people.write(lambda session: identity.end_role(session, command, viewer=owner, clock=people.clock))
    assert not _may(people, step.token, Permission.ORDERS_REFUND)


def test_a_closed_account_has_no_live_session_and_no_sign_in(people: People) -> None:
    step = people.sign_in()
    people.write(
        lambda session: session.execute(
            update(Person).where(Person.id == people.learner).values(closed_at=people.clock.now())
        )
    )
    assert people.opened(step.token) is None
    assert people.on_file() == identity.PasswordOnFile(None, None)


def test_a_wrong_password_and_an_unknown_address_look_alike(people: People) -> None:
    known, unknown = people.on_file(), people.on_file("nobody@example.org")
    assert not HASHER.matches("not the password", known.password_hash)
    assert not HASHER.matches(PASSWORD, unknown.password_hash)
    assert not HASHER.matches("", None)


def test_the_address_is_found_in_any_case_but_with_its_tag(people: People) -> None:
    assert people.on_file("LIN@Example.ORG").person_id == people.learner
    assert people.on_file("lin+tag@example.org").person_id is None
    assert people.on_file("lin@example.org\r\nx").person_id is None


def test_a_password_is_the_same_however_its_letters_are_composed(people: People) -> None:
    people.set_password(people.learner, "caf\u00e9 au lait au lit")
    assert HASHER.matches("cafe\u0301 au lait au lit", people.on_file().password_hash)


def test_of_two_changes_of_a_password_at_once_the_second_is_refused(people: People) -> None:
    on_file = people.read(lambda session: identity.own_password_on_file(session, people.learner))
    first = identity.ChangePassword(on_file, HASHER.hash("the first new sentence"))
    second = identity.ChangePassword(on_file, HASHER.hash("the second new sentence"))
    people.write(lambda session: identity.change_password(session, first, clock=people.clock))
    with pytest.raises(identity.SignInRefused):
        people.write(lambda session: identity.change_password(session, second, clock=people.clock))
    assert HASHER.matches("the first new sentence", people.on_file().password_hash)


def test_a_password_that_changed_while_it_was_compared_opens_nothing(people: People) -> None:
    compared = people.on_file()
    people.set_password(people.learner, "another sentence now")
    with pytest.raises(identity.SignInRefused):
        people.write(
            lambda session: identity.sign_in_with_password(
                session, identity.SignInWithPassword(compared), clock=people.clock, vault=people.vault
            )
        )


def test_the_real_hash_is_argon2id_with_64_mib() -> None:
    made = identity.passwords(is_fast=False).hash(PASSWORD)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_session_row_cannot_share_a_token(people: People) -> None:
    step = people.sign_in()
    row = people.read(lambda session: session.get_one(SignInSession, step.session_id))
    other = people.sign_in()
    with pytest.raises(SQLAlchemyError):
        people.write(
            lambda session: session.execute(
                update(SignInSession).where(SignInSession.id == other.session_id).values(token_hash=row.token_hash)
            )
        )


def _sessions(people: People, person_id: UUID | None = None) -> list[identity.SessionView]:
    return people.read(
        lambda session: identity.sessions(session, person_id or people.learner, clock=people.clock, vault=people.vault)
    )


def _may(people: People, token: str, permission: Permission) -> bool:
    opened = people.opened(token)
    assert opened is not None
    return opened.viewer.may(permission)
