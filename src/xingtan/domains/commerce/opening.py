"""The ways to pay at this academy: the providers that the settings turn on, and the wallet of the house."""

from xingtan.domains.commerce.providers import Providers
from xingtan.domains.commerce.providers.opening import open_providers as open_others
from xingtan.domains.commerce.providers.wallet import NAME as WALLET
from xingtan.domains.commerce.providers.wallet import WalletProvider
from xingtan.domains.commerce.use_cases.wallet_payments import WalletTill
from xingtan.infra.platform import Platform


def open_providers(platform: Platform) -> Providers:
    """Return the payment providers by name, the wallet last: a default is never taken from it."""
    wallet = WalletProvider(WalletTill(platform.database, platform.clock))
    return {**open_others(platform), WALLET: wallet}
