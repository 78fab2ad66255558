"""The purposes that need consent, and the words in which it is asked.

A version changes when the meaning does; then everybody is asked anew. Mending the wording keeps the version.
Buying, learning and the mail that belongs to them need no consent and stand in no list here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What data may be used for, beyond the service itself."""

    ANALYTICS = "analytics"
    PERSONALISATION = "personalisation"
    MARKETING_MAIL = "marketing_mail"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The question of one purpose: a short title and what one agrees to, by language."""

    version: int
    title: Mapping[str, str]
    body: Mapping[str, str]


TEXTS: Mapping[Purpose, ConsentText] = {
    Purpose.ANALYTICS: ConsentText(
        1,
        {"zh": "学习足迹", "en": "Learning traces"},
        {
            "zh": "记录我看过、搜过、学过什么，用来改进内容。记录只用一个代号，不写姓名和邮箱，也不交给别人。",
            "en": "Note what I view, search and study, to improve the content. The notes carry a code instead of my "
            "name or address, and nobody else receives them.",
        },
    ),
    Purpose.PERSONALISATION: ConsentText(
        1,
        {"zh": "为我推荐", "en": "Recommendations for me"},
        {
            "zh": "用我的学习足迹和购买记录，为我挑选可能用得上的内容。",
            "en": "Use my learning traces and purchases to pick content that may help me.",
        },
    ),
    Purpose.MARKETING_MAIL: ConsentText(
        1,
        {"zh": "新课来信", "en": "Letters about new work"},
        {
            "zh": "有新课、新文章或优惠时写信告诉我。每封信都能一键退订。",
            "en": "Write to me about new courses, articles and offers. Every letter has a one-click way out.",
        },
    ),
}
