"""Ids, lifecycles, errors, periods and clocks: the words that every part shares."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.clock import ManualClock, SystemClock
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound, say
from xingtan.core.ids import PREFIXES, private_id, public_id
from xingtan.core.machine import Machine
from xingtan.core.period import Period, day_of
from xingtan.core.viewer import STRANGER, SYSTEM, Permission, Viewer


@given(st.uuids(), st.sampled_from(sorted(PREFIXES)))
def test_public_ids_read_back_and_sort_as_their_uuids(value: UUID, kind: str) -> None:
    assert private_id(kind, public_id(kind, value)) == value


@given(st.uuids(), st.uuids())
def test_public_ids_sort_as_their_uuids(a: UUID, b: UUID) -> None:
    assert (public_id("order", a) < public_id("order", b)) == (a < b)


@given(st.text(max_size=40))
def test_a_guessed_id_is_not_found(text: str) -> None:
    try:
        found = private_id("order", text)
    except NotFound:
        return
    assert public_id("order", found) == text


def test_an_id_of_another_kind_is_not_found() -> None:
    with pytest.raises(NotFound):
        private_id("order", public_id("person", UUID(int=5)))


def test_a_machine_moves_only_along_its_table() -> None:
    machine = Machine(
        "door", "shut", {("shut", "opened"): "open", ("open", "closed"): "shut", ("open", "broken"): "ruin"}
    )
    for state in machine.states:
        for event in machine.events:
            if machine.may(state, event):
                assert machine.after(state, event) == machine.table[(state, event)]
            else:
                with pytest.raises(Conflict):
                    machine.after(state, event)
    assert machine.final == {"ruin"}
    assert "shut --> open: opened" in machine.mermaid()


def test_sentences_bind_their_parameters() -> None:
    assert str(say("%(n)s left", n=3)) == "3 left"
    assert str(say("100% sure")) == "100% sure"
    assert list(Invalid.of("email", say("No.")).fields) == ["email"]


def test_periods_are_half_open() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    period = Period(start, start + timedelta(days=1))
    assert start in period
    assert start + timedelta(days=1) not in period
    assert start + timedelta(days=999) in Period(start)
    with pytest.raises(ValueError, match="before it starts"):
        Period(start, start - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2028, 2, 29), "Asia/Shanghai", 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_says(day: date, zone: str, hours: int) -> None:
    period = day_of(day, ZoneInfo(zone))
    assert period.ends_at is not None
    assert period.ends_at - period.starts_at == timedelta(hours=hours)


def test_clocks() -> None:
    clock = ManualClock(datetime(2026, 1, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert clock.now() == datetime(2026, 1, 1, 0, tzinfo=UTC)
    assert clock.advance(days=31, hours=1) == datetime(2026, 2, 1, 1, tzinfo=UTC)
    assert SystemClock().now().tzinfo is UTC
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


def test_viewers() -> None:
    assert STRANGER.is_stranger
    assert not STRANGER.is_staff
    assert SYSTEM.may(Permission.OPERATE)
    with pytest.raises(NotAllowed):
        Viewer(UUID(int=1)).require(Permission.CATALOG_WRITE)
    with pytest.raises(NotAllowed):
        STRANGER.require_person()
