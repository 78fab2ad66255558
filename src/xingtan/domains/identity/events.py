"""News of the identity domain."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class AcademyChanged(Event):
    """The academy was set up, or its name, texts, money or zone changed."""

    kind: ClassVar[str] = "identity.academy_changed"


@dataclass(frozen=True, slots=True)
class PersonRegistered(Event):
    """Somebody new has an account."""

    kind: ClassVar[str] = "identity.person_registered"
    person_id: UUID
    language: str


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """A person's password was set or changed; every other session has ended."""

    kind: ClassVar[str] = "identity.password_changed"
    person_id: UUID


@dataclass(frozen=True, slots=True)
class RoleGranted(Event):
    """A person was given a role."""

    kind: ClassVar[str] = "identity.role_granted"
    person_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class RoleEnded(Event):
    """A person's role was taken back."""

    kind: ClassVar[str] = "identity.role_ended"
    person_id: UUID
    role: str
