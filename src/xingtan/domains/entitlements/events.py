"""What entitlements tell."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class EntitlementGranted(Event):
    """A person may use a product. `source_kind` and `source_id` say by what right."""

    kind: ClassVar[str] = "entitlements.granted"
    entitlement_id: UUID
    person_id: UUID
    product_id: UUID
    source_kind: str
    source_id: UUID


@dataclass(frozen=True, slots=True)
class EntitlementEnded(Event):
    """One right to use a product ended; the person may still have another."""

    kind: ClassVar[str] = "entitlements.ended"
    entitlement_id: UUID
    person_id: UUID
    product_id: UUID
    source_kind: str
    source_id: UUID
    reason: str
