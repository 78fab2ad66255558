"""Roles given and taken back."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity.errors import LastOwner
from xingtan.domains.identity.events import RoleEnded, RoleGranted
from xingtan.domains.identity.models import RoleGrant
from xingtan.domains.identity.rules.permissions import Role
from xingtan.domains.identity.use_cases.people import live_person
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """Give a role to a person, or take it back."""

    person_id: UUID
    role: str


def grant_role(session: Session, command: ChangeRole, *, viewer: Viewer, clock: Clock) -> None:
    """Give the role; giving it twice is giving it once. It counts from the person's next request on."""
    viewer.require(Permission.ROLES_WRITE)
    role, person = _role(command.role), live_person(session, command.person_id)
    if _live(session, person.id, role) is not None:
        return
    session.add(
        RoleGrant(
            id=new_id(),
            person_id=person.id,
            role=role,
            granted_at=clock.now(),
            granted_by=viewer.person_id,
            ended_at=None,
        )
    )
    session.flush()
    note_action(session, Action("role.granted", "person", person.id, viewer.person_id, {"role": role}), clock=clock)
    emit(session, RoleGranted(person.id, role), at=clock.now())


def end_role(session: Session, command: ChangeRole, *, viewer: Viewer, clock: Clock) -> None:
    """Take the role back; `LastOwner` when nobody would be left to run the academy."""
    viewer.require(Permission.ROLES_WRITE)
    role = _role(command.role)
    if role is Role.OWNER:
        _refuse_last_owner(session, command.person_id)
    grant = _live(session, command.person_id, role)
    if grant is None:
        raise NotFound(say("This person does not have this role."))
    grant.ended_at = clock.now()
    note_action(
        session, Action("role.ended", "person", command.person_id, viewer.person_id, {"role": role}), clock=clock
    )
    emit(session, RoleEnded(command.person_id, role), at=clock.now())


def _refuse_last_owner(session: Session, person_id: UUID) -> None:
    # Every owner's row is locked, so that two owners cannot remove each other at the same moment.
    owners = select(RoleGrant).where(RoleGrant.role == Role.OWNER, RoleGrant.ended_at.is_(None)).with_for_update()
    if {grant.person_id for grant in session.scalars(owners)} <= {person_id}:
        raise LastOwner


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Invalid.of("role", say("Choose one of the roles on the list.")) from None


def _live(session: Session, person_id: UUID, role: Role) -> RoleGrant | None:
    wanted = select(RoleGrant).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.ended_at.is_(None)
    )
    return session.scalars(wanted.with_for_update()).first()
