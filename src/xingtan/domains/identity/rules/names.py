"""People's names and other short lines: data of one line, never markup."""

import re
import unicodedata

from xingtan.core.errors import Invalid, say

LONGEST_NAME = 80
# Controls, lone surrogates, and marks that turn the reading direction around.
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udfff]")


def parse_line(text: str, *, field: str, longest: int = LONGEST_NAME, required: bool = True) -> str:
    """Return `text` in NFC, trimmed; `Invalid` when it is empty, longer than `longest` or not one plain line.

    Markup characters are ordinary letters here; whoever shows the line escapes it.
    """
    line = unicodedata.normalize("NFC", text.strip()) if not _REFUSED.search(text.strip()) else None
    if line is None:
        raise Invalid.of(field, say("This holds characters that cannot be shown, such as a line break."))
    if required and not line:
        raise Invalid.of(field, say("This must not be empty."))
    if len(line) > longest:
        raise Invalid.of(field, say("This is too long; at most %(longest)s characters.", longest=longest))
    return line


def name_from(address: str) -> str:
    """Return a name to greet a newcomer by who gave none: what stands before the @."""
    return address.partition("@")[0][:LONGEST_NAME]
