"""Postal addresses: Chinese ones from the largest unit to the smallest, English ones from the number to the town.

A Chinese address is found by its house number and read backwards to where it begins, or by a province and read
forwards as far as a street or a village. A town alone is no address.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_HAN = "\u4e00-\u9fff"
_IN_A_PLACE = f"(?:(?![的了是在和有我你他她这那不与及])[{_HAN}])"
_PROVINCE = re.compile(
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海"
    "|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_AFTER_PROVINCE = re.compile("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?")
_STREET = (
    "路|街道|街|大道|道|巷|胡同|里|弄|村|庄|屯|坊|湾|府|庭|居|段|条|院|园|苑|小区|大厦|广场|花园|公寓|新村|社区|镇|乡"
)
_AREA = "市|地区|区|县|州|盟|旗"
_LANE = "街道|大道|路|街|镇|乡|村|巷|胡同|小区|花园|苑|大厦|屯|庄|组|里|弄"
_ESTATE = "小区|花园|大厦|公寓|苑|城|广场|中心|新村"
_PART = "号楼|号院|号|弄|栋|幢|座|单元|楼|层|室|房|户"
_UNIT = re.compile(f" ?{_IN_A_PLACE}{{1,8}}?(?:({_AREA})|({_LANE}))")
_NUMBER = re.compile(
    "(?<![0-9])(?:[0-9]{1,5}(?:-[0-9]{1,4})?|[一二三四五六七八九十百]{1,5})(?:号楼|号|弄|栋|幢|座|单元)(?![线码称令])"
)
_ON_A_STREET = re.compile(f"[{_HAN}A-Za-z0-9](?:{_STREET}) ?$")
_NO_STREET = re.compile(
    "(?:知道|频道|跑道|渠道|味道|报道|难道|这里|那里|哪里|家里|心里|手里|城里|公里|道路|一条|阶段|手段|法院|医院|学院"
    "|影院|公园|乐园|校园|第.{1,3}条|政府|邻居|花园里) ?$"
)
_BEFORE = re.compile(
    '[,。;:!?、\n\t"“”()]|地址|住址|住在|位于|寄到|寄往|寄至|送到|搬到|家在|就在|邮寄|发往|[在到是住往至从为]'
)
_REST = re.compile(
    f"(?: ?{_IN_A_PLACE}{{2,8}}?(?:{_ESTATE}))?"
    f"(?:[ -]?附?(?:[A-Za-z]|[0-9]{{1,4}}|[一二三四五六七八九十]{{1,3}}|[东西南北])(?:{_PART})){{0,6}}"
    "(?:[ -]?[0-9]{3,4}(?![0-9]))?"
)
_LOOKED_BACK = 40
_UNITS = 8
_PIECE_ENDS = tuple("省市区县州盟旗镇乡村道路街国")

_TYPES = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Place|Terrace|Crescent|Highway"
    "|Hwy|Parkway|Pkwy"
)
_ROOM = "(?:Room|Rm|Flat|Apt|Unit|Suite|Floor|#)[.]? ?[0-9A-Za-z]{1,6}"
_TOWN = "[A-Z][a-z'’-][A-Za-z'’-]{0,20}(?: [A-Z][a-z'’-][A-Za-z'’-]{0,20}){0,2}"
_POSTCODE = "(?:[A-Z]{2} )?[0-9]{5}(?:-[0-9]{4})?(?![0-9])|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}(?![A-Za-z0-9])"
_ENGLISH = re.compile(
    f"(?<![0-9A-Za-z_-])(?:{_ROOM},? ){{0,2}}(?:No[.]? ?)?[0-9]{{1,5}}[A-Za-z]?,? "
    f"(?:[A-Z0-9][A-Za-z0-9'’.]{{0,20}} ){{1,4}}(?:{_TYPES})(?![A-Za-z])(?:[.](?=,))?"
    f"(?:,? {_ROOM})?(?:, {_TOWN}){{0,3}}(?:,? (?:{_POSTCODE}))?"
)
_BOX = re.compile(r"(?<![A-Za-z])P[.]?O[.]? ?Box [0-9]{1,6}(?![0-9])")


def _beginning(text: str, end: int) -> int | None:
    """Return where the address begins whose house number stands at `end`, None when no street leads to it."""
    low = max(0, end - _LOOKED_BACK)
    window = text[low:end]
    provinces = list(_PROVINCE.finditer(window))
    stops = [match.end() for match in _BEFORE.finditer(window)]
    first = max(stops, default=0)
    leading = [match.start() for match in provinces if match.start() >= first]
    start = leading[0] if leading else first
    while (gap := window.find(" ", start)) >= 0 and gap < len(window) - 1:
        if window[start:gap].endswith(_PIECE_ENDS):
            break
        start = gap + 1
    street = window[start:]
    if _ON_A_STREET.search(street) is None or _NO_STREET.search(street):
        return None
    return low + start + len(street) - len(street.lstrip())


def _numbered(text: str) -> Iterator[Span]:
    done = 0
    for match in _NUMBER.finditer(text):
        if match.start() < done or (start := _beginning(text, match.start())) is None:
            continue
        rest = _REST.match(text, match.end())
        done = rest.end() if rest else match.end()
        yield start, done


def _from_province(text: str) -> Iterator[Span]:
    done = 0
    for match in _PROVINCE.finditer(text):
        if match.start() < done:
            continue
        head = _AFTER_PROVINCE.match(text, match.end())
        place, street, units = head.end() if head else match.end(), 0, 0
        while units < _UNITS and (unit := _UNIT.match(text, place)):
            if not units and unit[1] is None:
                break
            place, units = unit.end(), units + 1
            street = place if unit[2] else street
        if street:
            number = _NUMBER.match(text, street)
            rest = _REST.match(text, number.end() if number else street)
            done = rest.end() if rest else street
            yield match.start(), done


def addresses(text: str) -> Iterator[Span]:
    """Give postal addresses; of two that share their text, the longer one."""
    found = sorted({*_numbered(text), *_from_province(text)}, key=lambda span: (span[0], -span[1]))
    end = 0
    for start, stop in found:
        if stop > end:
            yield (start, stop) if start >= end else (end, stop)
            end = stop
    for pattern in (_ENGLISH, _BOX):
        yield from (match.span() for match in pattern.finditer(text))
