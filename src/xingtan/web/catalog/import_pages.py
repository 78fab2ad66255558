"""What the templates of the import rooms are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog.forms import Errors


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that could not be read: in which file, what, and why, in the reader's words."""

    path: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The first step: choose what to bring."""

    template: ClassVar[str] = "catalog/import.html"
    formats: Sequence[str]
    values: Mapping[str, str]
    upload_limit_mb: int
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReportPage:
    """The second step: what would be made, and what cannot be read. `source` and `values` go along to the start."""

    template: ClassVar[str] = "catalog/import_report.html"
    source: str
    values: Mapping[str, str]
    format: str
    products: Sequence[catalog.ProductForecast]
    troubles: Sequence[Trouble]
    trouble_count: int

    @property
    def has_work(self) -> bool:
        """Say whether anything would be made or changed."""
        return any(
            one.slug is None or one.is_changed or one.count("unchanged") < len(one.lessons) for one in self.products
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one product."""

    slug: str
    title: str
    is_new: bool
    added: int
    changed: int
    removed: int
    unchanged: int
    lacks_its_price: bool


@dataclass(frozen=True, slots=True)
class ImportProgressPage:
    """The third step: how far it is; at its end, what was made. `state` is queued, running, done or dead."""

    template: ClassVar[str] = "catalog/import_progress.html"
    id: str
    state: str
    done: int
    total: int
    title: str
    products: Sequence[Imported]
    troubles: Sequence[Trouble]
    trouble_count: int

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen by itself."""
        return self.state in {"done", "dead"}

    @property
    def lacking(self) -> int:
        """Return how many products came with a price that is not set yet."""
        return sum(one.lacks_its_price for one in self.products)
