"""The door of insight."""

from xingtan.domains.insight.exports import export_insight
from xingtan.domains.insight.handlers import HEARD, write_down
from xingtan.domains.insight.jobs import HANDLERS, KEPT_IN_DATABASE, LONG, PERIODIC, TRANSACTIONAL
from xingtan.domains.insight.queries.activity import (
    DEFAULT_FUNNEL,
    active_learners,
    daily_activity,
    funnel,
    row_count,
    searches_without_results,
    top_products,
)
from xingtan.domains.insight.recording import Recorder, Visitor, actor_of, record_at_once
from xingtan.domains.insight.rules.verbs import VERBS, Deed, Object, Verb, VerbSpec, impersonal_text
from xingtan.domains.insight.views import DayActivity, FruitlessSearch, FunnelStep, ProductActivity

__all__ = [
    "DEFAULT_FUNNEL",
    "HANDLERS",
    "HEARD",
    "KEPT_IN_DATABASE",
    "LONG",
    "PERIODIC",
    "TRANSACTIONAL",
    "VERBS",
    "DayActivity",
    "Deed",
    "FruitlessSearch",
    "FunnelStep",
    "Object",
    "ProductActivity",
    "Recorder",
    "Verb",
    "VerbSpec",
    "Visitor",
    "active_learners",
    "actor_of",
    "daily_activity",
    "export_insight",
    "funnel",
    "impersonal_text",
    "record_at_once",
    "row_count",
    "searches_without_results",
    "top_products",
    "write_down",
]
