"""Which ways to pay a buyer is shown: those that take her currency and can do what the purchase needs."""

from collections.abc import Iterable

from xingtan.domains.commerce.providers import Ability, Device, Providers

_CHINESE_FIRST = ("wechat", "alipay", "stripe", "manual", "sandbox")
_OTHERS_FIRST = ("stripe", "wechat", "alipay", "manual", "sandbox")


def offered(
    providers: Providers, currency: str, *, needs: Iterable[Ability] = (), language: str = "en"
) -> tuple[str, ...]:
    """Return the names of the providers that fit, the likeliest first; others than these stand at the end."""
    order = _CHINESE_FIRST if language.startswith("zh") else _OTHERS_FIRST
    wanted = frozenset(needs)
    fitting = [name for name, one in providers.items() if currency in one.currencies and wanted <= one.abilities]
    return tuple(sorted(fitting, key=lambda name: (order.index(name) if name in order else len(order), name)))


def device_of(user_agent: str) -> Device:
    """Return where the buyer is, by what her browser says of itself: a guess, of which only her comfort depends."""
    if "MicroMessenger" in user_agent:
        return "wechat"
    return "phone" if "Mobile" in user_agent or "Android" in user_agent else "desktop"
