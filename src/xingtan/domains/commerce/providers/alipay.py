"""Alipay: the buyer pays on Alipay's page, at a desk or on a phone; yuan only, signed with RSA2 both ways.

1. `start` talks to nobody: it signs an address. Alipay knows a trade only once the buyer has signed in there, so until
   the address has run out, an unknown trade is an open one. The reference is ``<trade number>.<until, Unix seconds>``.
2. Only SHA-256 signatures count, on answers and on notices; an answer without one is none.
3. A refund is known to have gone by a second question, where the first answer leaves it open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.providers import Ability, Notice, ProviderPayment, ProviderRefund, Start, Started
from xingtan.domains.commerce.providers.answers import Answer, came, is_base64, no_answer, once_each, own_id, parse

NAME = "alipay"
BEIJING = timezone(timedelta(hours=8))
TOLERANCE = timedelta(seconds=300)
_OPEN_FOR = timedelta(hours=2)
_SLACK = timedelta(minutes=5)
_TIME = "%Y-%m-%d %H:%M:%S"
_LONGEST_NOTICE = 50_000
_MOST_FIELDS = 100
_LONGEST_SUBJECT = 60  # in letters, each of which may be eight of the address
_FORBIDDEN = str.maketrans("/=&", "   ")
_UNKNOWN_TRADE = "ACQ.TRADE_NOT_EXIST"
_UNSURE = ("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error", "isp.unknown-error")


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """What an operator knows of her Alipay account. `base_url` is the academy's own."""

    app_id: str
    seller_id: str
    private_key: str
    alipay_public_key: str
    gateway: str
    base_url: str
    timeout_s: float = 20.0


