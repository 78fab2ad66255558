"""All numbers of a period at once: read the rows once, then reckon purely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.commerce.numbers.queries.sold import sold
from xingtan.domains.commerce.numbers.queries.spans import Trial, spans, trials
from xingtan.domains.commerce.numbers.rules.calendar import Wanted
from xingtan.domains.commerce.numbers.rules.cohorts import cohorts
from xingtan.domains.commerce.numbers.rules.curves import Curve, Span, curves, of_currency, standing
from xingtan.domains.commerce.numbers.rules.movements import Movement, bridge, movements
from xingtan.domains.commerce.numbers.rules.rates import ratio_bp, retention, worth
from xingtan.domains.commerce.numbers.rules.sales import AHEAD, Sold, sum_of, sums
from xingtan.domains.commerce.numbers.views import Numbers, PlanFigures, Slice, Value


@dataclass(frozen=True, slots=True)
class _Read:
    spans: Sequence[Span]
    curves: Sequence[Curve]
    sold: Sequence[Sold]
    trials: Sequence[Trial]
    statements: Mapping[str, books.Statements]

    def currencies(self) -> list[str]:
        return sorted({
            *(one.currency for one in self.curves), *(one.gross.currency for one in self.sold),
            *(one.currency for one in self.trials), *self.statements,
        })  # fmt: skip


def numbers(session: Session, viewer: Viewer, wanted: Wanted) -> tuple[Numbers, ...]:
    """Return the numbers of each currency in which anything happened until the end of the period."""
    viewer.require(Permission.NUMBERS_READ)
    found = spans(session, until=wanted.ends_at)
    read = _Read(
        found, curves(found), sold(session, wanted.period), trials(session, wanted.period),
        {one.currency: one for one in books.statements_of(session, viewer, wanted.period)},
    )  # fmt: skip
    return tuple(_of(read, wanted, currency) for currency in read.currencies())


def _of(read: _Read, wanted: Wanted, currency: str) -> Numbers:
    mine = of_currency(read.curves, currency)
    moves = movements(mine, wanted.period)
    came = [one for one in read.sold if one.gross.currency == currency]
    sales = [one for one in came if one.kind != AHEAD]
    return Numbers(
        currency=currency,
        values={
            **_recurring(read, wanted, mine, moves, currency), **_staying(read, wanted, mine, currency),
            **_sales(sales, currency), **_books(read.statements.get(currency), currency),
        },
        bridge=bridge(moves, _mrr(mine, wanted.starts_at, currency)),
        slices=_slices(mine, moves, wanted.slices, currency),
        plans=_plans([one for one in read.spans if one.price.currency == currency], wanted.ends_at),
        cohorts=cohorts(mine, wanted.months, currency),
        by_kind=sums(came, lambda one: one.kind),
        by_product=sums(sales, lambda one: one.title),
    )  # fmt: skip


def _mrr(mine: Sequence[Curve], at: datetime, currency: str) -> Money:
    return Money(sum(one.before(at) for one in mine), currency)


def _recurring(
    read: _Read, wanted: Wanted, mine: Sequence[Curve], moves: Sequence[Movement], currency: str
) -> dict[str, Value]:  # fmt: skip
    mrr = _mrr(mine, wanted.ends_at, currency)
    held = standing((one for one in read.spans if one.price.currency == currency), before=wanted.ends_at)
    churns = sum(1 for one in moves if one.kind == "churned")
    found = worth(mine, wanted.starts_at, wanted.ends_at, mrr=mrr, churns=churns)
    return {
        "mrr": mrr, "arr": Money(sum(one.yearly.minor for one in held), currency), "subscribers": found.people,
        "arpu": found.arpu, "ltv": found.lifetime_value,
    }  # fmt: skip


def _staying(read: _Read, wanted: Wanted, mine: Sequence[Curve], currency: str) -> dict[str, Value]:
    kept = retention(mine, wanted.starts_at, wanted.ends_at)
    over = [one for one in read.trials if one.currency == currency]
    return {
        "churn": kept.churn_bp, "revenue_churn": kept.revenue_churn_bp, "net_retention": kept.net_retention_bp,
        "trial_conversion": ratio_bp(sum(1 for one in over if one.is_converted), len(over)),
    }  # fmt: skip


def _sales(sales: Sequence[Sold], currency: str) -> dict[str, Value]:
    whole = sum_of(sales, "", currency)
    return {
        "gross": whole.gross, "refunded": whole.refunded, "tax": whole.tax, "net": whole.net,
        "refund_rate": ratio_bp(whole.refunded.minor, whole.gross.minor),
    }  # fmt: skip


def _books(said: books.Statements | None, currency: str) -> dict[str, Value]:
    nothing = Money(0, currency)
    if said is None:
        return dict.fromkeys(("earned", "profit", "deferred", "cash"), nothing)
    deferred = [one.amount for one in said.sheet.liabilities if one.account == books.DEFERRED]
    return {
        "earned": said.income.earned, "profit": said.income.profit, "deferred": sum(deferred, start=nothing),
        "cash": said.cash.closing,
    }  # fmt: skip


def _slices(
    mine: Sequence[Curve], moves: Sequence[Movement], bounds: Sequence[datetime], currency: str
) -> tuple[Slice, ...]:  # fmt: skip
    found = []
    for starts_at, ends_at in pairwise(bounds):
        inside = [one for one in moves if starts_at <= one.at < ends_at]
        found.append(Slice(starts_at, ends_at, bridge(inside, _mrr(mine, starts_at, currency))))
    return tuple(found)


def _plans(mine: Sequence[Span], at: datetime) -> tuple[PlanFigures, ...]:
    by_offer: dict[object, list[Span]] = {}
    for one in standing(mine, before=at):
        by_offer.setdefault(one.offer_id, []).append(one)
    rows = (
        PlanFigures(
            group[0].offer_id, group[0].title, str(group[0].every), len(group),
            Money(sum(one.monthly.minor for one in group), group[0].price.currency),
        )
        for group in by_offer.values()
    )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.mrr.minor, row.title, row.offer_id)))
