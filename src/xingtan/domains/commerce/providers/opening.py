"""The providers that the settings turn on. One that is set up by half is a mistake, and told when they are opened."""

from pathlib import Path

from pydantic import SecretStr

from xingtan.core.errors import Broken
from xingtan.core.money import CURRENCIES
from xingtan.domains.commerce.providers import PaymentProvider, Providers
from xingtan.domains.commerce.providers.alipay import Alipay, AlipayAccount
from xingtan.domains.commerce.providers.manual import Manual
from xingtan.domains.commerce.providers.sandbox import Sandbox
from xingtan.domains.commerce.providers.stripe import Stripe, StripeAccount
from xingtan.domains.commerce.providers.wechat import WeChatAccount, WeChatPay
from xingtan.infra.platform import Platform
from xingtan.infra.settings import Settings

_SANDBOX_SECRET = "sandbox notices"  # noqa: S105 - the name of a purpose, from which the vault derives the secret


def open_providers(platform: Platform) -> Providers:
    """Return the payment providers that the settings turn on, by name; `Broken` for one that is set up by half."""
    found = (_wechat(platform), _alipay(platform), _stripe(platform), _manual(platform), _sandbox(platform))
    return {one.name: one for one in found if one is not None}


def provider_hosts(settings: Settings) -> tuple[str, ...]:
    """Return where the pages of the providers are that the settings turn on, for a Content-Security-Policy."""
    hosts = (
        WeChatPay.hosts if settings.wechat_mchid else (),
        Alipay.hosts if settings.alipay_app_id else (),
        Stripe.hosts if settings.stripe_secret_key.get_secret_value() else (),
    )
    return tuple(host for some in hosts for host in some)


def sandbox_secret(platform: Platform) -> bytes:
    """Return the secret with which the sandbox signs its notices."""
    return platform.vault.derive(_SANDBOX_SECRET)


def _sandbox(platform: Platform) -> PaymentProvider | None:
    if not platform.settings.sandbox_payments:
        return None
    fee_bp = platform.settings.sandbox_fee_bp
    return Sandbox(platform.database, sandbox_secret(platform), clock=platform.clock, fee_bp=fee_bp)


def _manual(platform: Platform) -> PaymentProvider | None:
    settings = platform.settings
    if not settings.bank_account.strip():
        return None
    taken = frozenset(one.strip().upper() for one in settings.bank_currencies.split(","))
    if not taken <= CURRENCIES.keys():
        msg = f"bank_currencies names one that cannot be charged: {', '.join(sorted(taken - CURRENCIES.keys()))}"
        raise Broken(msg)
    return Manual(platform.database, currencies=taken, clock=platform.clock)


def _stripe(platform: Platform) -> PaymentProvider | None:
    settings = platform.settings
    if not settings.stripe_secret_key.get_secret_value():
        return None
    account = StripeAccount(
        _secret("stripe_secret_key", settings.stripe_secret_key),
        _secret("stripe_webhook_secret", settings.stripe_webhook_secret),
        settings.stripe_gateway.rstrip("/"), settings.effective_base_url,
    )  # fmt: skip
    return Stripe(account, clock=platform.clock)


def _alipay(platform: Platform) -> PaymentProvider | None:
    settings = platform.settings
    if not settings.alipay_app_id:
        return None
    account = AlipayAccount(
        settings.alipay_app_id, _text("alipay_seller_id", settings.alipay_seller_id),
        _key("alipay_private_key_file", settings.alipay_private_key_file),
        _key("alipay_public_key_file", settings.alipay_public_key_file), settings.alipay_gateway,
        settings.effective_base_url,
    )  # fmt: skip
    return Alipay(account, clock=platform.clock)


def _wechat(platform: Platform) -> PaymentProvider | None:
    settings = platform.settings
    if not settings.wechat_mchid:
        return None
    account = WeChatAccount(
        settings.wechat_mchid, _text("wechat_appid", settings.wechat_appid),
        _key("wechat_private_key_file", settings.wechat_private_key_file),
        _text("wechat_cert_serial", settings.wechat_cert_serial), _secret("wechat_api_key", settings.wechat_api_key),
        _key("wechat_public_key_file", settings.wechat_public_key_file),
        _text("wechat_public_key_id", settings.wechat_public_key_id), settings.wechat_gateway.rstrip("/"),
        settings.effective_base_url,
    )  # fmt: skip
    return WeChatPay(account, clock=platform.clock)


def _text(name: str, value: str) -> str:
    if not value:
        msg = f"the setting {name} is missing for a payment provider that is set up"
        raise Broken(msg)
    return value


def _secret(name: str, value: SecretStr) -> str:
    return _text(name, value.get_secret_value())


def _key(name: str, path: Path | None) -> str:
    if path is None or not path.is_file():
        msg = f"the setting {name} names no file"
        raise Broken(msg)
    return path.read_text(encoding="ascii")
