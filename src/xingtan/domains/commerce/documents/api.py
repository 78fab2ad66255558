"""The door to documents, for the rest of commerce and for the web."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from xingtan.domains.commerce.documents.billing import billing, forget_billing, save_billing, save_seller, seller
from xingtan.domains.commerce.documents.exports import export_part
from xingtan.domains.commerce.documents.facts import CreditFacts, DocumentFacts, DocumentLine
from xingtan.domains.commerce.documents.invariants import check
from xingtan.domains.commerce.documents.models import SERIES
from xingtan.domains.commerce.documents.pdf import NoChineseFont, Paper, pdf
from xingtan.domains.commerce.documents.queries import (
    document,
    documents,
    documents_of,
    my_documents,
    series,
)
from xingtan.domains.commerce.documents.rules import Buyer, BuyerDetails, SellerDetails
from xingtan.domains.commerce.documents.tax_rates import MakeTaxRate, end_tax_rate, make_tax_rate, tax_rate, tax_rates
from xingtan.domains.commerce.documents.use_cases import (
    NUMBER_DOCUMENTS,
    issue_credit_note,
    issue_receipt,
    number_documents,
    request_invoice,
)
from xingtan.domains.commerce.documents.views import (
    DocumentFilter,
    DocumentPage,
    DocumentRow,
    DocumentView,
    Seller,
    SeriesView,
    TaxRateView,
)
from xingtan.domains.commerce.rules.tax import (
    MOST_BP,
    TAX_MODES,
    UNTAXED,
    Rate,
    Taxed,
    TaxMode,
    part_of,
    tax_lines,
    tax_of,
)
from xingtan.infra.platform import Platform


def _number(session: Session, _platform: Platform, _args: Mapping[str, Any]) -> None:
    number_documents(session)


TRANSACTIONAL: Mapping[str, Callable[[Session, Platform, Mapping[str, Any]], None]] = {NUMBER_DOCUMENTS: _number}
"""The job that gives numbers: ``(session, platform, args)``."""

__all__ = [
    "MOST_BP",
    "SERIES",
    "TAX_MODES",
    "TRANSACTIONAL",
    "UNTAXED",
    "Buyer",
    "BuyerDetails",
    "CreditFacts",
    "DocumentFacts",
    "DocumentFilter",
    "DocumentLine",
    "DocumentPage",
    "DocumentRow",
    "DocumentView",
    "MakeTaxRate",
    "NoChineseFont",
    "Paper",
    "Rate",
    "Seller",
    "SellerDetails",
    "SeriesView",
    "TaxMode",
    "TaxRateView",
    "Taxed",
    "billing",
    "check",
    "document",
    "documents",
    "documents_of",
    "end_tax_rate",
    "export_part",
    "forget_billing",
    "issue_credit_note",
    "issue_receipt",
    "make_tax_rate",
    "my_documents",
    "number_documents",
    "part_of",
    "pdf",
    "request_invoice",
    "save_billing",
    "save_seller",
    "seller",
    "series",
    "tax_lines",
    "tax_of",
    "tax_rate",
    "tax_rates",
]
