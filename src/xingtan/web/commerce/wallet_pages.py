"""What the templates of wallets and packs are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from xingtan.core.money import Money
from xingtan.domains.commerce import api as commerce
from xingtan.web.commerce.pages import Errors


@dataclass(frozen=True, slots=True)
class WalletCard:
    """One wallet with what can go back to where it came from."""

    wallet: commerce.WalletView
    back: Money


@dataclass(frozen=True, slots=True)
class WalletPage:
    """The reader's wallets, her credits, and what can be bought ahead. `short`: the page that she comes from."""

    template: ClassVar[str] = "commerce/wallet.html"
    wallets: Sequence[WalletCard]
    credits: Sequence[commerce.CreditsView]
    packs: Sequence[commerce.OfferView]
    offer_ids: Mapping[UUID, str]
    providers: Sequence[str]
    key: str
    short: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A wallet line by line, newest first; `parts` is what would go back to which payment."""

    template: ClassVar[str] = "commerce/statement.html"
    statement: commerce.Statement
    parts: Sequence[commerce.WithdrawalPart]
    back: Money
    key: str
    older: str | None
    has_left: bool
    warn: str
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PacksPage:
    """What is sold ahead and per use, and the form for more. `titles`: product → title."""

    template: ClassVar[str] = "commerce/studio_packs.html"
    offers: Sequence[commerce.OfferView]
    offer_ids: Mapping[UUID, str]
    titles: Mapping[UUID, str]
    currencies: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)
