"""The finder: each kind's spans, laid over one another by how much proves them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from xingtan.intelligence.privacy.pii import names, numbers, places
from xingtan.intelligence.privacy.pii.reading import read


class Kind(StrEnum):
    """What kind of personal data it is."""

    RESIDENT_ID = "resident-id"
    BANK_CARD = "bank-card"
    EMAIL = "e-mail"
    PHONE = "phone"
    IP = "ip"
    ADDRESS = "address"
    NAME = "name"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A span of the text as given, its end exclusive."""

    start: int
    end: int
    kind: Kind


_FINDERS: dict[Kind, Callable[[str], Iterator[tuple[int, int]]]] = {  # what is proved best comes first
    Kind.RESIDENT_ID: numbers.resident_ids,
    Kind.BANK_CARD: numbers.bank_cards,
    Kind.EMAIL: numbers.emails,
    Kind.PHONE: numbers.phones,
    Kind.IP: numbers.ip_addresses,
    Kind.ADDRESS: places.addresses,
    Kind.ACCOUNT: numbers.accounts,
    Kind.NAME: names.names,
}


def find(text: str) -> list[Finding]:
    """Return the personal data in the text, from its beginning to its end, without overlaps.

    >>> find("我叫张三丰，手机１３８ ００１３ ８０００。")
    [Finding(start=2, end=5, kind=<Kind.NAME: 'name'>), Finding(start=8, end=21, kind=<Kind.PHONE: 'phone'>)]
    """
    reading = read(text)
    taken = bytearray(len(reading.text))
    found = []
    for kind, finder in _FINDERS.items():
        for start, end in sorted(finder(reading.text), key=lambda span: (span[0], -span[1])):
            if not any(taken[start:end]):
                taken[start:end] = b"\x01" * (end - start)
                found.append(Finding(*reading.span(start, end), kind))
    return sorted(found)
