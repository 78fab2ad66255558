"""A WeChat Pay of our own on the loopback: it checks our signatures, signs its answers and seals its notices."""

import base64
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.peers.keys import key_pair
from tests.peers.line import Call, Peer, Reply

MCHID, APPID, SERIAL = "1900000001", "wx0000000000000001", "444F4864EA9B34415444F4864EA9B344"
API_KEY, KEY_ID = "0123456789abcdef0123456789abcdef", "PUB_KEY_ID_0119000000012026030100000000000001"
SIGNED_BY = "WECHATPAY2-SHA256-RSA2048"
Thing = dict[str, Any]
_AUTH = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(?P<mchid>[^"]*)",nonce_str="(?P<nonce>[^"]*)",signature="(?P<signature>[^"]*)",'
    r'timestamp="(?P<timestamp>[^"]*)",serial_no="(?P<serial>[^"]*)"'
)


class WeChatPeer(Peer):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.merchant, self.own = key_pair("wechat merchant"), key_pair("wechat")
        self.orders: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.changes: Thing = {}
        self.signs_as = KEY_ID
        self.spoils: Callable[[str], str] = lambda signature: signature
        self.refunds_are = "SUCCESS"

    def answer(self, call: Call) -> Reply:
        if not self._is_signed(call):
            return self._signed(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        told = json.loads(call.body) if call.body else {}
        if call.method == "POST" and (kind := re.fullmatch(r"/v3/pay/transactions/(native|h5|jsapi)", call.path)):
            return self._signed(*self._open(kind[1], told))
        if call.method == "GET" and (order := re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)", call.path)):
            return self._signed(*self._query(order[1], call.query))
        if call.method == "POST" and call.path == "/v3/refund/domestic/refunds":
            return self._signed(*self._refund(told))
        return self._signed(404, {"code": "RESOURCE_NOT_EXISTS", "message": "?"})

    def _is_signed(self, call: Call) -> bool:
        match = _AUTH.fullmatch(call.headers.get("authorization", ""))
        if match is None or match["mchid"] != MCHID or match["serial"] != SERIAL:
            return False
        where = call.path + (f"?{call.query}" if call.query else "")
        plain = f"{call.method}\n{where}\n{match['timestamp']}\n{match['nonce']}\n{call.body.decode()}\n"
        is_fresh = abs(time.time() - int(match["timestamp"])) <= 300
        return is_fresh and self.merchant.has_signed(plain.encode(), match["signature"])

    def _signed(self, status: int, said: Thing) -> Reply:
        body = json.dumps({**said, **self.changes} if status == 200 else said, ensure_ascii=False)
        headers = self._seal(body, at=time.time())
        return Reply(body.encode(), status, {"Content-Type": "application/json; charset=utf-8", **headers})

    def _seal(self, body: str, *, at: float) -> dict[str, str]:
        timestamp, nonce = str(int(at)), secrets.token_hex(16)
        return {
            "Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": self.signs_as,
            "Wechatpay-Signature-Type": SIGNED_BY,
            "Wechatpay-Signature": self.spoils(self.own.sign(f"{timestamp}\n{nonce}\n{body}\n".encode())),
        }  # fmt: skip

    def _open(self, kind: str, told: Thing) -> tuple[int, Thing]:
        if told["mchid"] != MCHID or told["appid"] != APPID or told["amount"]["currency"] != "CNY":
            return 400, {"code": "PARAM_ERROR", "message": "参数错误"}
        if len(told["description"].encode()) > 127 or not re.fullmatch(r"[\w|*-]{6,32}", told["out_trade_no"]):
            return 400, {"code": "PARAM_ERROR", "message": "参数错误"}
        known = self.orders.get(told["out_trade_no"])
        if known is not None and (known["told"]["amount"], known["kind"]) != (told["amount"], kind):
            return 403, {"code": "OUT_TRADE_NO_USED", "message": "商户订单号重复"}
        if known is not None and known["trade_state"] == "SUCCESS":
            return 400, {"code": "ORDERPAID", "message": "该订单已支付"}
        if known is None:
            self.orders[told["out_trade_no"]] = {"told": told, "trade_state": "NOTPAY", "kind": kind}
        code = told["out_trade_no"][:16]
        return 200, {
            "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={code}"},
            "h5": {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={code}&package=1"},
            "jsapi": {"prepay_id": f"wx{code}"},
        }[kind]

    def _query(self, name: str, query: str) -> tuple[int, Thing]:
        order = self.orders.get(name)
        if order is None or query != f"mchid={MCHID}":
            return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
        return 200, self._told(name)

    def _told(self, name: str) -> Thing:
        order = self.orders[name]
        said = {"mchid": MCHID, "appid": APPID, "out_trade_no": name, "trade_state": order["trade_state"]}
        if order["trade_state"] in {"SUCCESS", "REFUND"}:
            total = order["told"]["amount"]["total"]
            said |= {"amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"}}
            said |= {"transaction_id": "4200" + name[:20], "payer": {"openid": "o1"}}
        return said

    def _refund(self, told: Thing) -> tuple[int, Thing]:
        name, key, amount = told["out_trade_no"], told["out_refund_no"], told["amount"]
        order = self.orders.get(name)
        if order is None or order["trade_state"] not in {"SUCCESS", "REFUND"}:
            return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "订单不存在"}
        known = self.refunds.get(key)
        if amount["total"] != order["told"]["amount"]["total"] or (known and known["refund"] != amount["refund"]):
            return 400, {"code": "INVALID_REQUEST", "message": "金额不一致"}
        if known is None and amount["refund"] > amount["total"] - self.returned(name):
            return 403, {"code": "NOT_ENOUGH", "message": "余额不足"}
        known = self.refunds.setdefault(key, {"refund": amount["refund"], "order": name, "status": self.refunds_are})
        order["trade_state"] = "REFUND"
        sums = {"refund": known["refund"], "total": amount["total"], "currency": "CNY"}
        return 200, {"out_refund_no": key, "out_trade_no": name, "status": known["status"], "amount": sums}

    def returned(self, name: str) -> int:
        return sum(one["refund"] for one in self.refunds.values() if one["order"] == name)

    def received(self) -> int:
        paid = {name: one for name, one in self.orders.items() if one["trade_state"] in {"SUCCESS", "REFUND"}}
        return sum(one["told"]["amount"]["total"] - self.returned(name) for name, one in paid.items())

    # the buyer

    def pay(self, name: str) -> None:
        self.orders[name]["trade_state"] = "SUCCESS"

    # what it tells

    def notice(
        self, name: str, *, at: datetime, api_key: str = API_KEY, **changes: str
    ) -> tuple[dict[str, str], bytes]:
        """A signed and sealed notice: its headers in lower case, and its raw body."""
        return self.sealed({**self._told(name), **changes}, at=at, api_key=api_key)

    def sealed(self, told: Mapping[str, Any], *, at: datetime, api_key: str = API_KEY) -> tuple[dict[str, str], bytes]:
        nonce, kind = secrets.token_hex(6), "transaction"
        text = json.dumps(told, ensure_ascii=False).encode()
        hidden = base64.b64encode(AESGCM(api_key.encode()).encrypt(nonce.encode(), text, kind.encode())).decode()
        event = {
            "id": secrets.token_hex(16), "create_time": at.isoformat(), "event_type": "TRANSACTION.SUCCESS",
            "resource_type": "encrypt-resource", "summary": "支付成功",
            "resource": {
                "algorithm": "AEAD_AES_256_GCM", "ciphertext": hidden, "nonce": nonce, "associated_data": kind,
                "original_type": "transaction",
            },
        }  # fmt: skip
        body = json.dumps(event, ensure_ascii=False)
        headers = self._seal(body, at=at.timestamp())
        return {header.lower(): value for header, value in headers.items()}, body.encode()
