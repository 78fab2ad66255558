"""What the pages say, in two languages: English msgids in the code, Chinese in ``locale/zh/*.po``.

The PO files are read once, at start; there is no compiled catalogue to forget.
"""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import NullTranslations

from xingtan.core.errors import Sentence

_LOCALE = Path(__file__).parent / "locale"


@cache
def messages(language: str) -> dict[str | tuple[str, str], str | tuple[str, ...]]:
    """Return msgid → msgstr of `language`, merged from its PO files; empty for English."""
    found: dict[str | tuple[str, str], str | tuple[str, ...]] = {}
    for file in sorted((_LOCALE / language).glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, locale=language):
                if message.id and message.string and not message.fuzzy:
                    found[message.id] = message.string  # type: ignore[index]
    return found


class Speaker(NullTranslations):
    """gettext for one language, as Jinja's i18n extension wants it."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        for msgid, msgstr in messages(language).items():
            key = msgid[0] if isinstance(msgid, tuple) else msgid
            self._texts[str(key)] = msgstr[0] if isinstance(msgstr, tuple) else str(msgstr)

    def gettext(self, message: str) -> str:
        """Return `message` in this language; itself when there is no translation."""
        return self._texts.get(message, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the form for `n`; Chinese has one form."""
        if singular in self._texts:
            return self._texts[singular]
        return singular if n == 1 else plural

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
