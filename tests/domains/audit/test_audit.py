"""Acts are noted for good: the database itself refuses to change or delete them."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from xingtan.core.clock import ManualClock
from xingtan.core.errors import NotAllowed
from xingtan.core.viewer import STRANGER, SYSTEM, Permission, Viewer
from xingtan.domains.audit.api import Action, entries, note_action
from xingtan.infra.db import Database, new_id


def note(database: Database, clock: ManualClock, action: str, subject_id: UUID | None = None) -> UUID:
    return database.write(
        lambda session: note_action(session, Action(action, "person", subject_id, None, {"n": 1}), clock=clock)
    )


def test_acts_are_read_newest_first_in_pages(database: Database, clock: ManualClock) -> None:
    ids = [note(database, clock, f"act.{number}") for number in range(5)]
    newest = database.read(lambda session: entries(session, SYSTEM, limit=2))
    assert [entry.id for entry in newest] == [ids[4], ids[3]]
    assert newest[0].details == {"n": 1}
    assert newest[0].at == clock.now()
    older = database.read(lambda session: entries(session, SYSTEM, limit=9, before=newest[-1].id))
    assert [entry.id for entry in older] == [ids[2], ids[1], ids[0]]


def test_acts_on_one_subject_are_found(database: Database, clock: ManualClock) -> None:
    subject = new_id()
    note(database, clock, "other")
    note(database, clock, "mine", subject)
    found = database.read(lambda session: entries(session, SYSTEM, subject_id=subject))
    assert [entry.action for entry in found] == ["mine"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET action = 'nothing'", "DELETE FROM audit_entry", "DELETE FROM audit_entry WHERE 1=1"],
)
def test_the_database_refuses_to_change_an_act(database: Database, clock: ManualClock, statement: str) -> None:
    note(database, clock, "act")
    with pytest.raises(DBAPIError, match="audit entries never change"):
        database.write(lambda session: session.execute(text(statement)))
    kept = database.read(lambda session: entries(session, SYSTEM))
    assert [entry.action for entry in kept] == ["act"]


@pytest.mark.parametrize(
    "viewer", [STRANGER, Viewer(new_id()), Viewer(new_id(), frozenset(Permission) - {Permission.OPERATE})]
)
def test_only_who_operates_the_academy_reads_the_list(database: Database, viewer: Viewer) -> None:
    with pytest.raises(NotAllowed):
        database.read(lambda session: entries(session, viewer))
