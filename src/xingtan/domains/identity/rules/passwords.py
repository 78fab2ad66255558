"""What a password must be: long, not among the commonest, not the address itself. Nothing else is asked of it."""

import unicodedata

from xingtan.core.errors import Sentence, say

SHORTEST = 10
LONGEST = 1024
_FEWEST_LETTERS = 3  # "aaaaaaaaaa", "abababababab"

# The commonest of ten characters and more (shorter ones fall to the length rule), folded as `_folded` does.
_COMMONEST_TEXT = """
    0123456789 01234567890 0987654321 1029384756 1111111111 11111111111 111222333444 1122334455 112233445566
    1212121212 1231231234 123123123123 1234512345 12345123456 1234554321 1234567890 12345678900 12345678901
    123456789012 1234567890a 1234567890q 1234567891 12345678910 1234567891011 123456789a 123456789abc 123456789q
    123456abcd 123456qwerty 1234567abc 1234abcd1234 1234qwer1234 1357924680 1472583690 147258369a 1q2w3e4r5t
    1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc 2222222222 3333333333 4444444444 5201314520 5201314521 5555555555
    6666666666 7777777777 8888888888 9876543210 987654321a 9999999999 a123456789 a1234567890 aa12345678
    aa123456789 aaaaaaaaaa abc1234567 abc123456789 abc123abc123 abcd123456 abcd12345678 abcde12345 abcdef1234
    abcdefghij abcdefghijk admin12345 admin123456 administrator asdasdasdasd asdf123456 asdfasdfasdf asdfghjkl1
    asdfghjkl123 asdfghjkl; azerty12345 azertyuiop baseball123 basketball bismillah1 charlie123 chocolate1
    christopher computer123 dragon12345 football123 iloveyou12 iloveyou123 iloveyou1234 iloveyou1314 internet123
    jordan2323 letmein123 letmein1234 liverpool1 loveyou123 manchester michael123 mynameis12 password00 password01
    password10 password11 password12 password123 password1234 password12345 password123456 password2020
    password2021 password2022 password2023 password2024 password2025 password2026 p@ssw0rd123 passw0rd123
    pokemon1234 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234 qazwsxedcrfv qq123456789 qq1234567890 qwe123456789
    qwer123456 qwerasdfzxcv qwert12345 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty qwertyuiop qwertyuiop1
    qwertyuiop123 qwertyuiop[] sunshine123 superman123 todaytoday trustno1234 welcome123 welcome1234 woaini1314
    woaini1314520 woaini123456 woaini521521 woaini5201314 zaq12wsxcde3 zhang123456 zxcvbnm123 zxcvbnm1234
    zxcvbnm12345 zxcvbnm,./ wang123456 xingtan123 password!! password!123 changeme123 secret12345 test123456
    testtest123
"""
COMMONEST = frozenset(_COMMONEST_TEXT.split())


def password_problem(password: str, *, email: str) -> Sentence | None:
    """Return what is wrong with a new password, or None."""
    if len(password) < SHORTEST:
        return say("Use at least %(shortest)s characters. A short sentence is easy to remember.", shortest=SHORTEST)
    if len(password) > LONGEST:
        return say("Use at most %(longest)s characters.", longest=LONGEST)
    folded = _folded(password)
    if folded in COMMONEST or len(set(folded)) < _FEWEST_LETTERS:
        return say("Too many people use this password, so it is the first to be guessed. Choose another one.")
    if email and folded in {_folded(email), _folded(email.partition("@")[0])}:
        return say("This is your address. Choose something that others do not know.")
    return None


def normal_password(password: str) -> bytes:
    """Return what is hashed: NFC, so that the same keys give the same password on every system."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
