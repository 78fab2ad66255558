"""What the templates of custom service are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form in which somebody says what she wants to have done."""

    template: ClassVar[str] = "commerce/service_ask.html"
    product: catalog.ProductCard
    brief: str
    key: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServicesPage:
    """The reader's requests. `titles`: product → title."""

    template: ClassVar[str] = "commerce/services.html"
    requests: Sequence[commerce.RequestRow]
    titles: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class ServicePage:
    """One of the reader's requests, with what she can do about it."""

    template: ClassVar[str] = "commerce/service.html"
    request: commerce.RequestView
    product: catalog.ProductCard
    providers: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Everybody's requests. `names`: person → name; `counts`: state → how many."""

    template: ClassVar[str] = "commerce/studio_services.html"
    requests: Sequence[commerce.RequestRow]
    titles: Mapping[UUID, str]
    names: Mapping[UUID, str]
    counts: Mapping[str, int]
    states: Sequence[str]
    state: str


@dataclass(frozen=True, slots=True)
class StudioServicePage:
    """One request, with what the academy can do about it. `paid` is what was paid and kept."""

    template: ClassVar[str] = "commerce/studio_service.html"
    request: commerce.RequestView
    product: catalog.ProductCard
    name: str
    currencies: Sequence[str]
    paid: Money | None
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)
