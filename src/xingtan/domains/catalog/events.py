"""News of the catalogue. Every event names the product, so that one handler can refresh whatever shows it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from xingtan.core.event import Event


@dataclass(frozen=True, slots=True)
class ProductPublished(Event):
    """A product, or a newer version of it, can be seen by all."""

    kind: ClassVar[str] = "catalog.product_published"
    product_id: UUID
    version_id: UUID
    fingerprint: str  # SHA-256, hex, of the published content


@dataclass(frozen=True, slots=True)
class ProductRetired(Event):
    """A product is no longer offered; who has it keeps it."""

    kind: ClassVar[str] = "catalog.product_retired"
    product_id: UUID


@dataclass(frozen=True, slots=True)
class ProductChanged(Event):
    """Something else that readers can see has changed: contents, order, topics, editions."""

    kind: ClassVar[str] = "catalog.product_changed"
    product_id: UUID


@dataclass(frozen=True, slots=True)
class ProductIndexed(Event):
    """The search index says of a product what is true now."""

    kind: ClassVar[str] = "catalog.product_indexed"
    product_id: UUID


@dataclass(frozen=True, slots=True)
class LessonPublished(Event):
    """A version of a lesson has become the one that learners see."""

    kind: ClassVar[str] = "catalog.lesson_published"
    product_id: UUID
    lesson_id: UUID
    version_id: UUID
    fingerprint: str  # SHA-256, hex


@dataclass(frozen=True, slots=True)
class LessonRemoved(Event):
    """A lesson has been taken out of its product; its versions are kept."""

    kind: ClassVar[str] = "catalog.lesson_removed"
    product_id: UUID
    lesson_id: UUID
