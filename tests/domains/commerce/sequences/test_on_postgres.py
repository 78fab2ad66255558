"""Any sequence on PostgreSQL: fewer steps, the same promises."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from secrets import token_bytes
from shutil import copytree

import pytest

from tests.domains.commerce.sequences import machine
from tests.domains.commerce.sequences.machine import AnySequence
from tests.domains.commerce.sequences.market import Goods, Market, furnish, open_market
from tests.fixtures.academy import OPENING_DAY
from tests.fixtures.postgres import Cluster
from xingtan.infra.vault import KEY_BYTES

STEPS = 400


@pytest.fixture
def on_postgres(postgres_cluster: Cluster, migrated_postgres: str, tmp_path: Path) -> Iterator[type[AnySequence]]:
    """Return the machine, with a database of its own for each sequence, copied from a furnished one."""
    template, numbers = postgres_cluster.create(template=migrated_postgres), count()
    home = tmp_path / "template"
    home.mkdir()
    (home / "master.key").write_bytes(token_bytes(KEY_BYTES))
    platform = open_market(home, OPENING_DAY, database_url=template)
    goods: Goods = furnish(platform)
    platform.close()
    urls: list[str] = []

    class OnPostgres(AnySequence):
        def begin(self, start: datetime) -> Market:
            mine = tmp_path / f"sequence-{next(numbers)}"
            copytree(home, mine)
            urls.append(postgres_cluster.create(template=template.rpartition("/")[2]))
            return Market(mine, goods, open_market(mine, start, database_url=urls[-1]))

    yield OnPostgres
    for url in (*urls, template):
        postgres_cluster.drop(url)


@pytest.mark.postgres
@pytest.mark.timeout(0)
def test_any_sequence_on_postgres(on_postgres: type[AnySequence]) -> None:
    before = machine.done["steps"]
    machine.run(on_postgres, steps=STEPS, offset=900_000)
    assert machine.done["steps"] - before >= STEPS
