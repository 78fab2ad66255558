"""Where a person goes after signing in: a path of this site, and nothing else."""

import re
from urllib.parse import unquote

_LONGEST = 2000
_REFUSED = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


def same_site_path(text: str | None, *, otherwise: str = "/") -> str:
    r"""Return `text` when it is a path on this site, else `otherwise`.

    Refuses other hosts in every spelling that a browser understands: ``//evil``, ``/\evil``, ``/%2f/evil``.
    """
    if not text or not text.startswith("/") or len(text) > _LONGEST:
        return otherwise
    for form in (text, unquote(text)):
        if form.startswith("//") or _REFUSED.search(form.partition("?")[0]):
            return otherwise
    return otherwise if _REFUSED.search(text) else text
