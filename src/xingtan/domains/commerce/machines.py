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
        ("paid", "charged back"): "charged_back",
        ("partly_refunded", "charged back"): "charged_back",
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
        ("succeeded", "charged back"): "charged_back",
        ("partly_refunded", "charged back"): "charged_back",
        # What is not ours to keep goes back whole.
        ("surplus", "refunded"): "returned",
        ("held", "refunded"): "returned",
    },
)

KEPT = ("succeeded", "partly_refunded", "refunded", "charged_back")
"""States of a payment whose money paid an order; an order has one such payment at most (unique index)."""

OPEN = ("started", "pending", "unknown")
"""States of a payment of which the provider is asked again."""

DISPUTE = Machine(
    "dispute",
    "open",
    {
        ("open", "won"): "won",
        ("open", "lost"): "lost",
    },
)

REFUND = Machine(
    "refund",
    "requested",
    {
        ("requested", "succeeded"): "succeeded",
        ("requested", "failed"): "failed",
        ("requested", "gave no answer"): "unknown",
        ("unknown", "gave no answer"): "unknown",
        # pending: the provider has it, and it takes its time.
        **{(state, "pending"): "pending" for state in ("requested", "unknown", "pending")},
        ("pending", "gave no answer"): "pending",
        ("pending", "succeeded"): "succeeded",
        ("pending", "failed"): "failed",
        ("unknown", "succeeded"): "succeeded",
        ("unknown", "failed"): "failed",
    },
)

REDEEM_CODE = Machine(
    "redeem code",
    "fresh",
    {
        ("fresh", "redeemed"): "redeemed",
        ("fresh", "replaced"): "void",  # the batch's codes were made anew, before anybody redeemed one
    },
)

GIFT = Machine(
    "gift",
    "ordered",
    {
        ("ordered", "paid"): "waiting",
        ("waiting", "claimed"): "claimed",
        ("waiting", "lapsed"): "lapsed",
        ("waiting", "asked back"): "returning",  # nobody can claim it any more; its money is on its way to the giver
        ("returning", "asked back"): "returning",
        ("waiting", "taken back"): "returned",
        ("returning", "taken back"): "returned",
        ("lapsed", "taken back"): "returned",
        ("claimed", "taken back"): "ended",  # the giver's money went back after somebody had claimed it
    },
)

WITHDRAWAL = Machine(
    "withdrawal",
    "open",
    {
        ("open", "arrived"): "done",
        ("open", "refused"): "failed",
    },
)

SERVICE_REQUEST = Machine(
    "service request",
    "requested",
    {
        ("requested", "quoted"): "quoted",
        ("quoted", "quoted"): "quoted",
        ("expired", "quoted"): "quoted",
        ("quoted", "accepted"): "agreed",
        ("quoted", "lapsed"): "expired",
        ("agreed", "lapsed"): "expired",
        ("agreed", "paid"): "deposit_paid",
        ("expired", "paid"): "deposit_paid",  # the money came late
        ("deposit_paid", "work begun"): "in_work",
        ("in_work", "delivered"): "delivered",
        ("delivered", "delivered"): "delivered",
        ("disputed", "delivered"): "delivered",
        ("delivered", "disputed"): "disputed",
        ("delivered", "accepted"): "accepted",
        ("disputed", "accepted"): "accepted",
        ("disputed", "settled"): "closed",
        ("accepted", "nothing left"): "closed",
        # Either side may leave; what was paid goes back by the rule.
        **{
            (state, event): after
            for state in ("requested", "quoted", "agreed", "deposit_paid", "in_work")
            for event, after in (("withdrawn", "withdrawn"), ("declined", "declined"))
        },
        # The academy gave all of the money back.
        **{(state, "refunded"): "closed" for state in ("deposit_paid", "in_work", "delivered", "disputed", "accepted")},
    },
)

SUBSCRIPTION = Machine(
    "subscription",
    "new",
    {
        # new: never stored, a subscription begins with its first money, or with a trial.
        ("new", "trial begun"): "trialing",
        ("new", "paid"): "active",
        ("trialing", "paid"): "active",
        ("active", "paid"): "active",
        ("past_due", "paid"): "active",
        ("paused", "paid"): "active",
        ("trialing", "not paid"): "past_due",
        ("active", "not paid"): "past_due",
        ("trialing", "cancelled"): "cancelled",
        ("active", "cancelled"): "cancelled",
        ("cancelled", "resumed"): "active",
        ("cancelled", "trial resumed"): "trialing",
        ("active", "paused"): "paused",
        # Instalments: all of it is paid.
        ("new", "all paid"): "completed",
        ("active", "all paid"): "completed",
        ("past_due", "all paid"): "completed",
        ("completed", "ended"): "ended",  # its money went back
        **{(state, "ended"): "ended" for state in ("trialing", "active", "past_due", "paused", "cancelled")},
    },
)

BILLING_PERIOD = Machine(
    "billing period",
    "due",
    {
        # free: a trial, a pause, or what costs nothing.
        ("due", "nothing to pay"): "free",
        ("due", "paid"): "paid",
        ("due", "not paid"): "unpaid",
        ("paid", "refunded"): "refunded",
    },
)

OPEN_REFUND = ("requested", "unknown", "pending")
"""States of a refund whose outcome is not known yet."""

GROUP = Machine(
    "group",
    "open",
    {
        ("open", "full"): "complete",
        ("open", "time is up"): "failed",
    },
)

GROUP_PLACE = Machine(
    "group place",
    "paid",
    {
        ("paid", "group is complete"): "kept",
        ("paid", "left"): "left",
        ("kept", "left"): "left",
    },
)

AFFILIATE = Machine(
    "affiliate",
    "applied",
    {
        ("applied", "approved"): "active",
        ("applied", "declined"): "declined",
        ("declined", "approved"): "active",
        ("active", "paused"): "paused",
        ("paused", "resumed"): "active",
        ("active", "ended"): "ended",
        ("paused", "ended"): "ended",
    },
)

PAYOUT = Machine(
    "payout",
    "drawn_up",
    {
        ("drawn_up", "paid"): "paid",
        ("drawn_up", "called off"): "called_off",
    },
)

REFERRAL = Machine(
    "referral",
    "waiting",
    {
        ("waiting", "matured"): "rewarded",
        ("waiting", "nothing left"): "void",  # its money went back, or the learner has had all rewards of a year
    },
)
