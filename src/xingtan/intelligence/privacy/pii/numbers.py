"""Identities that are numbers: resident ids, phones, bank cards, addresses of machines; and e-mail and accounts.

What a number proves by itself is asked of it: a check digit, a date that exists, an issuer's range. What proves
nothing by itself (15 digits, a chat account) needs a word before it.
"""

import ipaddress
import re
from collections.abc import Iterator
from datetime import date

Span = tuple[int, int]

_START = r"(?<![0-9A-Za-z.])"
_END = r"(?![0-9A-Za-z])"

# --- resident id: GB 11643 ---

_PROVINCES = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123])"
_RESIDENT_DIGITS = re.compile(f"{_PROVINCES}[0-9]{{15}}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_RESIDENT = re.compile(rf"{_START}(?=([1-9](?:[ -]?[0-9]){{16}}[ -]?[0-9Xx]){_END})")
_OLD_RESIDENT = re.compile(rf"(?:身份证|证件)[号码是为: ]{{0,6}}(?=({_PROVINCES}[0-9]{{13}}){_END})")
_YEARS = range(1900, 2100)


def _is_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year in _YEARS
    except ValueError:
        return False


def is_resident_id(number: str) -> bool:
    """Say whether 17 digits and a check character are a resident id: province, date of birth, check."""
    if _RESIDENT_DIGITS.fullmatch(number) is None or not _is_date(number[6:14]):
        return False
    check = _CHECKS[sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11]
    return number[17] == check


def resident_ids(text: str) -> Iterator[Span]:
    """Give the resident ids: 18 characters by their check, 15 digits by the word before."""
    for match in _RESIDENT.finditer(text):
        if is_resident_id(match[1].replace(" ", "").replace("-", "").upper()):
            yield match.span(1)
    for match in _OLD_RESIDENT.finditer(text):
        if _is_date("19" + match[1][6:12]):
            yield match.span(1)


# --- phones ---

_AMOUNT = r"(?![0-9A-Za-z]|[.][0-9]| ?[元人次个字块万亿])"
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.+])(?:(?:[(](?:\+|00)?86[)]|(?:\+|00)?86)[ -]{0,2})?"
    r"1[3-9](?:[0-9]{9}|[0-9][ .-]{1,3}[0-9]{4}[ .-]{1,3}[0-9]{4}|[0-9][ -][0-9]{8}|[0-9]{2}[ -][0-9]{3}[ -][0-9]{4}"
    rf"|[0-9][ -][0-9]{{3}}[ -][0-9]{{5}}){_AMOUNT}"
)
_PLUS = re.compile(r"(?<![0-9A-Za-z])\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}")
_LANDLINE = re.compile(
    r"(?<![0-9A-Za-z])(?:[(]0[1-9][0-9]{1,2}[)][ -]?|0[1-9][0-9]{1,2}[ -])[2-8][0-9]{6,7}"
    r"(?:[-转][0-9]{1,5})?(?![0-9A-Za-z])"
)
_NORTH_AMERICAN = re.compile(
    r"(?<![0-9A-Za-z+])(?:[(][2-9][0-9]{2}[)] ?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}(?![0-9A-Za-z-])"
)
_SPOKEN = re.compile("[零〇一二三四五六七八九幺]{11}(?![零〇一二三四五六七八九幺])")
_SPOKEN_DIGITS = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_NOT_A_PHONE = re.compile(r"(?:订单|单号|编号|流水|运单|ISBN|[Oo]rder|[Ii]nvoice|No)[号码是为.:# ]{0,4}$")
_LOOKED_BACK = 12

_OF_COUNTRY = {  # calling code → digits after it
    "1": (10, 10), "7": (10, 10), "20": (9, 10), "27": (9, 9), "30": (10, 10), "31": (9, 9), "32": (8, 9),
    "33": (9, 9), "34": (9, 9), "36": (8, 9), "39": (8, 11), "40": (9, 9), "41": (9, 9), "43": (7, 12),
    "44": (9, 10), "45": (8, 8), "46": (7, 9), "47": (8, 8), "48": (9, 9), "49": (7, 11), "51": (8, 9),
    "52": (10, 10), "54": (10, 11), "55": (10, 11), "56": (9, 9), "57": (10, 10), "60": (8, 10), "61": (9, 9),
    "62": (8, 12), "63": (8, 10), "64": (8, 10), "65": (8, 8), "66": (8, 9), "81": (9, 10), "82": (8, 10),
    "84": (9, 10), "86": (10, 11), "90": (10, 10), "91": (10, 10), "92": (9, 10), "94": (9, 9), "95": (8, 10),
    "98": (10, 10), "351": (9, 9), "352": (6, 9), "353": (7, 9), "354": (7, 9), "358": (6, 11), "380": (9, 9),
    "420": (9, 9), "852": (8, 8), "853": (8, 8), "855": (8, 9), "856": (8, 10), "880": (8, 10), "886": (8, 9),
    "961": (7, 8), "962": (8, 9), "965": (8, 8), "966": (8, 9), "971": (8, 9), "972": (8, 9), "974": (8, 8),
    "977": (8, 10),
}  # fmt: skip
_OTHERS = (7, 12)


def _international(text: str, match: re.Match[str]) -> Span | None:
    """Return the part of the match that has as many digits as its country gives."""
    digits = [place for place in range(match.start() + 1, match.end()) if text[place].isdigit()]
    number = "".join(text[place] for place in digits)
    code = next((number[:size] for size in (3, 2, 1) if number[:size] in _OF_COUNTRY), number[:2])
    fewest, most = (len(code) + size for size in _OF_COUNTRY.get(code, _OTHERS))
    for size in range(min(most, len(digits)), fewest - 1, -1):
        end = digits[size - 1] + 1
        if not text[end : end + 1].isalnum() or text[end] > "\x7f":
            return match.start(), end
    return None


