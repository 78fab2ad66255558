"""Any sequence, the first half of `make test`'s steps; `make soak` asks for many more by COMMERCE_STEPS.

The other half is in a file of its own, so that two workers share the work.
"""

import os
from collections.abc import Iterator

import pytest

from tests.domains.commerce.sequences import machine

STEPS = int(os.environ.get("COMMERCE_STEPS", "20000")) // 2


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    machine.clear_away()


@pytest.mark.timeout(0)
def test_any_sequence() -> None:
    before = machine.done["steps"]
    machine.run(machine.AnySequence, steps=STEPS, offset=0)
    assert machine.done["steps"] - before >= STEPS
