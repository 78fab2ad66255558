"""The door of the privacy domain."""

from xingtan.domains.privacy.events import ConsentGranted, ConsentWithdrawn
from xingtan.domains.privacy.queries import ConsentView, allowed_purposes, allows, consents, people_allowing
from xingtan.domains.privacy.rules.purposes import TEXTS, ConsentText, Purpose
from xingtan.domains.privacy.rules.strangers import stranger_allows
from xingtan.domains.privacy.use_cases import grant_consent, withdraw_consent

__all__ = [
    "TEXTS",
    "ConsentGranted",
    "ConsentText",
    "ConsentView",
    "ConsentWithdrawn",
    "Purpose",
    "allowed_purposes",
    "allows",
    "consents",
    "grant_consent",
    "people_allowing",
    "stranger_allows",
    "withdraw_consent",
]
