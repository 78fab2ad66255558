"""Consent: given and withdrawn with equal ease, kept with its history, asked anew when its meaning changes."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from xingtan.core.clock import ManualClock
from xingtan.domains.privacy import queries, use_cases
from xingtan.domains.privacy.api import (
    TEXTS,
    ConsentText,
    Purpose,
    allowed_purposes,
    allows,
    consents,
    grant_consent,
    people_allowing,
    stranger_allows,
    withdraw_consent,
)
from xingtan.infra.db import Database, new_id
from xingtan.infra.outbox import OutboxEvent

PERSON = new_id()


def grant(database: Database, clock: ManualClock, purpose: Purpose = Purpose.ANALYTICS) -> None:
    database.write(lambda session: grant_consent(session, PERSON, purpose=purpose, clock=clock))


def withdraw(database: Database, clock: ManualClock, purpose: Purpose = Purpose.ANALYTICS) -> None:
    database.write(lambda session: withdraw_consent(session, PERSON, purpose=purpose, clock=clock))


def allowed(database: Database, purpose: Purpose = Purpose.ANALYTICS) -> bool:
    return database.read(lambda session: allows(session, PERSON, purpose))


def events(database: Database) -> list[str]:
    return database.read(lambda session: list(session.scalars(select(OutboxEvent.kind).order_by(OutboxEvent.id))))


def test_nothing_is_allowed_before_it_is_granted(database: Database) -> None:
    assert not any(allowed(database, purpose) for purpose in Purpose)


def test_granting_and_withdrawing_take_effect_at_once_and_keep_their_history(
    database: Database, clock: ManualClock
) -> None:
    grant(database, clock)
    granted_at = clock.now()
    assert allowed(database)
    assert not allowed(database, Purpose.MARKETING_MAIL)
    withdrawn_at = clock.advance(days=1)
    withdraw(database, clock)
    assert not allowed(database)
    grant(database, clock)
    first, second = database.read(lambda session: consents(session, PERSON))
    assert (first.granted_at, first.withdrawn_at) == (granted_at, withdrawn_at)
    assert (second.withdrawn_at, second.is_live) == (None, True)
    assert events(database) == [
        "privacy.consent_granted", "privacy.consent_withdrawn", "privacy.consent_granted",
    ]  # fmt: skip


def test_granting_twice_is_granting_once(database: Database, clock: ManualClock) -> None:
    grant(database, clock)
    grant(database, clock)
    assert len(database.read(lambda session: consents(session, PERSON))) == 1
    assert events(database) == ["privacy.consent_granted"]


def test_withdrawing_what_was_never_granted_does_nothing(database: Database, clock: ManualClock) -> None:
    withdraw(database, clock)
    assert events(database) == []


def test_a_new_meaning_is_asked_anew(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    grant(database, clock)
    newer: Mapping[Purpose, ConsentText] = {**TEXTS, Purpose.ANALYTICS: replace(TEXTS[Purpose.ANALYTICS], version=2)}
    monkeypatch.setattr(queries, "TEXTS", newer)
    monkeypatch.setattr(use_cases, "TEXTS", newer)
    assert not allowed(database)
    clock.advance(days=1)
    grant(database, clock)
    assert allowed(database)
    assert [one.text_version for one in database.read(lambda session: consents(session, PERSON))] == [1, 2]


def test_people_who_allow_are_found_together(database: Database, clock: ManualClock) -> None:
    grant(database, clock, Purpose.MARKETING_MAIL)
    other = new_id()
    found = database.read(lambda session: people_allowing(session, Purpose.MARKETING_MAIL, among=[PERSON, other]))
    assert found == {PERSON}
    assert database.read(lambda session: allowed_purposes(session, other)) == frozenset()


def test_every_purpose_is_explained_in_both_languages() -> None:
    assert set(TEXTS) == set(Purpose)
    for text in TEXTS.values():
        assert set(text.title) == set(text.body) == {"zh", "en"}


@given(cookie=st.none() | st.text(), gpc=st.sampled_from([None, "0", "1"]), dnt=st.sampled_from([None, "0", "1"]))
def test_a_stranger_is_counted_only_after_a_yes_and_never_against_the_browsers_no(
    cookie: str | None, gpc: str | None, dnt: str | None
) -> None:
    assert stranger_allows(cookie, gpc=gpc, dnt=dnt) is False or cookie == "analytics"


def test_what_a_stranger_may_say() -> None:
    assert stranger_allows("analytics")
    assert not stranger_allows("none")
    assert not stranger_allows(None)
    assert not stranger_allows("analytics", gpc="1")
    assert not stranger_allows("analytics", dnt="1")
