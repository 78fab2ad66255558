"""The papers of orders of the past, many at once: the rows that receipting and crediting one by one would have left.

They wait for their numbers like any others: `documents.number_documents` gives them, oldest first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from xingtan.core.money import Money
from xingtan.domains.commerce.documents.billing import seller_now
from xingtan.domains.commerce.documents.models import SERIES, FiscalDocument, FiscalDocumentLine
from xingtan.domains.commerce.documents.rules import Buyer, day_in
from xingtan.domains.commerce.documents.use_cases import BUYER
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.infra.vault import Vault


@dataclass(frozen=True, slots=True)
class PastPaper:
    """A receipt at `at`, and where all of `amount` went back at `back_at`, its credit note; untaxed, of one line."""

    order: Mapping[str, Any]
    title: str
    amount: Money
    provider: str
    payment_key: str
    at: datetime
    refund_key: str
    back_at: datetime | None
    reason: str


def keep_past_papers(session: Session, found: Sequence[PastPaper], *, vault: Vault) -> None:
    """Keep the papers, for buyers who have left no details for invoices; none has a number yet."""
    if not found:
        return
    people = dict.fromkeys(one.order["person_id"] for one in found)
    names = identity.names_of(session, people, vault=vault)
    academy = identity.academy(session)
    zone = academy.time_zone if academy else "UTC"
    sellers = {
        language: asdict(seller_now(session, academy, language))
        for language in dict.fromkeys(one.order["language"] for one in found)
    }
    documents: list[dict[str, Any]] = []
    for one in found:
        person_id = one.order["person_id"]
        buyer = json.dumps(asdict(Buyer("person", names[person_id])), ensure_ascii=False)
        sealed = vault.seal(session, person_id, BUYER, buyer)
        documents += _papers(one, zone, seller=sellers[one.order["language"]], buyer=sealed)
    receipts = [row for row in documents if row["kind"] == "receipt"]
    notes = [row for row in documents if row["kind"] != "receipt"]
    session.execute(insert(FiscalDocument), receipts)  # what is named before what names it
    if notes:
        session.execute(insert(FiscalDocument), notes)
    titles = {one.order["id"]: one.title for one in found}
    session.execute(insert(FiscalDocumentLine), [_line(row, titles[row["order_id"]]) for row in documents])


def _papers(one: PastPaper, zone: str, *, seller: Mapping[str, Any], buyer: bytes) -> list[dict[str, Any]]:
    receipt = {
        "id": new_id(), "kind": "receipt", "series": SERIES["receipt"], "number": None, "order_id": one.order["id"],
        "order_number": one.order["number"], "person_id": one.order["person_id"], "entry_key": one.payment_key,
        "names_id": None, "reason": None, "currency": one.amount.currency, "net_minor": one.amount.minor,
        "tax_minor": 0, "gross_minor": one.amount.minor, "language": one.order["language"], "paid_by": one.provider,
        "seller": seller, "buyer_sealed": buyer, **_dated(one.at, zone),
    }  # fmt: skip
    if one.back_at is None:
        return [receipt]
    note = {
        "id": new_id(), "kind": "credit_note", "series": SERIES["credit_note"], "entry_key": one.refund_key,
        "names_id": receipt["id"], "reason": one.reason, **_dated(one.back_at, zone),
    }  # fmt: skip
    return [receipt, receipt | note]


def _dated(at: datetime, zone: str) -> dict[str, Any]:
    on = day_in(zone, at)
    return {"issued_at": at, "issued_on": on, "year": on.year}


def _line(row: Mapping[str, Any], title: str) -> dict[str, Any]:
    return {
        "document_id": row["id"], "position": 0, "title": title, "net_minor": row["net_minor"], "tax_minor": 0,
        "gross_minor": row["gross_minor"], "rate_bp": 0, "mode": "inclusive",
    }  # fmt: skip
