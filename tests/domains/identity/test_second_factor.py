"""S2: codes work once; tickets open nothing; recovery codes are keyed, and renewed as a set."""

import pyotp
import pytest
from sqlalchemy import select

from tests.domains.identity.conftest import People
from xingtan.core.errors import Conflict, NotFound
from xingtan.domains.identity import api as identity
from xingtan.domains.identity.models import RecoveryCode, Totp


def set_up(people: People) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    shown = people.write(
        lambda session: identity.begin_totp(
            session, people.learner, account="lin@example.org", issuer="杏坛", clock=people.clock, vault=people.vault
        )
    )
    assert shown.uri.startswith("otpauth://totp/")
    totp = pyotp.TOTP(shown.secret)
    return totp, people.write(
        lambda session: identity.confirm_totp(session, _code(people, totp), clock=people.clock, vault=people.vault)
    )


def test_s2_a_totp_code_works_once_even_within_its_half_minute(people: People) -> None:
    totp, _ = set_up(people)
    people.clock.advance(seconds=30)
    code, first, second = totp.at(people.clock.now()), people.sign_in(), people.sign_in()
    assert first.needs == second.needs == ("totp",)
    assert show(people, first.token, code).is_complete
    with pytest.raises(identity.CodeRefused):
        show(people, second.token, code)
    people.clock.advance(seconds=30)
    assert show(people, second.token, totp.at(people.clock.now())).is_complete


def test_s2_a_recovery_code_works_once(people: People) -> None:
    _, codes = set_up(people)
    step = show(people, people.sign_in().token, codes[0])
    opened = people.opened(step.token)
    assert opened is not None
    assert opened.factors == ("password", "recovery")
    with pytest.raises(identity.CodeRefused):
        show(people, people.sign_in().token, codes[0])
    assert _security(people).recovery_codes_left == 9


def test_a_ticket_is_no_session_is_spent_once_and_grows_old(people: People) -> None:
    totp, codes = set_up(people)
    ticket = people.sign_in().token
    assert people.opened(ticket) is None
    people.clock.advance(seconds=30)
    step = show(people, ticket, totp.at(people.clock.now()))
    assert step.token != ticket
    with pytest.raises(NotFound):
        show(people, ticket, codes[0])
    old = people.sign_in().token
    people.clock.advance(minutes=10)
    with pytest.raises(NotFound):
        show(people, old, codes[0])


def test_an_authenticator_counts_only_after_it_was_confirmed(people: People) -> None:
    people.write(
        lambda session: identity.begin_totp(
            session, people.learner, account="a", issuer="b", clock=people.clock, vault=people.vault
        )
    )
    assert people.sign_in().is_complete
    wrong = identity.ShowCode(people.learner, "000000")
    with pytest.raises(identity.CodeRefused):
        people.write(lambda session: identity.confirm_totp(session, wrong, clock=people.clock, vault=people.vault))
    assert not _security(people).has_totp


def test_a_second_authenticator_is_not_slipped_over_the_first(people: People) -> None:
    set_up(people)
    with pytest.raises(Conflict):
        set_up(people)


def test_new_recovery_codes_kill_the_old(people: People) -> None:
    _, codes = set_up(people)
    command = identity.ShowCode(people.learner, codes[0])
    fresh = people.write(
        lambda session: identity.renew_recovery_codes(session, command, clock=people.clock, vault=people.vault)
    )
    assert not set(fresh) & set(codes)
    with pytest.raises(identity.CodeRefused):
        show(people, people.sign_in().token, codes[1])
    assert show(people, people.sign_in().token, fresh[0]).is_complete


def test_removing_the_authenticator_leaves_nothing_behind(people: People) -> None:
    _, codes = set_up(people)
    command = identity.ShowCode(people.learner, codes[0])
    people.write(lambda session: identity.remove_totp(session, command, clock=people.clock, vault=people.vault))
    assert people.read(lambda session: session.scalars(select(RecoveryCode)).all()) == []
    assert people.read(lambda session: session.scalars(select(Totp)).all()) == []
    assert people.sign_in().is_complete


def test_secrets_are_not_readable_in_the_database(people: People) -> None:
    totp, codes = set_up(people)
    rows = repr(
        people.read(
            lambda session: [
                *session.execute(select(Totp.__table__)).all(),
                *session.execute(select(RecoveryCode.__table__)).all(),
            ]
        )
    )
    assert totp.secret not in rows
    assert codes[0].replace("-", "") not in rows


def show(people: People, ticket: str, code: str) -> identity.SignInStep:
    command = identity.SecondFactor(ticket, code, "Chrome · Android")
    return people.write(
        lambda session: identity.show_second_factor(session, command, clock=people.clock, vault=people.vault)
    )


def _code(people: People, totp: pyotp.TOTP) -> identity.ShowCode:
    return identity.ShowCode(people.learner, totp.at(people.clock.now()))


def _security(people: People) -> identity.SecurityView:
    return people.read(lambda session: identity.security(session, people.learner, vault=people.vault))
