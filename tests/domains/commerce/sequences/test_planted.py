"""The judges judged: a fault is planted for each promise, and the machine has to notice, by name.

Faults in rules are planted in the code while one busy day is played; faults in rows are written past every guard.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.domains.commerce.sequences import machine
from tests.domains.commerce.sequences.machine import AnySequence
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.errors import Broken
from xingtan.domains.commerce import lines
from xingtan.domains.commerce.affiliates import accruing
from xingtan.domains.commerce.use_cases import orders, payments
from xingtan.domains.entitlements import api as entitlements

NOTICED = (AssertionError, IntegrityError, Broken)


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    machine.clear_away()


@pytest.fixture
def day() -> Iterator[AnySequence]:
    found = AnySequence()
    found.open(start=OPENING_DAY, zone="UTC")
    yield found
    found.market.close()


def busy(day: AnySequence) -> None:
    """Play one day in which everything happens once."""
    day.buy_for_ever(who=0, what="tea", how="success", extra=2)
    day.buy_for_ever(who=0, what="tea", how="success", extra=0)
    for who in range(3):
        day.buy_for_ever(who=who, what="print", how="success", extra=3)
        day.buy_for_ever(who=who, what="film", how="success", extra=3)
    day.buy_for_ever(who=1, what="ink", how="leave", extra=0)
    day.cancel_an_order(pick=0)
    day.send_the_form_again(pick=0)
    day.buy_for_ever(who=2, what="ink", how="short", extra=0)
    day.buy_for_a_time(who=0, what="top-up", how="success")
    day.open_a_lesson(who=0, lesson=0, seconds=0)
    day.give_a_gift(who=1, what="tea", how="success")
    day.claim_a_gift(who=2, giver=1, pick=0)
    day.subscribe(who=0, what="mag", card="pays", how="success", coupon=5)
    day.change_the_plan(pick=0, what="mag year", mode="full_now")
    day.the_worker_works()
    day.all_holds()
    day.give_back(pick=7, amount=None, by_line=False)
    day.time_passes(hours=26)
    day.all_holds()


def whole(day: AnySequence) -> None:
    """Play the day, and let all that is open be done."""
    busy(day)
    day.let_all_be_done()


def write(*statements: str, drop: str = "") -> Callable[[AnySequence], None]:
    """Return what writes rows past the house, and past the triggers of the table `drop`."""

    def work(day: AnySequence) -> None:
        with day.market.platform.database.engine.connect() as connection:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
            for name in connection.execute(text(triggers), {"table": drop}).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                assert connection.execute(text(statement), {"new": uuid4().hex}).rowcount, statement
            connection.commit()
        day.all_holds()

    return work


@dataclass(frozen=True)
class Plant:
    """A fault: `patch` (where, what, by which) in the code, or `rows` in the tables; `named` says who has to notice."""

    named: str
    patch: tuple[Any, str, Any] | None = None
    rows: Callable[[AnySequence], None] | None = None


def _nothing(*_args: Any, **_more: Any) -> Any:
    return ()


def _twice(function: Callable[..., int]) -> Callable[..., int]:
    return lambda *args, **more: 2 * function(*args, **more)


def _owned_twice(*_args: Any, **_more: Any) -> frozenset[Any]:
    return frozenset()


class _Blind:
    """Entitlements that know nothing of what is owned for good."""

    def __getattr__(self, name: str) -> Any:
        return _owned_twice if name == "owned_for_good" else getattr(entitlements, name)


ANY_RIGHT = (
    "INSERT INTO entitlement (id, person_id, product_id, source_kind, source_id, starts_at) "
    "SELECT :new, person_id, product_id, '{kind}', {source}, starts_at FROM entitlement LIMIT 1"
)
PLANTS: dict[str, Plant] = {
    "M1: half an entry is lost": Plant(
        "M1", rows=write("DELETE FROM posting WHERE id = (SELECT id FROM posting ORDER BY id LIMIT 1)", drop="posting")
    ),
    "M2: money appears": Plant(
        "M2",
        rows=write("UPDATE posting SET amount_minor = amount_minor + 1 WHERE account LIKE '%:tax'", drop="posting"),
    ),
    "M3: a top-up is called a sale": Plant(
        "M3|M6", patch=(type(lines.LINES["top_up"]), "earn", type(lines.LINES["access"]).earn)
    ),
    "M4: an entry is written anew": Plant(
        "M4",
        rows=write("UPDATE posting SET account = 'income:breakage' WHERE account = 'income:sales'", drop="posting"),
    ),
    "M5: more goes back than came": Plant("M5", rows=write("UPDATE refund SET amount_minor = amount_minor + 1")),
    "M6: a wallet is overdrawn": Plant(
        "M6|M3|CHECK", rows=write("UPDATE wallet_entry SET balance_minor = -1", drop="wallet_entry")
    ),
    "M7: what no order waits for is kept": Plant(
        "UNIQUE|CHECK|M7|M9|own", patch=(payments, "verdict", lambda **_more: "pays")
    ),
    "M8: keys are forgotten": Plant("M8|UNIQUE", patch=(orders, "recall", lambda *_args: None)),
    "M9: a line is worth less than its order": Plant(
        "M9|CHECK", rows=write("UPDATE sales_order SET total_minor = total_minor + 1 WHERE total_minor > 0")
    ),
    "M10: the provider's fee is forgotten": Plant("M10", patch=(payments, "post_fee", _nothing)),
    "M11: a credit is given twice": Plant(
        "M11", rows=write("UPDATE subscription SET carry_minor = carry_minor + 100000")
    ),
    "M12: what is scarce is given again": Plant("M12", rows=write("DELETE FROM reservation WHERE state = 'used'")),
    "M13: nobody asks again": Plant(
        "M13", rows=write(
            "UPDATE payment SET state = 'unknown', ask_at = NULL, created_at = '2026-01-01 00:00:00.000000' "
            "WHERE received_minor IS NULL"
        ),
    ),
    "M14: a commission exceeds its rule": Plant(
        "M14|M9|accrue_commission", patch=(accruing, "commission", _twice(accruing.commission))
    ),
    "E1: what is paid is not given": Plant("E1", patch=(type(lines.LINES["access"]), "fulfil", _nothing)),
    "E2: a right from nowhere": Plant("E2", rows=write(ANY_RIGHT.format(kind="order", source=":new"))),
    "E3: a refund takes nothing away": Plant("E3|E2", patch=(type(lines.LINES["access"]), "revoke", _nothing)),
    "E4: a right is given twice": Plant(
        "E4|UNIQUE", rows=write(ANY_RIGHT.format(kind="order", source="source_id"))
    ),
    "E5: a gift is two people's": Plant(
        "E5",
        rows=write(
            "INSERT INTO entitlement (id, person_id, product_id, source_kind, source_id, starts_at) "
            "SELECT :new, gift.giver_id, product_id, 'gift', gift.id, created_at FROM gift WHERE state = 'claimed'"
        ),
    ),
    "E8: a day is missing between two periods": Plant(
        "E8|no_gap", rows=write("UPDATE billing_period SET starts_at = datetime(starts_at, '-1 hour') WHERE number = 2")
    ),
    "D1: a number is left out": Plant(
        "D1",
        rows=write("UPDATE fiscal_document SET number = number + 7 WHERE number = 2", drop="fiscal_document"),
    ),
    "once: what is owned is sold again": Plant("own|once|E4|UNIQUE", patch=(orders, "entitlements", _Blind())),
}  # fmt: skip


def test_a_busy_day_breaks_nothing(day: AnySequence) -> None:
    """What is planted below is noticed because it is planted."""
    busy(day)
    day.let_all_be_done()


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_noticed(day: AnySequence, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = PLANTS[name]
    if plant.patch is not None:
        where, what, by = plant.patch
        monkeypatch.setattr(where, what, by)
        with pytest.raises(NOTICED, match=plant.named):
            whole(day)
        return
    assert plant.rows is not None
    busy(day)
    with pytest.raises(NOTICED, match=plant.named):
        plant.rows(day)
