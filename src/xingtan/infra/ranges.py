"""Byte ranges of HTTP (RFC 9110 §14): one range is honoured, anything odd gets the whole file, as §14.2 allows."""

import re

from xingtan.core.errors import Refused, say

_LONGEST_HEADER = 128
_RANGE = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)")


class Unsatisfiable(Refused):
    """The range lies outside the file, which has `size` bytes (416, with ``Content-Range: bytes */size``)."""

    code = "range-unsatisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(say("This part of the file does not exist."))
        self.size = size


def parse_range(header: str | None, size: int) -> list[tuple[int, int]] | None:
    """Return the half-open ``(start, end)`` that `header` asks for in a file of `size` bytes, or None: the whole file.

    None stands for no header, another unit, several ranges, and what the grammar does not know; the list is never
    empty and its range never is. Raises `Unsatisfiable` for one range that lies outside the file.
    """
    if header is None or len(header) > _LONGEST_HEADER:
        return None
    unit, equals, ranges = header.partition("=")
    wanted = [spec.strip(" \t") for spec in ranges.split(",") if spec.strip(" \t")]
    if not equals or unit.strip(" \t").lower() != "bytes" or len(wanted) != 1:
        return None
    match = _RANGE.fullmatch(wanted[0])
    if match is None or wanted == ["-"]:
        return None
    return _one_range(match["first"], match["last"], size)


def _one_range(first: str, last: str, size: int) -> list[tuple[int, int]] | None:
    if not first:
        if int(last) == 0:
            raise Unsatisfiable(size)
        return [(max(0, size - int(last)), size)] if size else None
    if last and int(last) < int(first):
        return None  # §14.1.1: invalid, so the field is ignored
    if int(first) >= size:
        raise Unsatisfiable(size)
    return [(int(first), min(int(last) + 1, size) if last else size)]
