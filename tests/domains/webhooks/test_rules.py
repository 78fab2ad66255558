"""The pure parts: the data map, the schedule, signatures, lifecycles."""

import dataclasses
import importlib
import json
import pkgutil
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

import xingtan.domains
from xingtan.core.errors import Conflict, Invalid
from xingtan.core.event import Event
from xingtan.core.ids import PREFIXES, public_id
from xingtan.core.machine import Machine
from xingtan.core.money import Money
from xingtan.domains.webhooks.machines import ENDPOINT, MESSAGE
from xingtan.domains.webhooks.rules.schedule import (
    JITTER,
    PAUSES_S,
    TURN_OFF_AFTER,
    Outcome,
    pause_after,
    rest_after,
    turns_off,
)
from xingtan.domains.webhooks.rules.signatures import SECRET_BYTES, signed_headers, written_secret
from xingtan.domains.webhooks.rules.vocabulary import BY_KIND, MONEY, PLAIN, PUBLIC, body_of, chosen_types, data_of
from xingtan.wiring import wire

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs/explanations/webhooks.md"
SAYS_WHO = re.compile(r"name|mail|address|phone|text|body|note|label|title|language|code|token|secret|url")


def told_events() -> dict[str, type[Event]]:
    for domain in pkgutil.iter_modules(xingtan.domains.__path__, "xingtan.domains."):
        if importlib.util.find_spec(f"{domain.name}.events"):
            importlib.import_module(f"{domain.name}.events")
    found: dict[str, type[Event]] = {}
    waiting = [Event]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("xingtan."):
                found[kind.kind] = kind
    return found


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_public_fact_is_a_fact_of_the_event(kind: str) -> None:
    types = {field.name: str(field.type) for field in dataclasses.fields(told_events()[kind])}
    for name, form in BY_KIND[kind].facts.items():
        wanted = {MONEY: "Money", PLAIN: "str|int|bool"}.get(form, "UUID")
        assert re.search(wanted, types[name]), (kind, name, types[name])


@pytest.mark.parametrize("kind", BY_KIND)
def test_no_public_fact_could_be_a_persons_words(kind: str) -> None:
    facts = {name: form for name, form in BY_KIND[kind].facts.items() if form not in PREFIXES}
    assert [name for name in facts if SAYS_WHO.search(name)] == []


def test_every_public_event_is_heard() -> None:
    heard = wire().handlers
    assert all("webhooks.spread" in heard[kind] for kind in BY_KIND)
    assert {kind for kind, jobs in heard.items() if "webhooks.spread" in jobs} == set(BY_KIND)


def test_types_are_of_the_form_that_the_specification_recommends() -> None:
    assert len(PUBLIC) == len(BY_KIND)
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name) for name in PUBLIC)


def test_the_page_names_every_type_and_the_schedule() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in (*PUBLIC, "webhook.test") if f"`{name}`" not in page] == []
    assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h" in page


@given(st.uuids(), st.uuids(), st.integers(0, 10**12), st.sampled_from(["CNY", "JPY", "USD"]))
def test_data_holds_public_forms(order: UUID, person: UUID, minor: int, currency: str) -> None:
    payload = {
        "order_id": str(order), "person_id": str(person), "product_ids": [str(order), str(person)], "number": "A",
        "total": {"minor": minor, "currency": currency}, "surname": "never sent",
    }  # fmt: skip
    data = data_of(PUBLIC["order.paid"], payload)
    assert data["order_id"] == public_id("order", order)
    assert data["product_ids"] == [public_id("product", order), public_id("product", person)]
    assert data["total"]["amount"] == Money(minor, currency).major()
    assert str(order) not in json.dumps(data)
    assert "never sent" not in json.dumps(data)
    body = body_of("order.paid", at=NOW, data=data)
    assert json.loads(body) == {"type": "order.paid", "timestamp": "2026-03-01T08:00:00.000Z", "data": data}


