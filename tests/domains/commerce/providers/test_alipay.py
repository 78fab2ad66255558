"""Alipay through python-alipay-sdk, against a peer that checks our signatures and signs its own."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.commerce.providers.starts import NOW, PRICE, a_start
from tests.peers.alipay_peer import APP_ID, SELLER_ID, AlipayPeer
from tests.peers.keys import key_pair
from tests.peers.line import FAULTS, NOT_DONE
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Unavailable
from xingtan.core.money import MAX_MINOR, Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.providers import Start
from xingtan.domains.commerce.providers.alipay import Alipay, AlipayAccount, in_yuan
from xingtan.domains.commerce.providers.answers import Answer
from xingtan.infra.db import new_id


@pytest.fixture
def peer() -> Iterator[AlipayPeer]:
    with AlipayPeer() as running:
        yield running


@pytest.fixture
def alipay(peer: AlipayPeer, clock: ManualClock) -> Alipay:
    account = AlipayAccount(
        APP_ID, SELLER_ID, key_pair("alipay merchant").private_pem, key_pair("alipay").public_pem,
        f"{peer.url}/gateway.do", "https://academy.example", timeout_s=0.25,
    )  # fmt: skip
    return Alipay(account, clock=clock)


def paid(alipay: Alipay, peer: AlipayPeer) -> tuple[Start, str]:
    start = a_start()
    started = alipay.start(start)
    peer.pay(started.redirect_url)
    return start, started.reference


def test_a_payment_is_open_until_the_buyer_has_paid(alipay: Alipay, peer: AlipayPeer) -> None:
    start = a_start()
    started = alipay.start(start)
    assert alipay.start(start) == started
    assert alipay.query(start.payment_id, started.reference).status == "open"
    peer.open_page(started.redirect_url)
    assert alipay.query(start.payment_id, started.reference).status == "open"
    peer.pay(started.redirect_url)
    seen = alipay.query(start.payment_id, started.reference)
    assert (seen.status, seen.received, seen.reference) == ("succeeded", PRICE, started.reference)


def test_a_trade_that_nobody_began_is_absent_once_its_address_has_run_out(alipay: Alipay, clock: ManualClock) -> None:
    start = a_start(expires_at=NOW + timedelta(minutes=30))
    reference = alipay.start(start).reference
    clock.advance(minutes=34)
    assert alipay.query(start.payment_id, reference).status == "open"
    clock.advance(minutes=2)
    assert alipay.query(start.payment_id, reference).status == "absent"
    assert alipay.query(new_id(), None).status == "absent"


@pytest.mark.parametrize(
    ("device", "method", "product"),
    [
        ("desktop", "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("phone", "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
def test_the_page_fits_the_device(alipay: Alipay, peer: AlipayPeer, device: str, method: str, product: str) -> None:
    long = Start(new_id(), PRICE, "号" * 200 + "/=&", "/pay/7K3F-9QXM/return", "zh", device)  # type: ignore[arg-type]
    url = alipay.start(long).redirect_url
    seen = peer.open_page(url)
    assert len(url) <= 2000
    assert (seen["method"], seen["product_code"], seen["total_amount"]) == (method, product, "199.00")
    assert seen["timestamp"] == "2026-03-01 16:00:00"
    assert seen["notify_url"] == "https://academy.example/webhooks/alipay"
    assert "payer" not in parse_qs(urlsplit(url).query)


def test_other_currencies_and_later_charges_are_refused(alipay: Alipay) -> None:
    with pytest.raises(PaymentRefused):
        alipay.start(a_start(Money(100, "USD")))
    with pytest.raises(PaymentRefused):
        alipay.charge(a_start(), "mandate")


def test_a_trade_that_was_closed_unpaid_has_failed_and_one_closed_by_refunds_was_paid(
    alipay: Alipay, peer: AlipayPeer
) -> None:
    start, reference = paid(alipay, peer)
    trade = peer.trades[start.payment_id.hex]
    trade["trade_status"] = "TRADE_CLOSED"
    assert alipay.query(start.payment_id, reference).status == "succeeded"
    del trade["send_pay_date"]
    assert alipay.query(start.payment_id, reference).status == "failed"


def test_refunds_go_once_per_key_and_never_beyond_what_came(alipay: Alipay, peer: AlipayPeer) -> None:
    start, reference = paid(alipay, peer)
    part = Money(5001, "CNY")
    for _ in range(2):
        assert alipay.refund(start.payment_id, reference, amount=part, key="refund-1").status == "succeeded"
    assert peer.received() == PRICE.minor - part.minor
    more = alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-2")
    assert (more.status, more.failure_code) == ("failed", "refund_amt_not_equal_total")
    assert alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "failed"
    assert peer.received() == PRICE.minor - part.minor


def test_a_refund_on_its_way_is_pending_until_it_is_there(alipay: Alipay, peer: AlipayPeer) -> None:
    start, reference = paid(alipay, peer)
    peer.refunds_are = "REFUND_PROCESSING"
    assert alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "pending"
    peer.refunds_are = "REFUND_SUCCESS"
    assert alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"


# faults


@pytest.mark.parametrize("fault", FAULTS)
def test_a_query_through_a_bad_line_says_nothing(alipay: Alipay, peer: AlipayPeer, fault: str) -> None:
    start, reference = paid(alipay, peer)
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        alipay.query(start.payment_id, reference)
    assert alipay.query(start.payment_id, reference).status == "succeeded"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_through_a_bad_line_goes_once(alipay: Alipay, peer: AlipayPeer, fault: str) -> None:
    start, reference = paid(alipay, peer)
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    assert peer.received() == (PRICE.minor if fault in NOT_DONE else 0)
    assert alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"
    assert peer.received() == 0


def test_a_house_in_disorder_is_no_refusal(alipay: Alipay, peer: AlipayPeer) -> None:
    start, reference = paid(alipay, peer)
    peer.system_errors = 2
    with pytest.raises(Unavailable):
        alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    with pytest.raises(Unavailable):
        alipay.query(start.payment_id, reference)
    assert alipay.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"


def _twice(text: str) -> str:
    forged = json.dumps({"code": "10000", "trade_status": "TRADE_SUCCESS", "total_amount": "0.01"})
    return text.replace(',"sign"', f',"alipay_trade_query_response":{forged},"sign"')


_SPOILED = {
    "another amount": lambda text: text.replace("199.00", "199.01"),
    "another state": lambda text: text.replace("TRADE_SUCCESS", "TRADE_CLOSED"),
    "no signature": lambda text: text.partition(',"sign"')[0] + "}",
    "a longer one": lambda text: text.replace('"sign":"', '"sign":"AAAA'),
    "no base 64": lambda text: text.replace('"sign":"', '"sign":"!'),
    "an error": lambda text: text.replace("alipay_trade_query_response", "error_response"),
    "too deep": lambda _: "[" * 100_000,
    "too long": lambda text: text + "x" * 2_000_000,
    "full width": lambda text: text.replace("10000", "１００００"),
    "said twice": _twice,
}


@pytest.mark.parametrize("how", list(_SPOILED))
def test_an_answer_without_a_right_signature_is_none(alipay: Alipay, peer: AlipayPeer, how: str) -> None:
    start, reference = paid(alipay, peer)
    peer.spoils = _SPOILED[how]
    with pytest.raises(Unavailable):
        alipay.query(start.payment_id, reference)


def test_an_answer_signed_with_sha1_is_none(alipay: Alipay, peer: AlipayPeer) -> None:
    start, reference = paid(alipay, peer)
    peer.signs_with = hashes.SHA1()  # noqa: S303 - what must be refused
    with pytest.raises(Unavailable):
        alipay.query(start.payment_id, reference)


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "0" * 32}, {"out_trade_no": None}, {"total_amount": "199"}, {"total_amount": "1,99.00"},
        {"total_amount": "-1.00"}, {"total_amount": "0.00"}, {"total_amount": "1e2"},
        {"total_amount": "１９９.００"}, {"total_amount": 199.0},
        {"total_amount": "199.000"}, {"total_amount": "NaN"}, {"total_amount": "9" * 30 + ".00"},
        {"trade_status": "TRADE_UNHEARD_OF"}, {"trade_status": None}, {"trans_currency": "USD"}, {"code": None},
        {"code": "20000"}, {"code": "40002", "sub_code": "isv.invalid-app-id"},
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_none(alipay: Alipay, peer: AlipayPeer, changes: dict[str, Any]) -> None:
    start, reference = paid(alipay, peer)
    peer.changes = changes
    with pytest.raises(Unavailable):
        alipay.query(start.payment_id, reference)


def test_another_amount_is_told_as_it_came(alipay: Alipay, peer: AlipayPeer) -> None:
    start, reference = paid(alipay, peer)
    peer.changes = {"total_amount": "0.01", "unheard_of": "fields are passed over"}
    assert alipay.query(start.payment_id, reference).received == Money(1, "CNY")


@given(st.integers(min_value=0, max_value=MAX_MINOR))
def test_yuan_are_written_and_read_without_loss(minor: int) -> None:
    amount = Money(minor, "CNY")
    assert Answer({"sum": in_yuan(amount)}, provider="alipay").yuan("sum") == amount


# notices


def test_a_notice_names_the_payment_once_per_event(alipay: Alipay, peer: AlipayPeer) -> None:
    start, _ = paid(alipay, peer)
    trade = peer.trades[start.payment_id.hex]
    notice = alipay.verify_notice({}, peer.notice(trade, at=NOW, notify_id="n1", extra="a field more", empty=""))
    assert (notice.external_id, notice.payment_id) == ("n1", start.payment_id)


def test_a_notice_of_another_shops_trade_is_forgotten(alipay: Alipay, peer: AlipayPeer) -> None:
    trade = {"out_trade_no": "SHOP-1", "total_amount": "1.00", "trade_status": "TRADE_SUCCESS"}
    notice = alipay.verify_notice({}, peer.notice(trade, at=NOW))
    assert (notice.payment_id, notice.reference) == (None, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "2021000000000002"}, {"app_id": None}, {"seller_id": "2088000000000002"}, {"seller_id": None},
        {"sign_type": "RSA"}, {"sign_type": None}, {"charset": "GBK"}, {"charset": None}, {"notify_id": None},
        {"notify_time": None}, {"notify_time": "2026-03-01 15:54:59"}, {"notify_time": "2026-03-01 16:05:01"},
        {"notify_time": "2026-01-30 16:00:00"}, {"notify_time": "now"}, {"notify_time": "2026-03-01T16:00:00Z"},
    ],
)  # fmt: skip
def test_a_signed_notice_that_is_not_for_us_or_not_of_now_is_refused(
    alipay: Alipay, peer: AlipayPeer, changes: dict[str, str | None]
) -> None:
    trade = {"out_trade_no": new_id().hex, "total_amount": "1.00", "trade_status": "TRADE_SUCCESS"}
    with pytest.raises(NoticeRefused):
        alipay.verify_notice({}, peer.notice(trade, at=NOW, **changes))


_TOUCHED = {
    "another amount": lambda body: body.replace(b"1.00", b"9.00"),
    "a field more": lambda body: body + b"&extra=1",
    "signed twice": lambda body: body + b"&sign=x",
    "unsigned": lambda body: body.replace(b"sign=", b"gone="),
    "another name": lambda body: body.replace(b"app_id", b"app_ID"),
    "nothing": lambda _: b"",
    "NUL": lambda body: body.replace(b"sign=", b"sign=%00"),
    "no UTF-8": lambda _: b"\xff\xfe",
    "escaped, and no UTF-8": lambda _: b"%FF=%FF",
    "too long": lambda _: b"a" * 60_000,
    "a field twice": lambda body: body + b"&app_id=2021000000000001",
    "semicolons": lambda body: body.replace(b"&", b";"),
    "too many fields": lambda _: b"&".join(b"a%d=1" % place for place in range(200)),
    "JSON": lambda _: b'{"sign_type": "RSA2"}',
}


@pytest.mark.parametrize("how", list(_TOUCHED))
def test_a_notice_that_was_touched_is_refused(alipay: Alipay, peer: AlipayPeer, how: str) -> None:
    trade = {"out_trade_no": new_id().hex, "total_amount": "1.00", "trade_status": "TRADE_SUCCESS"}
    body = peer.notice(trade, at=NOW)
    alipay.verify_notice({}, body)
    with pytest.raises(NoticeRefused):
        alipay.verify_notice({}, _TOUCHED[how](body))


def test_a_notice_signed_with_sha1_or_by_another_is_refused(alipay: Alipay, peer: AlipayPeer) -> None:
    told = {
        "app_id": APP_ID, "seller_id": SELLER_ID, "charset": "utf-8", "sign_type": "RSA2", "notify_id": "n1",
        "notify_time": "2026-03-01 16:00:00", "out_trade_no": new_id().hex,
    }  # fmt: skip
    alipay.verify_notice({}, peer.sealed(told))
    with pytest.raises(NoticeRefused):
        alipay.verify_notice({}, peer.sealed(told, hashes.SHA1()))  # noqa: S303 - what must be refused
    peer.own = key_pair("somebody else")
    with pytest.raises(NoticeRefused):
        alipay.verify_notice({}, peer.sealed(told))
