"""The providers that the settings turn on."""

from xingtan.domains.commerce.providers import Providers
from xingtan.domains.commerce.providers.sandbox import NAME, Sandbox
from xingtan.infra.platform import Platform

_SANDBOX_SECRET = "sandbox notices"  # noqa: S105 - the name of a purpose, from which the vault derives the secret


def open_providers(platform: Platform) -> Providers:
    """Return the payment providers that the settings turn on, by name."""
    if not platform.settings.sandbox_payments:
        return {}
    secret, fee_bp = sandbox_secret(platform), platform.settings.sandbox_fee_bp
    return {NAME: Sandbox(platform.database, secret, clock=platform.clock, fee_bp=fee_bp)}


def sandbox_secret(platform: Platform) -> bytes:
    """Return the secret with which the sandbox signs its notices."""
    return platform.vault.derive(_SANDBOX_SECRET)