@given(st.lists(st.sampled_from([*PUBLIC, "order.made", "webhook.test", "*", ""])))
def test_only_known_types_are_chosen(types: list[str]) -> None:
    if types and set(types) <= PUBLIC.keys():
        assert sorted(chosen_types(types)) == sorted(set(types))
    else:
        with pytest.raises(Invalid) as refused:
            chosen_types(types)
        assert set(refused.value.fields) == {"events"}


@given(
    st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    st.uuids(),
    st.integers(10**9, 3 * 10**9),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_signatures_are_those_of_the_foreign_library(key: bytes, value: UUID, timestamp: int, body: str) -> None:
    secret, message_id = written_secret(key), public_id("message", value)
    at = datetime.fromtimestamp(timestamp, UTC)
    headers = signed_headers([secret], message_id, at=at, body=body.encode())
    assert headers["webhook-signature"] == Webhook(secret).sign(message_id, at, body)
    assert headers["webhook-timestamp"] == str(timestamp)
    assert headers["webhook-id"] == message_id


@given(st.integers(1, 20), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_the_schedules_and_a_tenth_at_most(tries: int, chance: float) -> None:
    pause = pause_after(tries, chance=chance)
    if tries > len(PAUSES_S):
        assert pause is None
    else:
        assert pause is not None
        assert PAUSES_S[tries - 1] <= pause.total_seconds() <= PAUSES_S[tries - 1] * (1 + JITTER)


def failed(status: int | None = None, retry_after: str = "") -> Outcome:
    return Outcome(status, None if status else "time", 1, "", retry_after)


@given(st.integers(1, 10**6))
def test_a_rest_grows_and_ends(misses: int) -> None:
    rest, longer = (rest_after(count, failed(), at=NOW) for count in (misses, misses + 1))
    assert timedelta(seconds=5) <= rest <= longer <= timedelta(minutes=10)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("0", 0), ("120", 120), ("99999999999999999999", 3600), ("Sun, 01 Mar 2026 08:01:00 GMT", 60),
        ("Sun, 01 Mar 2020 08:01:00 GMT", 0), ("soon", 5), ("-5", 5), ("1e9", 5), ("", 5), ("٣", 5),
        ("Sun, 01 Mar 2026 08:01:00", 5), ("Fri, 31 Dec 9999 23:59:59 -2359", 3600),
    ],
)  # fmt: skip
def test_retry_after_is_read_or_passed_over(retry_after: str, seconds: int) -> None:
    assert rest_after(1, failed(503, retry_after), at=NOW).total_seconds() == seconds


@pytest.mark.parametrize(
    ("status", "is_delivered", "is_miss"),
    [(200, True, False), (204, True, False), (299, True, False), (199, False, False), (300, False, False),
     (301, False, False), (404, False, False), (500, False, False), (429, False, True), (502, False, True),
     (503, False, True), (504, False, True), (None, False, True)],
)  # fmt: skip
def test_only_2xx_is_delivered(status: int | None, *, is_delivered: bool, is_miss: bool) -> None:
    outcome = failed(status)
    assert (outcome.is_delivered, outcome.is_miss) == (is_delivered, is_miss)


def test_it_is_turned_off_after_days_or_when_gone() -> None:
    begun = NOW - TURN_OFF_AFTER
    assert turns_off(failed(500), failing_since=begun, at=NOW) == "failing"
    assert turns_off(failed(500), failing_since=begun + timedelta(seconds=1), at=NOW) == ""
    assert turns_off(failed(410), failing_since=NOW, at=NOW) == "gone"


@pytest.mark.parametrize("machine", [ENDPOINT, MESSAGE], ids=lambda machine: machine.name)
def test_every_pair_of_state_and_event(machine: Machine) -> None:
    for state in machine.states:
        for event in machine.events:
            if machine.may(state, event):
                assert machine.after(state, event) == machine.table[state, event]
            else:
                with pytest.raises(Conflict):
                    machine.after(state, event)
    assert machine.mermaid() in PAGE.read_text(encoding="utf-8")