class Alipay:
    """Alipay as the academy sees it: a `PaymentProvider`."""

    name = NAME
    abilities: frozenset[Ability] = frozenset({"partial_refund"})
    currencies = frozenset({"CNY"})
    hosts: tuple[str, ...] = ("https://*.alipay.com",)
    thanks = "success"

    def __init__(self, account: AlipayAccount, *, clock: Clock) -> None:
        self._account, self._clock = account, clock

    def start(self, start: Start) -> Started:
        """Return the signed address of Alipay's page: for a desk, or for a phone."""
        if start.amount.currency != "CNY":
            raise PaymentRefused(say("This way to pay takes other currencies."))
        until = start.expires_at or self._clock.now() + _OPEN_FOR
        kind, product = ("page", "FAST_INSTANT_TRADE_PAY") if start.device == "desktop" else ("wap", "QUICK_WAP_WAY")
        trade = {
            "out_trade_no": start.payment_id.hex, "total_amount": in_yuan(start.amount), "product_code": product,
            "subject": start.description.translate(_FORBIDDEN)[:_LONGEST_SUBJECT], "time_expire": self._time(until),
        }  # fmt: skip
        account = self._account
        more = {"return_url": account.base_url + start.return_path, "notify_url": f"{account.base_url}/webhooks/{NAME}"}
        query = self._signed(f"alipay.trade.{kind}.pay", trade, **more)
        reference = f"{start.payment_id.hex}.{int(until.timestamp())}"
        return Started(reference, f"{account.gateway}?{query}")

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:
        """Return what Alipay knows of the trade."""
        answer = self._ask("alipay.trade.query", {"out_trade_no": payment_id.hex})
        if answer.text("code") != "10000":
            if answer.text_or_none("sub_code") != _UNKNOWN_TRADE:
                raise no_answer(NAME, answer.text("code"))
            return ProviderPayment(reference, "open" if self._may_still_come(reference) else "absent")
        answer.must_say("out_trade_no", payment_id.hex)
        status, reference = answer.text("trade_status"), reference or f"{payment_id.hex}.0"
        if status in {"TRADE_SUCCESS", "TRADE_FINISHED"} or (status == "TRADE_CLOSED" and "send_pay_date" in answer):
            return ProviderPayment(reference, "succeeded", _received(answer))
        if status == "TRADE_CLOSED":
            return ProviderPayment(reference, "failed", failure_code="abandoned")
        if status != "WAIT_BUYER_PAY":
            raise no_answer(NAME, status)
        return ProviderPayment(reference, "open")

    def charge(self, start: Start, mandate: str) -> ProviderPayment:  # noqa: ARG002 - nobody can give a mandate here
        """Refuse: here each payment is the buyer's own."""
        raise PaymentRefused(say("This provider cannot charge without the buyer."))

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:  # noqa: ARG002
        """Give money back, once per `key`."""
        wanted = {"out_trade_no": payment_id.hex, "refund_amount": in_yuan(amount), "out_request_no": key}
        answer = self._ask("alipay.trade.refund", wanted)
        if answer.text("code") != "10000":
            return _failed(answer)
        answer.must_say("out_trade_no", payment_id.hex)
        if answer.text_or_none("fund_change") == "Y":
            return ProviderRefund("succeeded")
        return self._look_for_refund(payment_id, amount=amount, key=key)

    def _look_for_refund(self, payment_id: UUID, *, amount: Money, key: str) -> ProviderRefund:
        names = {"out_trade_no": payment_id.hex, "out_request_no": key}
        answer = self._ask("alipay.trade.fastpay.refund.query", names)
        if answer.text("code") != "10000":
            raise no_answer(NAME, answer.text_or_none("sub_code") or answer.text("code"))
        if answer.text_or_none("refund_status") != "REFUND_SUCCESS":
            return ProviderRefund("pending")
        answer.must_say("out_trade_no", payment_id.hex)
        answer.must_say("out_request_no", key)
        if answer.yuan("refund_amount") != amount:
            raise PaymentRefused(say("The provider has given another amount back under this key."))
        return ProviderRefund("succeeded")

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:  # noqa: ARG002 - all is in the body
        """Return what a notice says when signature, age, application and seller are right."""
        found = _fields(body)
        signature = found.pop("sign", "")
        is_plain = found.get("charset", "").lower() == "utf-8" and is_base64(signature)
        if found.get("sign_type") != "RSA2" or not is_plain:
            raise NoticeRefused(say("This notice is not signed as it should be."))
        if not self._is_signed(found, signature):
            raise NoticeRefused(say("This notice is not signed as it should be."))
        if (found.get("app_id"), found.get("seller_id")) != (self._account.app_id, self._account.seller_id):
            raise NoticeRefused(say("This notice is meant for somebody else."))
        self._must_be_fresh(found.get("notify_time", ""))
        payment_id = own_id(found.get("out_trade_no"))
        if not found.get("notify_id"):
            raise NoticeRefused(say("This notice cannot be read."))
        return Notice(found["notify_id"], payment_id.hex if payment_id else "", payment_id)

    def payment_of(self, reference: str) -> UUID | None:  # noqa: ARG002 - every notice names the payment
        """Return None: Alipay's notices always name the payment."""
        return None

    def _may_still_come(self, reference: str | None) -> bool:
        until = int((reference or "").rpartition(".")[2] or 0)
        return self._clock.now() <= datetime.fromtimestamp(until, UTC) + _SLACK

    def _must_be_fresh(self, told: str) -> None:
        try:
            sent_at = datetime.strptime(told, _TIME).replace(tzinfo=BEIJING)
        except ValueError:
            raise NoticeRefused(say("This notice cannot be read.")) from None
        if abs(self._clock.now() - sent_at) > TOLERANCE:
            raise NoticeRefused(say("This notice is too old."))

    def _is_signed(self, found: Mapping[str, str], signature: str) -> bool:
        try:
            return bool(_library(self._account).verify(dict(found), signature))
        except Exception:  # noqa: BLE001 - whatever the library stumbles over is no signature
            return False

    def _signed(self, method: str, content: Mapping[str, str], **more: str) -> str:
        library = _library(self._account)
        # The library would say the machine's local time; Alipay wants Beijing's.
        body = library.build_body(method, dict(content), timestamp=self._time(self._clock.now()), **more)
        return str(library.sign_data(body))

    def _ask(self, method: str, content: Mapping[str, str]) -> Answer:
        """Return the signed part of Alipay's answer."""
        import requests  # noqa: PLC0415 - only a house with Alipay needs it here

        library, form = _library(self._account), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        try:
            got = requests.post(
                self._account.gateway, self._signed(method, content), headers=form, allow_redirects=False,
                timeout=self._account.timeout_s,
            )  # fmt: skip
            got.raise_for_status()
            raw = got.content.decode()
        except (requests.RequestException, ValueError) as error:
            raise no_answer(NAME, type(error).__name__) from None
        part = method.replace(".", "_") + "_response"
        if not is_base64(parse(raw, provider=NAME).text("sign")):
            raise no_answer(NAME, "an answer without a signature")
        try:
            return Answer(library._verify_and_return_sync_response(raw, part), provider=NAME)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - the library raises what it stumbles over
            raise no_answer(NAME, type(error).__name__) from None

    @staticmethod
    def _time(at: datetime) -> str:
        return at.astimezone(BEIJING).strftime(_TIME)


@lru_cache(maxsize=4)
def _library(account: AlipayAccount) -> Any:
    from alipay import AliPay  # noqa: PLC0415 - only a house with Alipay loads it

    return AliPay(
        appid=account.app_id, app_private_key_string=account.private_key,
        alipay_public_key_string=account.alipay_public_key, sign_type="RSA2",
    )  # fmt: skip


def in_yuan(amount: Money) -> str:
    """Return the amount as Alipay writes it: ``12.30``."""
    return f"{amount.minor // 100}.{amount.minor % 100:02}"


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > _LONGEST_NOTICE:
        raise NoticeRefused(say("This notice cannot be read."))
    try:
        return once_each(
            parse_qsl(
                body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        )
    except ValueError:
        raise NoticeRefused(say("This notice cannot be read.")) from None


def _received(answer: Answer) -> Money:
    for name in ("trans_currency", "settle_currency"):
        if name in answer:
            answer.must_say(name, "CNY")
    return came(answer.yuan("total_amount"), provider=NAME)


def _failed(answer: Answer) -> ProviderRefund:
    why = answer.text_or_none("sub_code") or ""
    if answer.text("code") != "40004" or why in _UNSURE:
        raise no_answer(NAME, why or answer.text("code"))
    return ProviderRefund("failed", failure_code=why.removeprefix("ACQ.").lower()[:60] or "refused")
