"""WeChat Pay through wechatpayv3, against a peer that checks our signatures and signs and seals its own words."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.commerce.providers.starts import NOW, PRICE, a_start
from tests.peers.keys import key_pair
from tests.peers.line import FAULTS, NOT_DONE
from tests.peers.wechat_peer import API_KEY, APPID, KEY_ID, MCHID, SERIAL, WeChatPeer
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Unavailable
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.providers import Start
from xingtan.domains.commerce.providers.wechat import WeChatAccount, WeChatPay
from xingtan.infra.db import new_id


@pytest.fixture
def peer() -> Iterator[WeChatPeer]:
    with WeChatPeer() as running:
        yield running


@pytest.fixture
def wechat(peer: WeChatPeer, clock: ManualClock) -> WeChatPay:
    account = WeChatAccount(
        MCHID, APPID, key_pair("wechat merchant").private_pem, SERIAL, API_KEY, key_pair("wechat").public_pem, KEY_ID,
        peer.url, "https://academy.example", timeout_s=0.25,
    )  # fmt: skip
    return WeChatPay(account, clock=clock)


def paid(wechat: WeChatPay, peer: WeChatPeer) -> Start:
    start = a_start()
    wechat.start(start)
    peer.pay(start.payment_id.hex)
    return start


def test_at_a_desk_there_is_a_code_to_scan(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start = a_start(expires_at=NOW + timedelta(minutes=30), payer_ip="203.0.113.9")
    started = wechat.start(start)
    assert started.redirect_url == "/pay/7K3F-9QXM/scan"
    assert started.qr is not None
    assert started.qr.startswith("weixin://wxpay/bizpayurl")
    assert wechat.start(start) == started
    told = json.loads(peer.calls[0].body)
    assert told["time_expire"] == "2026-03-01T16:30:00+08:00"
    assert "203.0.113.9" not in peer.calls[0].body.decode()
    assert wechat.query(start.payment_id, started.reference).status == "open"
    peer.pay(start.payment_id.hex)
    seen = wechat.query(start.payment_id, started.reference)
    assert (seen.status, seen.received) == ("succeeded", PRICE)


def test_on_a_phone_wechat_opens(wechat: WeChatPay, peer: WeChatPeer) -> None:
    started = wechat.start(a_start(device="phone", payer_ip="203.0.113.9"))
    assert started.qr is None
    assert started.redirect_url.startswith("https://wx.tenpay.com/")
    assert started.redirect_url.endswith("&redirect_url=https%3A%2F%2Facademy.example%2Fpay%2F7K3F-9QXM%2Freturn")
    assert json.loads(peer.calls[0].body)["scene_info"]["payer_client_ip"] == "203.0.113.9"


def test_a_long_title_is_cut_between_letters(wechat: WeChatPay, peer: WeChatPeer) -> None:
    wechat.start(Start(new_id(), PRICE, "茶" * 200, "/pay/7K3F-9QXM/return", "zh"))
    assert json.loads(peer.calls[0].body)["description"] == "茶" * 40


def test_other_currencies_later_charges_and_other_amounts_are_refused(wechat: WeChatPay) -> None:
    with pytest.raises(PaymentRefused):
        wechat.start(a_start(Money(100, "USD")))
    with pytest.raises(PaymentRefused):
        wechat.charge(a_start(), "mandate")
    start = a_start()
    wechat.start(start)
    with pytest.raises(PaymentRefused):
        wechat.start(Start(start.payment_id, Money(1, "CNY"), start.description, start.return_path, "en"))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("CLOSED", "failed"),
        ("REVOKED", "failed"),
        ("PAYERROR", "failed"),
        ("USERPAYING", "open"),
        ("REFUND", "succeeded"),
    ],
)
def test_every_state_is_known(wechat: WeChatPay, peer: WeChatPeer, state: str, status: str) -> None:
    start = paid(wechat, peer)
    peer.orders[start.payment_id.hex]["trade_state"] = state
    assert wechat.query(start.payment_id, None).status == status


def test_an_order_that_it_never_heard_of_is_absent(wechat: WeChatPay) -> None:
    assert wechat.query(new_id(), None).status == "absent"


def test_refunds_go_once_per_key_and_never_beyond_what_came(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start, part = paid(wechat, peer), Money(5000, "CNY")
    for _ in range(2):
        assert wechat.refund(start.payment_id, "", amount=part, key="refund-1").status == "succeeded"
    assert peer.received() == PRICE.minor - part.minor
    more = wechat.refund(start.payment_id, "", amount=PRICE, key="refund-2")
    assert (more.status, more.failure_code) == ("failed", "not_enough")
    assert wechat.refund(start.payment_id, "", amount=PRICE, key="refund-1").status == "failed"
    assert peer.received() == PRICE.minor - part.minor


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("PROCESSING", "pending"), ("ABNORMAL", "pending"), ("CLOSED", "failed"), ("SUCCESS", "succeeded")],
)
def test_a_refund_is_what_it_says(wechat: WeChatPay, peer: WeChatPeer, theirs: str, ours: str) -> None:
    start = paid(wechat, peer)
    peer.refunds_are = theirs
    assert wechat.refund(start.payment_id, "", amount=PRICE, key="refund-1").status == ours


def test_what_was_not_paid_does_not_go_back(wechat: WeChatPay) -> None:
    start = a_start()
    wechat.start(start)
    with pytest.raises(PaymentRefused):
        wechat.refund(start.payment_id, "", amount=PRICE, key="refund-1")


# faults


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_through_a_bad_line_opens_one_order(wechat: WeChatPay, peer: WeChatPeer, fault: str) -> None:
    start = a_start()
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        wechat.start(start)
    assert wechat.query(start.payment_id, None).status == ("absent" if fault in NOT_DONE else "open")
    wechat.start(start)
    assert len(peer.orders) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_query_through_a_bad_line_says_nothing(wechat: WeChatPay, peer: WeChatPeer, fault: str) -> None:
    start = paid(wechat, peer)
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        wechat.query(start.payment_id, None)
    assert wechat.query(start.payment_id, None).status == "succeeded"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_through_a_bad_line_goes_once(wechat: WeChatPay, peer: WeChatPeer, fault: str) -> None:
    start = paid(wechat, peer)
    peer.faults.extend(["", fault])  # the question, then the refund itself
    with pytest.raises(Unavailable):
        wechat.refund(start.payment_id, "", amount=PRICE, key="refund-1")
    assert peer.received() == (PRICE.minor if fault in NOT_DONE else 0)
    assert wechat.refund(start.payment_id, "", amount=PRICE, key="refund-1").status == "succeeded"
    assert peer.received() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1900000002"}, {"appid": "wx2"}, {"out_trade_no": "0" * 32}, {"mchid": None}, {"trade_state": "NEW"},
        {"trade_state": None}, {"amount": None}, {"amount": {"total": 1, "currency": "USD"}}, {"amount": {"total": 1}},
        {"amount": {"total": -1, "currency": "CNY"}}, {"amount": {"total": 0, "currency": "CNY"}},
        {"amount": {"total": "1", "currency": "CNY"}},
        {"amount": {"total": 1.0, "currency": "CNY"}}, {"amount": {"total": 10**30, "currency": "CNY"}},
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_none(wechat: WeChatPay, peer: WeChatPeer, changes: dict[str, Any]) -> None:
    start = paid(wechat, peer)
    peer.changes = changes
    with pytest.raises(Unavailable):
        wechat.query(start.payment_id, None)


def test_another_amount_is_told_as_it_came(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start = paid(wechat, peer)
    peer.changes = {"amount": {"total": 1, "currency": "CNY"}, "news": True}
    assert wechat.query(start.payment_id, None).received == Money(1, "CNY")


def test_an_answer_with_another_signature_is_none(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start = paid(wechat, peer)
    peer.spoils = lambda signature: signature[:-8] + "AAAAAA=="
    with pytest.raises(Unavailable):
        wechat.query(start.payment_id, None)
    peer.spoils, peer.signs_as = lambda signature: signature, "ABCDEF"
    with pytest.raises(Unavailable):
        wechat.query(start.payment_id, None)


def test_a_key_that_the_house_does_not_know_is_no_answer(peer: WeChatPeer, clock: ManualClock) -> None:
    account = WeChatAccount(
        MCHID, APPID, key_pair("a stranger").private_pem, SERIAL, API_KEY, key_pair("wechat").public_pem, KEY_ID,
        peer.url, "https://academy.example",
    )  # fmt: skip
    with pytest.raises(Unavailable):
        WeChatPay(account, clock=clock).query(new_id(), None)


# notices


def test_a_notice_names_the_payment(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start = paid(wechat, peer)
    headers, body = peer.notice(start.payment_id.hex, at=NOW)
    notice = wechat.verify_notice(headers, body)
    assert (notice.external_id, notice.payment_id) == (json.loads(body)["id"], start.payment_id)


def test_a_notice_of_another_shops_order_is_forgotten(wechat: WeChatPay, peer: WeChatPeer) -> None:
    notice = wechat.verify_notice(*peer.sealed({"mchid": MCHID, "out_trade_no": "SHOP-1"}, at=NOW))
    assert (notice.payment_id, notice.reference) == (None, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"wechatpay-serial": "PUB_KEY_ID_0"}, {"wechatpay-serial": "444F4864"}, {"wechatpay-serial": ""},
        {"wechatpay-signature-type": "WECHATPAY2-SM2-WITH-SM3"}, {"wechatpay-signature-type": ""},
        {"wechatpay-signature": "AAAA"}, {"wechatpay-signature": ""}, {"wechatpay-nonce": "other"},
        {"wechatpay-timestamp": "1"}, {"wechatpay-timestamp": "-1"}, {"wechatpay-timestamp": "１７７２３５２０００"},
        {"wechatpay-timestamp": "9" * 400}, {"wechatpay-timestamp": ""}, {"wechatpay-signature": "\0"},
    ],
)  # fmt: skip
def test_a_header_that_is_not_right_is_refused_without_asking_anybody(
    wechat: WeChatPay, peer: WeChatPeer, changes: dict[str, str]
) -> None:
    start = paid(wechat, peer)
    headers, body = peer.notice(start.payment_id.hex, at=NOW)
    before = len(peer.calls)
    with pytest.raises(NoticeRefused):
        wechat.verify_notice({**headers, **changes}, body)
    with pytest.raises(NoticeRefused):
        wechat.verify_notice({name: value for name, value in headers.items() if name not in changes}, body)
    assert len(peer.calls) == before


@pytest.mark.parametrize("age_s", [301, 86_400 * 30, -301])
def test_a_notice_of_another_time_is_refused(wechat: WeChatPay, peer: WeChatPeer, age_s: int) -> None:
    start = paid(wechat, peer)
    with pytest.raises(NoticeRefused):
        wechat.verify_notice(*peer.notice(start.payment_id.hex, at=NOW - timedelta(seconds=age_s)))


@pytest.mark.parametrize("changes", [{"mchid": "1900000002"}, {"appid": "wx2"}])
def test_a_notice_for_another_account_is_refused(wechat: WeChatPay, peer: WeChatPeer, changes: dict[str, str]) -> None:
    start = paid(wechat, peer)
    with pytest.raises(NoticeRefused):
        wechat.verify_notice(*peer.notice(start.payment_id.hex, at=NOW, **changes))


def test_a_notice_sealed_with_another_key_or_touched_is_refused(wechat: WeChatPay, peer: WeChatPeer) -> None:
    start = paid(wechat, peer)
    with pytest.raises(NoticeRefused):
        wechat.verify_notice(*peer.notice(start.payment_id.hex, at=NOW, api_key="f" * 32))
    headers, body = peer.notice(start.payment_id.hex, at=NOW)
    for touched in (body.replace(b"SUCCESS", b"CLOSED"), json.dumps(json.loads(body)).encode(), b"", b"[]", b"\xff"):
        with pytest.raises(NoticeRefused):
            wechat.verify_notice(headers, touched)


@pytest.mark.parametrize(
    "event",
    [
        {}, {"id": "e"}, {"id": "e", "resource_type": "plain"}, {"id": "e", "resource_type": "encrypt-resource"},
        {"id": "e", "resource_type": "encrypt-resource", "resource": {"algorithm": "AES"}}, [], None, "x" * 200_000,
        {"id": "e", "resource_type": "encrypt-resource", "resource": {
            "algorithm": "AEAD_AES_256_GCM", "nonce": "1", "ciphertext": "AAAA", "associated_data": "x"}},
    ],
)  # fmt: skip
def test_a_signed_body_that_makes_no_sense_is_refused(wechat: WeChatPay, peer: WeChatPeer, event: object) -> None:
    body = json.dumps(event)
    headers = {name.lower(): value for name, value in peer._seal(body, at=NOW.timestamp()).items()}
    with pytest.raises(NoticeRefused):
        wechat.verify_notice(headers, body.encode())
