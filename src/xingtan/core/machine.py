"""Lifecycles as tables: the only way from one state to the next.

1. A state changes only through `Machine.after`. 2. What the table does not list is refused with `Conflict`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from xingtan.core.errors import Conflict, say


@dataclass(frozen=True, slots=True)
class Machine:
    """A lifecycle: its name, its first state and the table `{(state, event): next state}`."""

    name: str
    initial: str
    table: Mapping[tuple[str, str], str]

    @property
    def states(self) -> frozenset[str]:
        """Return every state that the table names."""
        return frozenset({self.initial} | {state for state, _ in self.table} | set(self.table.values()))

    @property
    def events(self) -> frozenset[str]:
        """Return every event that the table names."""
        return frozenset(event for _, event in self.table)

    @property
    def final(self) -> frozenset[str]:
        """Return the states that nothing leaves."""
        return self.states - {state for state, _ in self.table}

    def may(self, state: str, event: str) -> bool:
        """Say whether `event` is possible in `state`."""
        return (state, event) in self.table

    def after(self, state: str, event: str) -> str:
        """Return the state that follows `state` upon `event`; `Conflict` when the table has none."""
        try:
            return self.table[(state, event)]
        except KeyError:
            conflict = Conflict(say("That is not possible in the present state."))
            conflict.add_note(f"{self.name}: {event!r} in state {state!r}")
            raise conflict from None

    def mermaid(self) -> str:
        """Return the table as a Mermaid state diagram, for the docs."""
        moves = [f"    {state} --> {after}: {event}" for (state, event), after in sorted(self.table.items())]
        return "\n".join(["stateDiagram-v2", f"    [*] --> {self.initial}", *moves])
