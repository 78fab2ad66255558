"""Numbers without gaps: whatever fails, whoever numbers at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.domains.commerce.documents.desk import Desk
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.documents.rules import gaps, is_credit_code, label_of, read_label


@given(st.sampled_from(sorted(documents.SERIES.values())), st.integers(2000, 2999), st.integers(1, 10**9 - 1))
def test_a_label_is_read_back(series: str, year: int, number: int) -> None:
    assert read_label(label_of(series, year, number)) == (series, year, number)


@given(st.text(max_size=30))
def test_any_other_text_is_no_label(text: str) -> None:
    read = read_label(text)
    assert read is None or label_of(*read) == text


@pytest.mark.parametrize("text", ["INV-2026-0000001", "INV-2026-000001\n", "inv-2026-000001", "INV-２０２６-000001"])
def test_a_label_has_one_form(text: str) -> None:
    assert read_label(text) is None


@given(st.sets(st.integers(1, 40)), st.integers(0, 40))
def test_gaps_are_what_is_missing(numbers: set[int], last: int) -> None:
    missing = gaps(sorted(numbers), last=last)
    assert set(missing) | {one for one in numbers if one <= last} == set(range(1, last + 1))
    assert not set(missing) & numbers


@pytest.mark.parametrize("code", ["91350100M000100Y43", "9144030071526726XG", "91110108551385082Q"])
def test_a_credit_code_with_one_changed_character_is_none(code: str) -> None:
    assert is_credit_code(code)
    for place, letter in enumerate(code):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if other != letter:
                assert not is_credit_code(code[:place] + other + code[place + 1 :])


class Lost(Exception):
    """A crash in the middle of a transaction."""


STEPS = st.lists(st.sampled_from(["pay", "pay lost", "refund", "number", "number lost", "next year"]), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_gap_whatever_is_lost(desk: Desk, steps: list[str]) -> None:
    ann = desk.shop.person(f"ann{next(desk._numbers)}")
    paid = []
    for step in steps:
        if step == "pay":
            paid.append(desk.facts(ann))
            desk.receive(paid[-1])
        elif step == "refund" and paid:
            desk.give_back(paid.pop(0))
        elif step == "number":
            desk.number()
        elif step == "next year":
            desk.shop.pass_time(days=365)
        elif step.endswith("lost"):
            _lose(desk, desk.facts(ann) if step == "pay lost" else None)
    assert desk.faults() == []
    desk.number()
    assert desk.faults() == []
    assert all(one.waiting == 0 and one.gaps == () for one in desk.series().values())


def _lose(desk: Desk, facts: documents.DocumentFacts | None) -> None:
    def work(session: Session) -> None:
        if facts is None:
            documents.number_documents(session)
        else:
            desk.receive_in(session, facts)
        raise Lost

    with pytest.raises(Lost):
        desk.database.write(work)


@pytest.mark.slow
def test_many_at_once_number_each_document_once(desk: Desk) -> None:
    people = [desk.shop.person(f"p{number}") for number in range(4)]
    waiting = [[desk.facts(who) for _ in range(6)] for who in people]

    def buy_and_number(mine: list[documents.DocumentFacts]) -> None:
        for facts in mine:
            desk.receive(facts)
            desk.number()

    with ThreadPoolExecutor(len(waiting)) as pool:
        for done in [pool.submit(buy_and_number, mine) for mine in waiting]:
            done.result()
    found = desk.series()["RCP-2026"]
    assert (found.last_number, found.waiting, found.gaps) == (24, 0, ())
    labels = [row.label for who in people for row in desk.mine(who)]
    assert sorted(labels) == [label_of("RCP", 2026, number) for number in range(1, 25)]
    assert desk.faults() == []
