"""WeChat Pay, API version 3: a code to scan at a desk, WeChat itself on a phone; yuan only.

1. Requests and answers are signed with RSA and SHA-256; an answer that succeeds without a right signature is none.
2. A notice is signed, fresh, by the one key that the operator named, and sealed with AES-256-GCM; its account is ours.
3. A refund's number is its key: the same number again returns the same refund.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.providers import Ability, Notice, ProviderPayment, ProviderRefund, Start, Started
from xingtan.domains.commerce.providers.alipay import BEIJING
from xingtan.domains.commerce.providers.answers import Answer, came, is_base64, no_answer, own_id, parse

NAME = "wechat"
TOLERANCE = timedelta(seconds=300)
_SIGNED_BY = "WECHATPAY2-SHA256-RSA2048"
_LONGEST_NOTICE = 100_000
_LONGEST_DESCRIPTION = 120  # bytes
_OPEN = ("NOTPAY", "USERPAYING", "ACCEPT")
_PAID = ("SUCCESS", "REFUND")
_OVER = {"CLOSED": "abandoned", "REVOKED": "abandoned", "PAYERROR": "payment_failed"}
_UNKNOWN_ORDER = "ORDER_NOT_EXIST"
_NO = frozenset({"NOT_ENOUGH", "INVALID_REQUEST", "PARAM_ERROR", "RESOURCE_NOT_EXISTS", "USER_ACCOUNT_ABNORMAL"})
_REFUSED = frozenset({"PARAM_ERROR", "INVALID_REQUEST", "OUT_TRADE_NO_USED", "ORDERPAID", "ORDER_CLOSED", "RULE_LIMIT"})
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class WeChatAccount:
    """What an operator knows of her WeChat Pay account. `base_url` is the academy's own."""

    mchid: str
    appid: str
    private_key: str
    cert_serial: str
    apiv3_key: str
    public_key: str
    public_key_id: str
    gateway: str
    base_url: str
    timeout_s: float = 20.0


class WeChatPay:
    """WeChat Pay as the academy sees it: a `PaymentProvider`."""

    name = NAME
    abilities: frozenset[Ability] = frozenset({"partial_refund"})
    currencies = frozenset({"CNY"})
    hosts: tuple[str, ...] = ("https://wx.tenpay.com",)
    thanks = ""

    def __init__(self, account: WeChatAccount, *, clock: Clock) -> None:
        self._account, self._clock = account, clock

    def start(self, start: Start) -> Started:
        """Open the order: a code to scan, or WeChat's own page on a phone."""
        if start.amount.currency != "CNY":
            raise PaymentRefused(say("This way to pay takes other currencies."))
        if start.device == "phone" and start.payer_ip:
            return self._start_on_phone(start)
        answer = self._open(start, "NATIVE")
        page = start.return_path.removesuffix("/return") + "/scan"
        return Started(start.payment_id.hex, page, qr=answer.text("code_url"))

    def _start_on_phone(self, start: Start) -> Started:
        scene = {"payer_client_ip": start.payer_ip, "h5_info": {"type": "Wap"}}
        page = self._open(start, "H5", scene_info=scene).text("h5_url")
        back = quote(self._account.base_url + start.return_path, safe="")
        return Started(start.payment_id.hex, f"{page}&redirect_url={back}")

    def _open(self, start: Start, kind: str, **more: Any) -> Answer:
        from wechatpayv3 import WeChatPayType  # noqa: PLC0415 - only a house with WeChat Pay loads it

        if start.expires_at is not None:
            more["time_expire"] = start.expires_at.astimezone(BEIJING).isoformat(timespec="seconds")
        code, answer = self._call(
            lambda wechat: wechat.pay(
                description=_shortened(start.description), out_trade_no=start.payment_id.hex,
                amount={"total": start.amount.minor, "currency": "CNY"}, pay_type=WeChatPayType[kind], **more,
            )
        )  # fmt: skip
        if code in _OK:
            return answer
        if answer.text_or_none("code") in _REFUSED:
            raise PaymentRefused(say("The provider refused this payment."))
        raise no_answer(NAME, code)

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:  # noqa: ARG002 - our id is its number
        """Return what WeChat Pay knows of the order."""
        code, answer = self._call(lambda wechat: wechat.query(out_trade_no=payment_id.hex))
        if code not in _OK:
            if answer.text_or_none("code") == _UNKNOWN_ORDER:
                return ProviderPayment(None, "absent")
            raise no_answer(NAME, code)
        self._must_be_ours(answer, payment_id)
        return _payment(payment_id.hex, answer)

    def charge(self, start: Start, mandate: str) -> ProviderPayment:  # noqa: ARG002 - nobody can give a mandate here
        """Refuse: here each payment is the buyer's own."""
        raise PaymentRefused(say("This provider cannot charge without the buyer."))

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:
        """Give money back, once per `key`; WeChat Pay wants to be told the whole of the payment beside it."""
        paid = self.query(payment_id, reference)
        if paid.status != "succeeded" or paid.received is None:
            raise PaymentRefused(say("The provider knows of no such payment."))
        sums = {"refund": amount.minor, "total": paid.received.minor, "currency": "CNY"}
        code, answer = self._call(
            lambda wechat: wechat.refund(out_refund_no=key, out_trade_no=payment_id.hex, amount=sums)
        )
        if code not in _OK:
            return _refused(code, answer)
        answer.must_say("out_refund_no", key)
        answer.must_say("out_trade_no", payment_id.hex)
        if answer.part("amount").whole("refund") != amount.minor:
            raise PaymentRefused(say("The provider has given another amount back under this key."))
        return _refund(answer.text("status"))

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notice says when signature, age, seal and account are right."""
        self._must_be_plausible(headers, body)
        try:
            event = parse(body, provider=NAME)
            told = Answer(_library(self._account).callback(dict(headers), body), provider=NAME).part("resource")
            told.must_say("mchid", self._account.mchid)
            if "appid" in told:
                told.must_say("appid", self._account.appid)
            payment_id = own_id(told.text_or_none("out_trade_no"))
            return Notice(event.text("id"), payment_id.hex if payment_id else "", payment_id)
        except Exception as error:
            raise NoticeRefused(say("This notice is not signed as it should be.")) from error

    def _must_be_plausible(self, headers: Mapping[str, str], body: bytes) -> None:
        """Refuse what the library would let pass, or would ask the network about: another key, another age."""
        is_ours = headers.get("wechatpay-serial") == self._account.public_key_id
        is_signed = headers.get("wechatpay-signature-type") == _SIGNED_BY
        is_signed = is_signed and is_base64(headers.get("wechatpay-signature", ""))
        if not is_ours or not is_signed or len(body) > _LONGEST_NOTICE:
            raise NoticeRefused(say("This notice is not signed as it should be."))
        told = headers.get("wechatpay-timestamp", "")
        if not (told.isascii() and told.isdigit() and len(told) <= 11):  # noqa: PLR2004 - seconds, for 3,000 years
            raise NoticeRefused(say("This notice cannot be read."))
        if abs(self._clock.now() - datetime.fromtimestamp(int(told), UTC)) > TOLERANCE:
            raise NoticeRefused(say("This notice is too old."))

    def payment_of(self, reference: str) -> UUID | None:  # noqa: ARG002 - every notice names the payment
        """Return None: WeChat Pay's notices always name the payment."""
        return None

    def _must_be_ours(self, answer: Answer, payment_id: UUID) -> None:
        answer.must_say("mchid", self._account.mchid)
        answer.must_say("appid", self._account.appid)
        answer.must_say("out_trade_no", payment_id.hex)

    def _call(self, work: Callable[[Any], tuple[int, str | bytes]]) -> tuple[int, Answer]:
        """Return the status and the answer; the library checks the signature of every answer that succeeds."""
        try:
            code, raw = work(_library(self._account))
        except Exception as error:  # noqa: BLE001 - the library raises bare exceptions
            raise no_answer(NAME, f"{type(error).__name__}: {error}") from None
        return code, parse(raw, provider=NAME)


