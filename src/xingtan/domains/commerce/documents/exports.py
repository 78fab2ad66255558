"""What a person takes along of her documents and invoice details."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce.documents.billing import billing
from xingtan.domains.commerce.documents.queries import whole_documents
from xingtan.domains.commerce.documents.views import DocumentView
from xingtan.domains.commerce.rules.tax import Taxed
from xingtan.infra.vault import Vault


def export_part(session: Session, person_id: UUID, *, clock: Clock, vault: Vault) -> Mapping[str, Any]:  # noqa: ARG001 - the shape of every domain's part
    """Return the person's documents, oldest first, and what she wants to stand on her invoices, as plain data."""
    details = billing(session, Viewer(person_id), vault=vault)
    return {
        "invoice_details": {
            "kind": details.kind, "title": details.title, "tax_number": details.tax_number,
            "address": details.address, "country": details.country,
        } if details else None,
        "documents": [_document(one) for one in whole_documents(session, person_id, vault=vault)],
    }  # fmt: skip


def _document(view: DocumentView) -> Mapping[str, Any]:
    buyer = view.buyer
    return {
        "kind": view.row.kind,
        "number": view.row.label,
        "names": view.row.names,
        "order": view.row.order_number,
        "issued_on": view.row.issued_on.isoformat(),
        "buyer": {"name": buyer.name, "tax_number": buyer.tax_number, "address": buyer.address} if buyer else None,
        "seller": view.seller.name,
        "lines": [{"title": one.title, "rate_bp": one.rate.rate_bp, **_amounts(one.amounts)} for one in view.lines],
        **_amounts(view.row.amounts),
    }


def _amounts(amounts: Taxed) -> Mapping[str, str]:
    return {name: f"{one.major()} {one.currency}" for name, one in zip(("net", "tax", "gross"), amounts, strict=True)}
