"""What has passed by while a journal is written: accounts, currencies, balances."""

from collections.abc import Iterator

from xingtan.core.money import Money
from xingtan.domains.books.views import PostingView


class Running:
    """The balances of all postings so far."""

    def __init__(self) -> None:
        self._minor: dict[tuple[str, str], int] = {}
        self._accounts: set[str] = set()
        self._currencies: set[str] = set()

    def is_new(self, account: str) -> bool:
        """Say whether `account` is seen for the first time, and remember it."""
        is_new = account not in self._accounts
        self._accounts.add(account)
        return is_new

    def is_new_currency(self, currency: str) -> bool:
        """Say whether `currency` is seen for the first time, and remember it."""
        is_new = currency not in self._currencies
        self._currencies.add(currency)
        return is_new

    def add(self, posting: PostingView) -> None:
        """Add a posting to its account."""
        key = posting.account, posting.amount.currency
        self._minor[key] = self._minor.get(key, 0) + posting.amount.minor

    def balances(self) -> Iterator[tuple[str, Money]]:
        """Return account and balance, in the order of account and currency."""
        for (account, currency), minor in sorted(self._minor.items()):
            yield account, Money(minor, currency)
