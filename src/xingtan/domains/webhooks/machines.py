"""The lifecycles of endpoints and messages."""

from xingtan.core.machine import Machine

ENDPOINT = Machine(
    "webhook endpoint",
    "active",
    {
        ("active", "paused"): "paused",
        ("paused", "resumed"): "active",
        ("active", "turned off"): "off",
        ("off", "resumed"): "active",
    },
)

MESSAGE = Machine(
    "webhook message",
    "waiting",
    {
        ("waiting", "delivered"): "delivered",
        ("waiting", "failed"): "waiting",
        ("waiting", "given up"): "failed",
        ("delivered", "replayed"): "waiting",
        ("failed", "replayed"): "waiting",
    },
)
