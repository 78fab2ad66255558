"""What the catalogue refuses in words of its own."""

from xingtan.core.errors import Refused, say


class TooLarge(Refused):
    """A file is larger than the academy takes. The web edge answers 413."""

    code = "too-large"


def check_size(size: int, *, limit_bytes: int) -> None:
    """Raise `TooLarge` when `size` is over the limit."""
    if size > limit_bytes:
        megabytes = max(1, limit_bytes // 1_000_000)
        raise TooLarge(say("This file is too large: at most %(limit)s MB, please.", limit=megabytes))
