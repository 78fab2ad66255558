"""Which providers there are, and which of them a buyer is shown."""

from pathlib import Path

import pytest

from tests.domains.commerce.providers.counters import COUNTERS, with_settings
from xingtan.core.errors import Broken
from xingtan.domains.commerce import api as commerce
from xingtan.infra.platform import Platform


@pytest.mark.parametrize("name", list(COUNTERS))
def test_a_provider_that_is_set_up_by_half_is_told(platform: Platform, tmp_path: Path, name: str) -> None:
    whole = COUNTERS[name]().settings(tmp_path)
    assert name in commerce.open_providers(with_settings(platform, whole))
    switch = {"stripe": "stripe_secret_key", "alipay": "alipay_app_id", "wechat": "wechat_mchid"}[name]
    for missing in whole:
        if missing == switch or missing.endswith("gateway"):
            continue
        half = {key: value for key, value in whole.items() if key != missing}
        with pytest.raises(Broken, match=missing):
            commerce.open_providers(with_settings(platform, half))


def test_a_key_file_that_is_not_there_is_told(platform: Platform, tmp_path: Path) -> None:
    whole = {**COUNTERS["alipay"]().settings(tmp_path), "alipay_private_key_file": tmp_path / "gone.pem"}
    with pytest.raises(Broken, match="alipay_private_key_file"):
        commerce.open_providers(with_settings(platform, whole))


def test_a_form_may_lead_to_the_providers_that_are_set_up_and_to_no_other(platform: Platform, tmp_path: Path) -> None:
    assert commerce.provider_hosts(platform.settings) == ()
    settings = with_settings(platform, COUNTERS["stripe"]().settings(tmp_path)).settings
    assert commerce.provider_hosts(settings) == ("https://checkout.stripe.com",)


def test_a_buyer_is_shown_what_takes_her_currency_and_can_do_what_she_needs(platform: Platform, tmp_path: Path) -> None:
    wanted: dict[str, object] = {"bank_account": "Bank of Apricots"}
    for name in COUNTERS:
        folder = tmp_path / name
        folder.mkdir()
        wanted |= COUNTERS[name]().settings(folder)
    providers = commerce.open_providers(with_settings(platform, wanted))
    shown = [name for name in commerce.offered(providers, "CNY", language="zh") if name != "wallet"]
    assert shown == ["wechat", "alipay", "stripe", "manual", "sandbox"]
    shown = [name for name in commerce.offered(providers, "USD", language="en") if name != "wallet"]
    assert shown == ["stripe", "sandbox"]
    recurring = commerce.offered(providers, "CNY", needs=("recurring",))
    assert {"stripe", "sandbox"} <= set(recurring)
    assert not {"wechat", "alipay", "manual"} & set(recurring)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0", "wechat"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel) Mobile Safari/537.36", "phone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0", "desktop"),
        ("", "desktop"),
    ],
)
def test_a_browser_says_where_it_is(agent: str, device: str) -> None:
    assert commerce.device_of(agent) == device
