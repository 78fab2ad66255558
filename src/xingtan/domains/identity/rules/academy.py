"""What the academy's own fields must be."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from xingtan.core.errors import Invalid, Sentence, say
from xingtan.core.money import CURRENCIES

LANGUAGES = ("zh", "en")
ACCENTS = ("apricot", "jade", "indigo", "cinnabar")
LONGEST_ABOUT = 20_000


def academy_problems(*, name: Mapping[str, str], language: str, currency: str, time_zone: str) -> dict[str, Sentence]:
    """Return what is wrong with the academy's basic facts: field → sentence; empty when they hold."""
    problems: dict[str, Sentence] = {}
    if not any(text.strip() for text in name.values()):
        problems["name"] = say("Give the academy a name.")
    if language not in LANGUAGES:
        problems["language"] = say("Choose one of the languages on the list.")
    if currency not in CURRENCIES:
        problems["currency"] = say("Choose one of the currencies on the list.")
    if time_zone not in available_timezones():
        problems["time_zone"] = say("Choose one of the time zones on the list.")
    return problems


def collected(*checks: Mapping[str, Sentence]) -> None:
    """Raise one `Invalid` with everything that several checks found; do nothing when they found nothing."""
    found = {field: sentence for check in checks for field, sentence in check.items()}
    if found:
        raise Invalid(found)
