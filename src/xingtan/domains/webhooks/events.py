"""What the webhooks tell of themselves."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class EndpointTurnedOff(Event):
    """Nothing is sent to an endpoint any more: nothing got through for days, or it said that it is gone."""

    kind: ClassVar[str] = "webhooks.endpoint_turned_off"
    endpoint_id: UUID
    reason: str
