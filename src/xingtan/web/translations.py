"""What the pages say, in two languages: English msgids in the code, Chinese in ``locale/zh/*.po``.

The PO files are read once, at start; there is no compiled catalogue to forget.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import NullTranslations

from xingtan.core.errors import Sentence

_LOCALE = Path(__file__).parent / "locale"


@cache
def messages(language: str) -> dict[str, str]:
    """Return msgid → msgstr of `language`, merged from its PO files; empty for English.

    A plural entry is known by its singular; Chinese has one form.
    """
    found: dict[str, str] = {}
    for file in sorted((_LOCALE / language).glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, locale=language):
                if message.id and message.string and not message.fuzzy:
                    found[_first(message.id)] = _first(message.string)
    return found


def _first(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]


class Speaker(NullTranslations):
    """gettext for one language, as Jinja's i18n extension wants it."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._texts = messages(language)

    def gettext(self, message: str) -> str:
        """Return `message` in this language; itself when there is no translation."""
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for `n`; Chinese has one form."""
        if msgid1 in self._texts:
            return self._texts[msgid1]
        return msgid1 if n == 1 else msgid2

    ugettext = gettext
    ungettext = ngettext


@cache
def speaker(language: str) -> Speaker:
    """Return the one speaker of `language`."""
    return Speaker(language)


def in_words(sentence: Sentence, language: str) -> str:
    """Return `sentence` in `language`; parameters that are sentences themselves are translated too."""
    text = speaker(language).gettext(sentence.msgid)
    if not sentence.params:
        return text
    params = {
        name: in_words(value, language) if isinstance(value, Sentence) else value
        for name, value in sentence.params.items()
    }
    return text % params
