"""The lifecycles of commerce. A state moves only by these tables."""

from xingtan.core.machine import Machine

ORDER = Machine(
    "order",
    "placed",
    {
        ("placed", "paid"): "paid",
        ("placed", "cancelled"): "cancelled",
        ("placed", "expired"): "expired",
        ("expired", "paid"): "paid",  # the money came late
        ("paid", "refunded in part"): "partly_refunded",
        ("paid", "refunded"): "refunded",
        ("partly_refunded", "refunded in part"): "partly_refunded",
        ("partly_refunded", "refunded"): "refunded",
    },
)

PAYMENT = Machine(
    "payment",
    "started",
    {
        # started: we have a row, the provider may not know of it yet. pending: the buyer is at the provider's page.
        **{
            (state, event): after
            for state in ("started", "pending", "unknown", "failed")
            for event, after in (
                # Money always wins, whatever we believed before: even a payment that once failed.
                ("succeeded", "succeeded"),
                ("was surplus", "surplus"),
                ("did not match", "held"),
            )
        },
        ("started", "presented"): "pending",
        ("unknown", "presented"): "pending",
        ("failed", "presented"): "pending",
        ("started", "gave no answer"): "unknown",
        ("pending", "gave no answer"): "unknown",
        ("started", "failed"): "failed",
        ("pending", "failed"): "failed",
        ("unknown", "failed"): "failed",
        ("succeeded", "refunded in part"): "partly_refunded",
        ("succeeded", "refunded"): "refunded",
        ("partly_refunded", "refunded in part"): "partly_refunded",
        ("partly_refunded", "refunded"): "refunded",
        # What is not ours to keep goes back whole.
        ("surplus", "refunded"): "returned",
        ("held", "refunded"): "returned",
    },
)

KEPT = ("succeeded", "partly_refunded", "refunded")
"""States of a payment whose money paid an order; an order has one such payment at most (unique index)."""

OPEN = ("started", "pending", "unknown")
"""States of a payment of which the provider is asked again."""

REFUND = Machine(
    "refund",
    "requested",
    {
        ("requested", "succeeded"): "succeeded",
        ("requested", "failed"): "failed",
        ("requested", "gave no answer"): "unknown",
        ("unknown", "gave no answer"): "unknown",
        ("unknown", "succeeded"): "succeeded",
        ("unknown", "failed"): "failed",
    },
)
