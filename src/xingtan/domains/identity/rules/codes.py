"""One-time codes: of an authenticator (RFC 6238), for recovery, for the first visit."""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
_DRIFT = (0, -1, 1)
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is mistaken for another
RECOVERY_CODES = 10


def matching_step(secret: str, code: str, *, at: datetime, last_step: int) -> int | None:
    """Return the 30-second step to which `code` belongs, one step of drift allowed; None when it is wrong or was used.

    Steps up to `last_step` are spent: a code works once. Every comparison takes the same time.
    """
    totp, now_step = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    given, found = tidy_code(code).encode(), None
    for drift in _DRIFT:
        step = now_step + drift
        if hmac.compare_digest(totp.generate_otp(step).encode(), given) and step > last_step:
            found = step
    return found


def tidy_code(code: str) -> str:
    """Return a typed code as it was made: upper case, without spaces and hyphens."""
    return "".join(letter for letter in code.upper() if letter.isalnum() and letter.isascii())[:64]


def with_hyphen(code: str) -> str:
    """Return a code in two halves, easier to copy by hand."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"
