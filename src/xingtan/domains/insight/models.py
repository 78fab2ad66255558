"""Insight owns no tables: what it reads and writes is `xingtan.infra.analytics.BehaviourEvent`."""

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
"""Nothing to guard beyond the constraints of the behaviour log."""