def phones(text: str) -> Iterator[Span]:
    """Give mobile and landline numbers of China, numbers with a country code, and those of North America."""
    for match in _MOBILE.finditer(text):
        if not _NOT_A_PHONE.search(text[max(0, match.start() - _LOOKED_BACK) : match.start()]):
            yield match.span()
    for match in _PLUS.finditer(text):
        if (span := _international(text, match)) is not None:
            yield span
    for pattern in (_LANDLINE, _NORTH_AMERICAN):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _SPOKEN.finditer(text):
        if re.match("1[3-9]", match[0].translate(_SPOKEN_DIGITS)):
            yield match.span()


# --- bank cards ---

_CARD = re.compile(rf"{_START}(?=([0-9](?:[ -]?[0-9]){{12,18}}))")
_CARD_WORD = re.compile(r"(?:卡号?|账号|card|account)[^0-9]{0,8}$", re.IGNORECASE)
_FIRST_DIGITS = frozenset("2345689")
_ISSUED = re.compile(  # by the first digits, and how many there are in all
    "(?=[0-9]{16,19}$)(?:62|81|65|6011|64[4-9]|35(?:2[89]|[3-8][0-9])|955[89])|(?=[0-9]{14,19}$)3(?:6|0[0-5])"
    "|(?=[0-9]{16}$)(?:5[1-5]|22(?:2[1-9]|[3-9][0-9])|2[3-6]|27(?:[01][0-9]|20))|(?=[0-9]{15}$)3[47]"
    "|(?=(?:[0-9]{13}|[0-9]{16}|[0-9]{19})$)4"
)
_FEWEST = 13
_WORDLIKE = re.compile("[0-9A-Za-z]")


_DOUBLED = str.maketrans("0123456789", "0246813579")


def is_luhn(number: str) -> bool:
    """Say whether the digits, not all of them 0, add up as ISO/IEC 7812 wants."""
    doubled = number[-2::-2].translate(_DOUBLED)
    return number.strip("0") != "" and sum(map(int, number[-1::-2] + doubled)) % 10 == 0


def bank_cards(text: str) -> Iterator[Span]:
    """Give numbers that pass Luhn and are of an issuer's range, or stand after a word for a card."""
    for match in _CARD.finditer(text):
        number = match[1].replace(" ", "").replace("-", "")
        announced = _CARD_WORD.search(text[max(0, match.start() - 2 * _LOOKED_BACK) : match.start()]) is not None
        if not announced and number[0] not in _FIRST_DIGITS:
            continue
        digits = [place for place in range(*match.span(1)) if text[place].isdigit()]
        for size in range(len(number), _FEWEST - 1, -1):
            end = digits[size - 1] + 1
            if (
                (announced or _ISSUED.match(number[:size]))
                and is_luhn(number[:size])
                and not _WORDLIKE.match(text, end)
            ):
                yield match.start(), end
                break


# --- e-mail, machines, accounts ---

_AT = r"(?:@| ?[\[(](?:at|AT)[\])] ?)"
_DOT = r"(?:\.| ?[\[(](?:dot|DOT)[\])] ?)"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{{0,63}}{_AT}"
    rf"(?:[A-Za-z0-9][A-Za-z0-9-]{{0,62}}{_DOT}){{1,8}}[A-Za-z]{{2,24}}(?![A-Za-z0-9-])"
)
_IPV4 = re.compile(r"(?<![0-9A-Za-z_.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z_]|\.[0-9])")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{3,39}(?![0-9A-Za-z:])")
_VERSION = re.compile(r"(?:版本|版|[Vv]ersion|[Rr]elease|[Vv])[号为是: ]{0,3}$")
_ACCOUNT = re.compile(
    r"(?<![A-Za-z])(?:微信|wechat|weixin|vx|qq)(号|号码| ?id)?([是为:]| ?: ?| )?"
    r"([A-Za-z][A-Za-z0-9_-]{5,19}|[0-9]{5,11})(?![0-9A-Za-z_-])",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"(?<![A-Za-z])ip(?![A-Za-z])|登录|主机|服务器|server|host", re.IGNORECASE)
_LIKE_A_SECTION = 20  # 4.2.1.3 is rather a section than a machine
_COLONS = 2


def emails(text: str) -> Iterator[Span]:
    """Give e-mail addresses, also those written with [at] and [dot]."""
    yield from (match.span() for match in _EMAIL.finditer(text))


def _is_someones(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or found.is_multicast)


def ip_addresses(text: str) -> Iterator[Span]:
    """Give IPv4 and IPv6 addresses that may be somebody's; a version number is none."""
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - 2 * _LOOKED_BACK) : match.start()]
        small = all(int(part) <= _LIKE_A_SECTION for part in match[0].split("."))
        if _is_someones(match[0]) and not _VERSION.search(before) and (not small or _MACHINE.search(before)):
            yield match.span()
    for match in _IPV6.finditer(text):
        if match[0].count(":") >= _COLONS and re.search("[0-9]", match[0]) and _is_someones(match[0]):
            yield match.span()


def accounts(text: str) -> Iterator[Span]:
    """Give the chat accounts that follow their word; a mere word after it is none."""
    for match in _ACCOUNT.finditer(text):
        if (match[1] or (match[2] or " ") != " ") or re.search("[0-9_]", match[3]):
            yield match.span(3)
