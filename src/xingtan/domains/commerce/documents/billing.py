"""Who stands on a document: the buyer's details, sealed under her key, and the academy's own."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import NotFound
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.commerce.documents.models import SELLER_ID, BillingProfile, SellerProfile
from xingtan.domains.commerce.documents.rules import (
    Buyer,
    BuyerDetails,
    BuyerKind,
    SellerDetails,
    checked_buyer,
    checked_seller,
)
from xingtan.domains.commerce.documents.views import Seller
from xingtan.domains.identity import api as identity
from xingtan.infra.vault import Forgotten, Vault

TITLE, TAX_NUMBER, ADDRESS = "billing_profile.title", "billing_profile.tax_number", "billing_profile.address"


@dataclass(frozen=True, slots=True)
class Buyers:
    """How a receipt names the person, and how an invoice does; None: she has not said."""

    as_person: Buyer
    for_invoice: Buyer | None


def billing(session: Session, viewer: Viewer, *, vault: Vault) -> BuyerDetails | None:
    """Return one's own invoice details; None when there are none."""
    return _details(session, viewer.require_person(), vault=vault)


def save_billing(session: Session, viewer: Viewer, details: BuyerDetails, *, vault: Vault, clock: Clock) -> None:
    """Keep one's own invoice details, for documents from now on; `Invalid` when they cannot stand on one."""
    person_id, checked = viewer.require_person(), checked_buyer(details)
    row = session.get(BillingProfile, person_id) or BillingProfile(person_id=person_id)
    row.kind, row.country, row.updated_at = checked.kind, checked.country, clock.now()
    row.title_sealed = vault.seal(session, person_id, TITLE, checked.title)
    row.tax_number_sealed = vault.seal(session, person_id, TAX_NUMBER, checked.tax_number)
    row.address_sealed = vault.seal(session, person_id, ADDRESS, checked.address)
    session.add(row)
    session.flush()


def forget_billing(session: Session, viewer: Viewer) -> None:
    """Delete one's own invoice details; documents of before keep what they say."""
    row = session.get(BillingProfile, viewer.require_person())
    if row is not None:
        session.delete(row)
        session.flush()


def seller(session: Session, viewer: Viewer) -> SellerDetails | None:
    """Return what stands on documents about the academy; None when nobody has said."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = session.get(SellerProfile, SELLER_ID)
    return SellerDetails(row.name, row.tax_number, row.address, row.country, row.note) if row else None


def save_seller(session: Session, viewer: Viewer, details: SellerDetails, *, clock: Clock) -> None:
    """Keep what stands on documents about the academy, from now on."""
    viewer.require(Permission.SETTINGS_WRITE)
    checked = checked_seller(details)
    row = session.get(SellerProfile, SELLER_ID) or SellerProfile(id=SELLER_ID)
    row.country, row.name, row.tax_number = checked.country, checked.name, checked.tax_number
    row.address, row.note, row.updated_at = checked.address, checked.note, clock.now()
    session.add(row)
    session.flush()
    note_action(session, Action("documents.seller_saved", "academy", None, viewer.person_id), clock=clock)


def buyer_of(session: Session, person_id: UUID, *, vault: Vault) -> Buyers:
    """Return how documents of today name the person; without a name when the account is closed or forgotten."""
    try:
        name = identity.mail_address(session, person_id, vault=vault).name
        details = _details(session, person_id, vault=vault)
    except NotFound:
        return Buyers(Buyer("person", ""), None)
    if details is None:
        return Buyers(Buyer("person", name), None)
    kind: BuyerKind = "company" if details.kind == "company" else "person"
    on_invoice = Buyer(kind, details.title, details.tax_number, details.address, details.country)
    return Buyers(Buyer("person", name), on_invoice)


def country_of(session: Session, person_id: UUID | None) -> str | None:
    """Return where tax is reckoned: the buyer's country if she has said, else the academy's."""
    profile = session.get(BillingProfile, person_id) if person_id else None
    if profile is not None:
        return profile.country
    row = session.get(SellerProfile, SELLER_ID)
    return row.country if row else None


def seller_now(session: Session, academy: identity.AcademyView | None, language: str) -> Seller:
    """Return the academy as it stands on a document of today."""
    row = session.get(SellerProfile, SELLER_ID)
    own = (academy.legal_name or academy.name_in(language)) if academy else ""
    contact = academy.contact if academy else ""
    if row is None:
        return Seller(own, "", "", contact, "")
    return Seller(row.name or own, row.tax_number, row.address, contact, row.note)


def _details(session: Session, person_id: UUID, *, vault: Vault) -> BuyerDetails | None:
    row = session.get(BillingProfile, person_id)
    if row is None:
        return None
    try:
        title, number, address = (
            vault.open(session, person_id, field, sealed)
            for field, sealed in (
                (TITLE, row.title_sealed), (TAX_NUMBER, row.tax_number_sealed), (ADDRESS, row.address_sealed),
            )
        )  # fmt: skip
    except Forgotten:
        return None
    return BuyerDetails(row.kind, title, number, address, row.country)
