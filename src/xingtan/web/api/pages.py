"""What the page about the API shows."""

from dataclasses import dataclass
from typing import ClassVar

from xingtan.core.errors import Sentence


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as the OpenAPI document describes it."""

    id: str
    method: str
    path: str
    summary: Sentence
    scope: str
    is_public: bool
    is_session_only: bool
    permissions: tuple[str, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperationGroup:
    """Operations on one subject; `id` is the anchor."""

    id: str
    title: Sentence
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """A scope that a token may have, and the permissions that it reaches."""

    scope: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """An error's code, and the HTTP status that comes with it."""

    code: str
    status: int


@dataclass(frozen=True, slots=True)
class ApiPage:
    """Every operation for people to read."""

    template: ClassVar[str] = "api/reference.html"
    groups: tuple[OperationGroup, ...]
    scopes: tuple[ScopeLine, ...]
    codes: tuple[CodeLine, ...]
    count: int
    root: str
