"""What a printed document says besides its content, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. `table` are those that the template looks up itself."""

    locale: str
    kinds: Mapping[str, str]
    table: Mapping[str, str]
    modes: Mapping[str, str]
    providers: Mapping[str, str]
    waiting: str
    issued: str
    order: str
    receipt: str
    corrects: str
    paid_by: str
    tax_number: str
    address: str
    country: str
    contact: str
    forgotten: str
    net: str
    total: str
    credited: str
    credit_note: str
    not_fiscal: str


WORDS: Mapping[str, Words] = {
    "zh": Words(
        locale="zh_Hans_CN",
        kinds={"receipt": "收据", "invoice": "发票", "credit_note": "贷项通知单"},
        table={
            "buyer": "购买方", "seller": "销售方", "item": "项目", "rate": "税率", "net": "不含税", "tax": "税额",
            "gross": "金额",
        },
        modes={"inclusive": "税额（价内 %s）", "exclusive": "税额（价外 %s）"},
        providers={
            "sandbox": "测试支付（无真实收款）", "stripe": "Stripe", "alipay": "支付宝", "wechat": "微信支付",
            "manual": "银行转账", "wallet": "钱包余额",
        },
        waiting="编号生成中",
        issued="开具日期",
        order="订单号",
        receipt="对应收据",
        corrects="冲减单据",
        paid_by="付款方式",
        tax_number="税号",
        address="地址",
        country="国家或地区",
        contact="联系方式",
        forgotten="（个人信息已删除）",
        net="不含税合计",
        total="合计",
        credited="冲减合计",
        credit_note="本单冲减 %s 的全部或部分金额，款项按原付款方式退回。",
        not_fiscal="本单为商业凭证，不代替税务机关监制的电子发票（数电发票）；如需数电发票，请凭编号与销售方联系。",
    ),
    "en": Words(
        locale="en",
        kinds={"receipt": "Receipt", "invoice": "Invoice", "credit_note": "Credit note"},
        table={
            "buyer": "Buyer", "seller": "Seller", "item": "Item", "rate": "Tax rate", "net": "Net", "tax": "Tax",
            "gross": "Amount",
        },
        modes={"inclusive": "Tax contained, %s", "exclusive": "Tax added, %s"},
        providers={
            "sandbox": "Test payment (no real money)", "stripe": "Stripe", "alipay": "Alipay", "wechat": "WeChat Pay",
            "manual": "Bank transfer", "wallet": "Wallet",
        },
        waiting="Number to follow",
        issued="Issued",
        order="Order",
        receipt="Receipt",
        corrects="Corrects",
        paid_by="Paid by",
        tax_number="Tax number",
        address="Address",
        country="Country",
        contact="Contact",
        forgotten="(personal data erased)",
        net="Net",
        total="Total",
        credited="Credited",
        credit_note="This takes back all or a part of %s. The money returns the way it came.",
        not_fiscal="",
    ),
}  # fmt: skip
