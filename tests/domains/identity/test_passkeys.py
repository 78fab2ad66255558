"""S4: a passkey counts for our origin and host only, for a challenge of ours, once, and with a counter that grows."""

import json

import pytest

from tests.domains.identity.authenticator import Authenticator
from tests.domains.identity.conftest import People
from xingtan.core.errors import NotFound
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id

SITE = identity.Site("https://academy.example.org", "杏坛")


def begin(people: People, ticket: str | None = None) -> identity.PasskeyOptions:
    return people.write(
        lambda session: identity.begin_passkey_sign_in(session, site=SITE, clock=people.clock, ticket=ticket)
    )


def register(people: People, device: Authenticator, person_id: object = None) -> identity.PasskeyView:
    owner = people.learner if person_id is None else people.owner
    made = people.write(
        lambda session: identity.begin_passkey(session, owner, site=SITE, clock=people.clock, vault=people.vault)
    )
    command = identity.AddPasskey(owner, made.challenge_id, device.register(made.options_json), "Yubi")
    return people.write(
        lambda session: identity.add_passkey(session, command, site=SITE, clock=people.clock, vault=people.vault)
    )


def answer(
    people: People, made: identity.PasskeyOptions, response: str, ticket: str | None = None
) -> identity.SignInStep:
    command = identity.SignInWithPasskey(made.challenge_id, response, "Chrome · Android", ticket)
    return people.write(
        lambda session: identity.sign_in_with_passkey(
            session, command, site=SITE, clock=people.clock, vault=people.vault
        )
    )


def test_s4_a_passkey_signs_in_as_two_factors_at_once(people: People) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    people.give_role(people.learner, "editor")
    made = begin(people)
    step = answer(people, made, device.sign_in(made.options_json))
    opened = people.opened(step.token)
    assert opened is not None
    assert (opened.viewer.person_id, opened.factors, opened.lacks_second_factor) == (
        people.learner,
        ("passkey",),
        False,
    )


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://academy.example.org", "https://academy.example.org:444"]
)
def test_s4_another_origin_is_refused(people: People, origin: str) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    device.origin, made = origin, begin(people)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, device.sign_in(made.options_json))
    with pytest.raises(identity.PasskeyRefused):
        register(people, Authenticator(origin))


def test_s4_a_passkey_of_another_rp_id_is_refused(people: People) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    made = begin(people)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, device.sign_in(made.options_json, rp_id="evil.example"))


def test_s4_a_counter_that_goes_back_is_refused(people: People) -> None:
    device = Authenticator(SITE.origin, counter=7)
    register(people, device)
    made = begin(people)
    assert answer(people, made, device.sign_in(made.options_json)).is_complete
    clone = Authenticator(SITE.origin, device.key, device.credential_id, counter=6)
    made = begin(people)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, clone.sign_in(made.options_json))


def test_a_challenge_is_answered_once_and_within_five_minutes(people: People) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    made = begin(people)
    response = device.sign_in(made.options_json)
    answer(people, made, response)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, response)
    made = begin(people)
    people.clock.advance(minutes=5)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, device.sign_in(made.options_json))
    other = identity.PasskeyOptions(new_id(), made.options_json)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, other, device.sign_in(made.options_json))


def test_a_device_that_did_not_check_its_owner_is_refused(people: People) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    device.verifies_user, made = False, begin(people)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, device.sign_in(made.options_json))


def test_an_unknown_key_and_a_forged_signature_are_refused(people: People) -> None:
    device = Authenticator(SITE.origin)
    register(people, device)
    for forger in (Authenticator(SITE.origin), Authenticator(SITE.origin, credential_id=device.credential_id)):
        made = begin(people)
        with pytest.raises(identity.PasskeyRefused):
            answer(people, made, forger.sign_in(made.options_json))


@pytest.mark.parametrize("response", ["", "{", "[]", "null", '{"rawId": 1}', '{"rawId": "AA"}', "x" * 20_001])
def test_a_broken_answer_is_refused(people: People, response: str) -> None:
    with pytest.raises(identity.PasskeyRefused):
        answer(people, begin(people), response)


def test_a_passkey_is_the_second_factor_of_staff_and_of_nobody_elses_sign_in(people: People) -> None:
    device, foreign = Authenticator(SITE.origin), Authenticator(SITE.origin)
    register(people, device)
    register(people, foreign, "owner")
    assert people.sign_in().is_complete  # a learner's passkey is another way in, not a second lock
    people.give_role(people.learner, "editor")
    ticket = people.sign_in()
    assert ticket.needs == ("passkey",)
    made = begin(people, ticket.token)
    assert len(json.loads(made.options_json)["allowCredentials"]) == 1
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, foreign.sign_in(made.options_json), ticket.token)
    made = begin(people, ticket.token)
    step = answer(people, made, device.sign_in(made.options_json), ticket.token)
    opened = people.opened(step.token)
    assert opened is not None
    assert opened.factors == ("password", "passkey")


def test_a_passkey_belongs_to_one_person_and_is_removed_by_her(people: People) -> None:
    device = Authenticator(SITE.origin)
    view = register(people, device)
    with pytest.raises(identity.PasskeyRefused):
        register(people, device, "owner")
    with pytest.raises(NotFound):
        people.write(
            lambda session: identity.remove_passkey(session, view.id, person_id=people.owner, clock=people.clock)
        )
    people.write(
        lambda session: identity.remove_passkey(session, view.id, person_id=people.learner, clock=people.clock)
    )
    made = begin(people)
    with pytest.raises(identity.PasskeyRefused):
        answer(people, made, device.sign_in(made.options_json))
