"""Made-up posts in which it is known what is personal: each a text and its spans, drawn from a seed.

Half of the sentences hold no personal data and much that looks like it: order numbers, dates, amounts, versions,
hashes, ISBNs, words that begin with a surname. Some names stand where nothing introduces them: those the finder cannot
know, and the recall says how many they are.
"""

from collections.abc import Callable
from random import Random

from xingtan.intelligence.privacy.pii import Finding, Kind
from xingtan.intelligence.privacy.pii.numbers import _CHECKS, _WEIGHTS

_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英华文玉兰春梅建国志红梓涵宇轩子墨雨桐欣怡思源浩然晓雅诗博"
_FIRST = ("John", "Mary", "Emily", "James", "Olivia", "Wei", "Anna", "Peter")
_LAST = ("Smith", "Johnson", "Brown", "O'Neil", "Zhang", "Müller", "Taylor", "Lee")
_ROADS = ("文三路", "中山北路", "人民南路四段", "长安街", "解放大道", "建设巷", "学院路", "滨江东路")
_TOWNS = (
    "浙江省杭州市西湖区",
    "北京市海淀区",
    "广东省深圳市南山区",
    "四川省成都市武侯区",
    "上海市浦东新区",
    "杭州市余杭区",
    "",
)
_STREETS = ("Baker Street", "Fifth Avenue", "Nanjing West Road", "Elm St", "Sunset Boulevard", "King's Lane")
_REGIONS = ("110101", "330106", "440305", "510107", "620102", "310115")


def _digits(rng: Random, size: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(size))


def resident_id(rng: Random) -> str:
    born = f"{rng.randrange(1940, 2012)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    body = rng.choice(_REGIONS) + born + _digits(rng, 3)
    return body + _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def bank_card(rng: Random) -> str:
    body = rng.choice(("622202", "621700", "4", "51", "37")) + _digits(rng, 20)
    body = body[: {"6": rng.choice((15, 18)), "3": 14}.get(body[0], 15)]
    odd = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2]) + sum(int(digit) for digit in body[-2::-2])
    return _grouped(rng, body + str(-odd % 10))


def _grouped(rng: Random, number: str) -> str:
    gap = rng.choice(("", "", " ", "-"))
    return gap.join(number[at : at + 4] for at in range(0, len(number), 4))


def phone(rng: Random) -> str:
    number = rng.choice(("13", "15", "17", "18", "19")) + _digits(rng, 9)
    return rng.choice((
        number, number, f"{number[:3]} {number[3:7]} {number[7:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}",
        f"+86 {number}",
        number.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        f"+44 20 7{_digits(rng, 3)} {_digits(rng, 4)}",
        f"+1 {rng.randrange(201, 990)}-555-{_digits(rng, 4)}", f"0571-8{_digits(rng, 7)}",
    ))  # fmt: skip


def email(rng: Random) -> str:
    who = rng.choice(_FIRST).lower() + rng.choice(("", ".", "_")) + _digits(rng, 2)
    at = rng.choice(("@", "@", "@", "＠", "[at]"))
    return f"{who}{at}{rng.choice(('qq.com', 'example.com', 'mail.example.co.uk', '163.com'))}"


def ip(rng: Random) -> str:
    four = ".".join(str(rng.randrange(1, 224)) for _ in range(4))
    six = f"2001:db8:{rng.randrange(4096):x}::{rng.randrange(1, 65535):x}"
    return six if four.startswith("127.") else rng.choice((four, six))


def address(rng: Random) -> str:
    room = f"{rng.randrange(1, 30)}幢{rng.randrange(1, 4)}单元{rng.randrange(101, 2000)}室"
    flat = rng.choice(("", room, f"阳光花园{rng.randrange(1, 9)}栋"))
    return f"{rng.choice(_TOWNS)}{rng.choice(_ROADS)}{rng.randrange(1, 999)}号{flat}"


def english_address(rng: Random) -> str:
    return f"{rng.randrange(1, 900)} {rng.choice(_STREETS)}" + rng.choice(("", ", London", ", Apt 4B, Springfield"))


def name(rng: Random) -> str:
    family = rng.choice(("欧阳", "司马", "诸葛")) if rng.random() < 0.05 else rng.choice(_FAMILY)
    return family + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2))))


