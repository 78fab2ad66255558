"""Names of people, where a word introduces or follows them, and wherever a name so found stands again."""

import re
from collections.abc import Iterator

from xingtan.intelligence.privacy.pii.vocabulary import (
    BEFORE_A_NAME,
    COMPOUND_SURNAMES,
    GOES_ON,
    NEVER_GIVEN,
    NO_NAMES,
    SURNAMES,
)

Span = tuple[int, int]

_HAN = "\u4e00-\u9fff"


_SURE = re.compile(
    "(?:我叫|我名叫|我的名字是|我的名字叫|本人叫|名字(?:是|叫|为)?|姓名(?:是|为)?|真名(?:是|叫)?|联系人(?:是|为)?|收件人(?:是|为)?"
    "|收货人(?:是|为)?|寄件人|持卡人|开户人|户名|购买人|申请人|叫做|署名|落款"
    r"|(?<![A-Za-z])(?:[Mm]y name(?: is|'s)|I am called|[Cc]all me|(?:[Ff]ull |[Ff]irst |[Ll]ast )?[Nn]ame ?:"
    r"|[Cc]ontact(?: person)? ?:|[Rr]ecipient ?:|[Aa]ttn ?[.:]|[Bb]est regards,|[Ss]incerely,)"
    r")[ :\n]{0,3}"
)
_LOOSE = re.compile("(?:我是|本人|这里是|我室友|我朋友|我同事|学员|同学)[ :]{0,2}")
_BESIDE_A_PHONE = re.compile(
    f"(?<![{_HAN}])(?=[{_HAN}]{{2,4}}[ ,:(]{{1,3}}(?:[+]86 ?)?1[3-9][0-9][ -]?[0-9]{{4}}[ -]?[0-9]{{4}}(?![0-9]))"
)
_TITLE_BEFORE = re.compile(r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor)[.]? ")
_TITLE_AFTER = re.compile("先生|女士|小姐|老师|同学|医生|教授|经理|师傅|律师|主任|总监|校长|学员")
_WORD = "[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ'’]{1,20}(?:-?[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{1,20}){0,2}"
_ENGLISH = re.compile(rf"{_WORD}(?: (?:{_WORD}|[A-Z][.]|van|von|de|der|la)){{0,3}}(?![A-Za-z])")
_RUN = re.compile(f"[{_HAN}]{{2,5}}")
_DOTTED = re.compile(f"[{_HAN}]{{1,6}}(?:[·•][{_HAN}]{{1,8}}){{1,3}}")
_LONGEST = 4


def _surname(text: str, place: int) -> int:
    """Return the length of the surname that stands here, 0 for none."""
    if text[place : place + 2] in COMPOUND_SURNAMES:
        return 2
    return int(text[place : place + 1] in SURNAMES)


def _chinese(text: str, place: int) -> int | None:
    """Return where the Chinese name that begins here ends."""
    if match := _DOTTED.match(text, place):
        return match.end()
    size, run = _surname(text, place), _RUN.match(text, place)
    if not size or run is None or len(run[0]) <= size or run[0][size] in NEVER_GIVEN:
        return None
    given = 1
    if len(run[0]) > size + 1 and run[0][size + 1] not in GOES_ON:
        given = 2
    name = run[0][: size + given]
    return None if name in NO_NAMES or name[:2] in NO_NAMES else place + len(name)


def _introduced(text: str) -> Iterator[Span]:
    for match in _SURE.finditer(text):
        end = _chinese(text, match.end())
        if end is None and (english := _ENGLISH.match(text, match.end())):
            end = english.end()
        if end is not None:
            yield match.end(), end
    for match in _LOOSE.finditer(text):
        end = _chinese(text, match.end())
        if end is not None and not re.match(f"[{_HAN}]", text[end : end + 1]):
            yield match.end(), end


def _beside_a_phone(text: str) -> Iterator[Span]:
    for match in _BESIDE_A_PHONE.finditer(text):
        end = _chinese(text, match.start())
        if end is not None and not re.match(f"[{_HAN}]", text[end]):
            yield match.start(), end


def _titled(text: str) -> Iterator[Span]:
    for match in _TITLE_BEFORE.finditer(text):
        if english := _ENGLISH.match(text, match.end()):
            yield english.span()
    for match in _TITLE_AFTER.finditer(text):
        end = match.start()
        for size in (4, 3, 2):
            start = end - size
            if start >= 0 and _ends_here(text, start, end=end):
                yield start, end
                break


def _ends_here(text: str, start: int, *, end: int) -> bool:
    """Say whether a whole name, surname first, stands from start to end."""
    name, size = text[start:end], _surname(text, start)
    given = len(name) - size
    if not size or given not in (1, 2) or not re.fullmatch(f"[{_HAN}]+", name):
        return False
    if set(name[size:]) & NEVER_GIVEN or name in NO_NAMES or name[:2] in NO_NAMES:
        return False
    return text[max(0, start - 1) : start + 1] not in BEFORE_A_NAME and name[-2:] not in NO_NAMES


def _again(text: str, names: set[str]) -> Iterator[Span]:
    """Give every place where one of the names stands."""
    if not names:
        return
    for match in re.finditer(
        "[" + "".join(re.escape(char) for char in sorted({name[0] for name in names})) + "]", text
    ):
        for size in range(_LONGEST, 1, -1):
            if text[match.start() : match.start() + size] in names:
                yield match.start(), match.start() + size
                break


def names(text: str) -> Iterator[Span]:
    """Give names after a word that introduces them, beside a title or a phone; and the same Chinese names elsewhere."""
    found = [*_introduced(text), *_titled(text), *_beside_a_phone(text)]
    yield from found
    known = {text[start:end] for start, end in found if end - start <= _LONGEST and re.match(f"[{_HAN}]", text[start])}
    yield from _again(text, known)
