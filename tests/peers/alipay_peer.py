"""An Alipay of our own on the loopback: it checks our signature and signs its own over the raw JSON text."""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes

from tests.peers.keys import key_pair
from tests.peers.line import Call, Peer, Reply

APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
BEIJING = timezone(timedelta(hours=8))
Thing = dict[str, Any]


class AlipayPeer(Peer):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.merchant, self.own = key_pair("alipay merchant"), key_pair("alipay")
        self.trades: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.changes: Thing = {}  # what it says otherwise than it is
        self.spoils: Callable[[str], str] = lambda text: text  # what a bad line makes of an answer
        self.refunds_are = "REFUND_SUCCESS"
        self.system_errors = 0
        self.signs_with: hashes.HashAlgorithm = hashes.SHA256()

    def _params(self, text: str) -> dict[str, str] | None:
        found = dict(parse_qsl(text, keep_blank_values=True))
        signature = found.pop("sign", "")
        plain = "&".join(f"{name}={value}" for name, value in sorted(found.items()))
        is_right = found.get("sign_type") == "RSA2" and found.get("app_id") == APP_ID
        return found if is_right and self.merchant.has_signed(plain.encode(), signature) else None

    def answer(self, call: Call) -> Reply:
        params = self._params(call.body.decode() or call.query)
        if params is None:
            refusal = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
            return Reply(json.dumps({"error_response": refusal}).encode())
        content = json.loads(params["biz_content"])
        doing = {
            "alipay.trade.query": self._query,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
        }[params["method"]]
        said = {"code": "10000", "msg": "Success", **doing(content)}
        if self.system_errors:
            self.system_errors -= 1
            said = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}
        said = {name: value for name, value in {**said, **self.changes}.items() if value is not None}
        text = json.dumps(said, ensure_ascii=False)
        signature = self.own.sign(text.encode(), self.signs_with)
        name = params["method"].replace(".", "_") + "_response"
        return Reply(
            self.spoils(f'{{"{name}":{text},"sign":"{signature}"}}').encode(), 200, {"Content-Type": "text/html"}
        )

    @staticmethod
    def _no(sub_code: str) -> Thing:
        return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "不行"}

    def _query(self, content: Thing) -> Thing:
        trade = self.trades.get(content["out_trade_no"])
        return trade if trade is not None else self._no("ACQ.TRADE_NOT_EXIST")

    def _refund(self, content: Thing) -> Thing:
        trade, key = self.trades.get(content["out_trade_no"]), content["out_request_no"]
        if trade is None:
            return self._no("ACQ.TRADE_NOT_EXIST")
        known, fen = self.refunds.get(key), _fen(content["refund_amount"])
        if known is not None and known["fen"] != fen:
            return self._no("ACQ.DISCORDANT_REPEAT_REQUEST")
        if known is None and fen > _fen(trade["total_amount"]) - self.returned(content["out_trade_no"]):
            return self._no("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        if known is None:
            self.refunds[key] = {
                "fen": fen,
                "trade": content["out_trade_no"],
                "refund_amount": content["refund_amount"],
            }
        changed = "Y" if known is None and self.refunds_are == "REFUND_SUCCESS" else "N"
        sums = f"{self.returned(content['out_trade_no']) / 100:.2f}"
        return {"out_trade_no": content["out_trade_no"], "fund_change": changed, "refund_fee": sums}

    def _refund_query(self, content: Thing) -> Thing:
        known = self.refunds.get(content["out_request_no"])
        if known is None or self.refunds_are != "REFUND_SUCCESS":
            return {}
        return {
            "out_trade_no": known["trade"], "out_request_no": content["out_request_no"],
            "refund_amount": known["refund_amount"], "refund_status": "REFUND_SUCCESS",
        }  # fmt: skip

    def returned(self, trade: str) -> int:
        return sum(one["fen"] for one in self.refunds.values() if one["trade"] == trade)

    def received(self) -> int:
        paid = [one for one in self.trades.values() if "send_pay_date" in one]
        return sum(_fen(one["total_amount"]) - self.returned(one["out_trade_no"]) for one in paid)

    # the buyer

    def open_page(self, url: str) -> Thing:
        """The buyer's browser comes with the signed address and signs in: now the trade is known."""
        found = self._params(urlsplit(url).query)
        assert found is not None, "the address is not signed as it should be"
        content = json.loads(found["biz_content"])
        trade = {
            "out_trade_no": content["out_trade_no"], "trade_no": secrets.token_hex(14),
            "total_amount": content["total_amount"], "trade_status": "WAIT_BUYER_PAY", "buyer_logon_id": "159****5620",
        }  # fmt: skip
        self.trades[content["out_trade_no"]] = trade
        return {**found, **content}

    def pay(self, url: str) -> Thing:
        content = self.open_page(url)
        trade = self.trades[content["out_trade_no"]]
        trade.update(trade_status="TRADE_SUCCESS", send_pay_date="2026-03-01 16:00:01", receipt_amount="0.00")
        return trade

    # what it tells

    def notice(self, trade: Thing, *, at: datetime, **changes: str | None) -> bytes:
        """A signed notice: its raw body. A change to None leaves the field out, before it is signed."""
        found: dict[str, str | None] = {
            "notify_id": secrets.token_hex(16), "notify_type": "trade_status_sync", "app_id": APP_ID,
            "seller_id": SELLER_ID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "subject": "7K3F 茶",
            "notify_time": at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"), "out_trade_no": trade["out_trade_no"],
            "total_amount": trade["total_amount"], "trade_status": trade["trade_status"], **changes,
        }  # fmt: skip
        told = {name: value for name, value in found.items() if value is not None}
        return self.sealed(told)

    def sealed(self, told: Mapping[str, str], digest: hashes.HashAlgorithm | None = None) -> bytes:
        plain = "&".join(f"{name}={value}" for name, value in sorted(told.items()) if name != "sign_type")
        return urlencode({**told, "sign": self.own.sign(plain.encode(), digest)}).encode()


def _fen(text: str) -> int:
    yuan, _, fen = text.partition(".")
    return int(yuan) * 100 + int(fen or 0)