def english_name(rng: Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def account(rng: Random) -> str:
    return rng.choice((_digits(rng, 9).replace("0", "3"), f"{rng.choice(_FIRST).lower()}_{_digits(rng, 4)}"))


MADE: dict[str, tuple[Kind, Callable[[Random], str]]] = {
    "id": (Kind.RESIDENT_ID, resident_id),
    "card": (Kind.BANK_CARD, bank_card),
    "phone": (Kind.PHONE, phone),
    "mail": (Kind.EMAIL, email),
    "ip": (Kind.IP, ip),
    "place": (Kind.ADDRESS, address),
    "street": (Kind.ADDRESS, english_address),
    "name": (Kind.NAME, name),
    "person": (Kind.NAME, english_name),
    "account": (Kind.ACCOUNT, account),
}

HOLDING = (
    "大家好，我叫{name}，今年开始学诗词。", "我的身份证号是{id}，麻烦开一下证书。", "手机号{phone}，谢谢老师！",
    "退款请打到{card}，户名{name}。", "收件人：{name}，电话：{phone}，地址：{place}。", "请寄到{place}，谢谢",
    "我家住在{place}附近", "邮箱是{mail}，发我一份讲义", "感谢{name}老师的课，收获很多。",
    "请问{name}同学交作业了吗？", "加我微信：{account}一起学习", "QQ：{account} 备注诗词",
    "昨天登录的 IP 是 {ip}，不是我。", "联系人{name}（{phone}）", "身份证 {id} 手机 {phone}",
    "My name is {person}, please write to {mail}.", "Dear Ms. {person}, your parcel went to {street}.",
    "Call me at {phone} before noon.", "I live at {street} and work from home.", "Name: {person}\nPhone: {phone}",
    "card {card} was charged twice", "姓名：{name} 身份证：{id} 住址：{place}", "学员{name}，请补交材料。",
    "今天{name}又没来上课。", "和{name}讨论了第三章，很有意思", "{person} wrote the best essay.",
    "地址 {place} {name} {phone}",
)  # fmt: skip

HOLLOW = (
    "订单号{number}已经发货了吗？", "2026年11月22日 08:00:00 开课，共 12 讲。",
    "这门课 199.00 元，比上次便宜 13800 元。", "第3章第12节讲的是道路与桥梁。",
    "高中数学和高考作文都有，任课老师很好。", "数学老师和英语老师都说好。", "版本 1.2.3.4 修好了这个错误。",
    "SHA-256 是 {hash}", "ISBN 978{isbn}，第 2 版", "于是我们明白了方法，马上开始。", "时间戳 17{stamp} 和 {stamp}。",
    "谢谢大家，周末见！", "知道3号楼在哪里吗？频道5号是什么", "浙江大学在杭州，北京的秋天很美。",
    "安全第一，常用的方法有三种。", "金融学和文学，各有各的难。", "The meeting is at 10:30:45 in Room 5.",
    "We sold 1,234,567 copies in 2025.", "See RFC 9457 and section 4.2.1.3 for details.",
    "I found 3 new ways to do it.", "My favourite book is good.", "std::vector 和 a::b 都不是地址",
    "微信小程序很好用", "公式 3.1415926535897932384626 记到这里", "黄金分割约为 1.618033988749895",
    "他说：路过的时候，石头很多。", "白天学习，晚上复习，周一交作业。", "价格表：4000 5000 6000 7000 8000",
    "wechat official account articles are fine",
)  # fmt: skip


def _hollow(rng: Random) -> str:
    return rng.choice(HOLLOW).format(
        number="20261122" + _digits(rng, 10),
        hash=f"{rng.getrandbits(256):064x}",
        isbn="7" + _digits(rng, 9),
        stamp=_digits(rng, 11),
    )


def post(rng: Random) -> tuple[str, list[Finding]]:
    """Return a post of one to three sentences, and what is personal in it."""
    text, spans = "", []
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.5:
            text += _hollow(rng)
        else:
            text = _filled(rng, text, spans)
        text += rng.choice(("", " ", "\n"))
    return text, spans


def _filled(rng: Random, text: str, spans: list[Finding]) -> str:
    """Return the text with a sentence more, and note its spans."""
    for piece in rng.choice(HOLDING).split("{"):
        slot, closed, rest = piece.partition("}")
        if not closed:
            text += piece
            continue
        kind, make = MADE[slot]
        made = make(rng)
        spans.append(Finding(len(text), len(text) + len(made), kind))
        text += made + rest
    return text
