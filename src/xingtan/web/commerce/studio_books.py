"""The books in the studio: the trial balance, and the journal behind each figure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from xingtan.core.errors import NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import total
from xingtan.core.viewer import Permission
from xingtan.domains.books import api as books
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import AccountRow, BooksPage, TrialBalance
from xingtan.web.edge import EdgeDep
from xingtan.web.render import render

router = APIRouter()


@router.get("/studio/books")
def ledger(
    here: EdgeDep,
    account: Annotated[str | None, Query(max_length=80)] = None,
    before: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """The trial balance, which must sum to nothing, and the journal: of `account`, or of all."""
    here.require(Permission.NUMBERS_READ)
    last = private_id("event", before) if before else None
    with here.platform.database.reading() as session:
        balances = books.trial_balance(session, here.viewer)
        if account is not None and account not in {row.account for row in balances}:
            raise NotFound(say("There is nothing here."))
        page = books.entries(session, here.viewer, only=books.EntryFilter(account=account), before=last, limit=30)
        numbers = commerce.order_numbers(session, [one.reference_id for one in page.entries])
    asked = {"account": account or "", "before": public_id("event", page.next_before) if page.next_before else ""}
    older = f"/studio/books?{urlencode({name: value for name, value in asked.items() if value})}"
    sheets = _sheets(balances)
    return render(
        here,
        BooksPage(
            balances=sheets, entries=page.entries, numbers=numbers, account=account,
            older=older if page.next_before else None,
            faults=[one.currency for one in sheets if one.debits != one.credits],
        ),
    )  # fmt: skip


def _sheets(balances: Sequence[books.AccountBalance]) -> list[TrialBalance]:
    by_currency: dict[str, list[AccountRow]] = defaultdict(list)
    for row in balances:
        is_debit = row.balance.minor >= 0
        by_currency[row.balance.currency].append(
            AccountRow(row.account, row.balance if is_debit else None, None if is_debit else -row.balance, row.postings)
        )
    return [
        TrialBalance(
            currency, rows, total([one.debit for one in rows if one.debit is not None], currency),
            total([one.credit for one in rows if one.credit is not None], currency),
        )
        for currency, rows in by_currency.items()
    ]  # fmt: skip