@lru_cache(maxsize=4)
def _library(account: WeChatAccount) -> Any:
    from wechatpayv3 import WeChatPay as Library  # noqa: PLC0415 - only a house with WeChat Pay loads it
    from wechatpayv3 import WeChatPayType  # noqa: PLC0415 - as above

    library = Library(
        wechatpay_type=WeChatPayType.NATIVE, mchid=account.mchid, private_key=account.private_key,
        cert_serial_no=account.cert_serial, appid=account.appid, apiv3_key=account.apiv3_key,
        notify_url=f"{account.base_url}/webhooks/{NAME}", public_key=account.public_key,
        public_key_id=account.public_key_id, timeout=account.timeout_s,
    )  # fmt: skip
    library._core._gate_way = account.gateway  # noqa: SLF001 - the library has no door for it
    return library


def _payment(reference: str, answer: Answer) -> ProviderPayment:
    state = answer.text("trade_state")
    if state in _PAID:
        sums = answer.part("amount")
        sums.must_say("currency", "CNY")
        return ProviderPayment(reference, "succeeded", came(Money(sums.whole("total"), "CNY"), provider=NAME))
    if state in _OVER:
        return ProviderPayment(reference, "failed", failure_code=_OVER[state])
    if state not in _OPEN:
        raise no_answer(NAME, state)
    return ProviderPayment(reference, "open")


def _refund(status: str) -> ProviderRefund:
    if status == "SUCCESS":
        return ProviderRefund("succeeded")
    if status == "CLOSED":
        return ProviderRefund("failed", failure_code="closed")
    return ProviderRefund("pending")  # ABNORMAL, too: the money is under way until somebody at WeChat's desk decides


def _refused(code: int, answer: Answer) -> ProviderRefund:
    why = answer.text_or_none("code") or ""
    if why not in _NO:
        raise no_answer(NAME, why or code)
    return ProviderRefund("failed", failure_code=why.lower())


def _shortened(text: str) -> str:
    return text.encode()[:_LONGEST_DESCRIPTION].decode(errors="ignore")
