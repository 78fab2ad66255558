"""The lifecycle of a product."""

from xingtan.core.machine import Machine

PRODUCT = Machine(
    "product",
    "draft",
    {
        ("draft", "scheduled"): "scheduled",
        ("draft", "published"): "published",
        ("scheduled", "scheduled"): "scheduled",
        ("scheduled", "unscheduled"): "draft",
        ("scheduled", "published"): "published",
        ("published", "updated"): "published",
        ("published", "retired"): "retired",
        ("retired", "published"): "published",
    },
)
