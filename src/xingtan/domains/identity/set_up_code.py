"""The one-time code that guards the first visit: printed in the terminal, kept in ``home/set-up-code`` until used."""

import hmac
import os
import secrets
from pathlib import Path

from xingtan.domains.identity.rules.codes import CODE_LETTERS, tidy_code

_LENGTH = 8
_FILE = "set-up-code"


def new_set_up_code() -> str:
    """Return eight letters and digits that are not mistaken for each other."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(_LENGTH))


def set_up_code(home: Path) -> str:
    """Return the code of this home folder; made, mode 0600, when there is none yet."""
    path = home / _FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        code = new_set_up_code()
        file.write(code + "\n")
    return code


def is_set_up_code(home: Path, text: str) -> bool:
    """Say, in constant time, whether `text` is the code; spaces, hyphens and case do not matter."""
    return hmac.compare_digest(set_up_code(home).encode(), tidy_code(text).encode())


def forget_set_up_code(home: Path) -> None:
    """Remove the code, once the academy is set up."""
    (home / _FILE).unlink(missing_ok=True)
