"""News of the privacy domain."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class ConsentGranted(Event):
    """A person agreed to a purpose."""

    kind: ClassVar[str] = "privacy.consent_granted"
    person_id: UUID
    purpose: str
    text_version: int


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Event):
    """A person took the agreement back; from the next job on, nothing is done for the purpose."""

    kind: ClassVar[str] = "privacy.consent_withdrawn"
    person_id: UUID
    purpose: str
